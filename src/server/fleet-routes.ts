import { z } from '@hono/zod-openapi';
import { name } from '../api/common.ts';
import { examination, host, hostSettings } from '../api/hosts.ts';
import { aborted, tagChanges, tags, vm, vmList, vmWrites } from '../api/vms.ts';
import type { FleetHost } from '../controller/fleet.ts';
import type { PlacedVm } from '../controller/one-place.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { Deps } from './deps.ts';
import { hostDocument, instantOf, tagsDocument, vmDocument } from './documents.ts';
import { type App, askerOf, body, etag, ifRevision, route } from './route.ts';

const named = { params: z.object({ name }) };
const onHost = z.strictObject({ host: name });
const look = z.enum(['true', 'false']);

const listHosts = route(
  'viewer',
  'All hosts',
  '/v1/hosts',
  { method: 'get' },
  z.object({ items: z.array(host) }),
);
const getHost = route(
  'viewer',
  'One host',
  '/v1/hosts/{name}',
  { method: 'get', request: named },
  host,
);
const putHost = route(
  'admin',
  'Add a host, or set it anew. If-Match "0": only where it is not there yet',
  '/v1/hosts/{name}',
  { method: 'put', request: { ...named, ...body(hostSettings) } },
  host,
);
const deleteHost = route(
  'admin',
  'Forget a host. Nothing happens to it',
  '/v1/hosts/{name}',
  { method: 'delete', request: named },
  z.object({ name: z.string() }),
);

const examine = route(
  'operator',
  'Look at all hosts, one by one and together, from the server: versions, what they allow, ways between them. Changes nothing',
  '/v1/examinations',
  { method: 'post' },
  examination,
);

export function hostRoutes(app: App, { controller }: Deps): void {
  const found = async (wanted: string): Promise<FleetHost> => {
    const one = (await controller.hosts()).find((candidate) => candidate.name === wanted);
    if (one !== undefined) return one;
    throw new DroverError('host.not-found', `There is no host ${wanted}`);
  };
  app.openapi(listHosts, async (context) => {
    const items = (await controller.hosts()).map(hostDocument);
    return context.json({ items }, 200);
  });
  app.openapi(getHost, async (context) => {
    const one = await found(context.req.valid('param').name);
    etag(context, one.revision);
    return context.json(hostDocument(one), 200);
  });
  app.openapi(putHost, async (context) => {
    const settings = context.req.valid('json');
    const set = {
      name: context.req.valid('param').name,
      uri: settings.uri,
      peerUri: settings.peerUri,
      postCopy: settings.postCopy,
      bandwidthBytesPerSecond: settings.bandwidthBytesPerSecond,
      maxOutgoing: settings.maxOutgoing,
      maxIncoming: settings.maxIncoming,
      link: settings.link,
    };
    const row = await controller.putHost(set, askerOf(context), ifRevision(context));
    etag(context, row.revision);
    return context.json(hostDocument(await found(row.name)), 200);
  });
  app.openapi(deleteHost, async (context) => {
    const { name: wanted } = context.req.valid('param');
    await controller.removeHost(wanted, askerOf(context), ifRevision(context));
    return context.json({ name: wanted }, 200);
  });
  app.openapi(examine, async (context) => {
    const items = (await controller.examine()).map(({ where, hint, ...rest }) => ({
      ...rest,
      where: where ?? null,
      hint: hint ?? null,
    }));
    return context.json({ items }, 200);
  });
}

const listVms = route(
  'viewer',
  'All VMs as they were last seen; `look=true` asks the hosts now',
  '/v1/vms',
  {
    method: 'get',
    request: {
      query: z.strictObject({
        host: name.optional(),
        name: name.optional(),
        look: look.optional(),
      }),
    },
  },
  vmList,
);
const getVm = route(
  'viewer',
  'One VM, by its name or UUID, where it was last seen; `look=true` asks the hosts now',
  '/v1/vms/{name}',
  {
    method: 'get',
    request: { ...named, query: z.strictObject({ host: name.optional(), look: look.optional() }) },
  },
  vm,
);
const getWrites = route(
  'viewer',
  'How fast a VM was seen to write, newest first; by its UUID',
  '/v1/vms/{name}/writes',
  { method: 'get', request: named },
  vmWrites,
);
const getTags = route(
  'viewer',
  'What a VM is worth and what must never be done to it, and who says so',
  '/v1/vms/{name}/tags',
  { method: 'get', request: { ...named, query: onHost } },
  tags,
);
const patchTags = route(
  'operator',
  'Change what a VM says of itself, in its own metadata',
  '/v1/vms/{name}/tags',
  { method: 'patch', request: { ...named, query: onHost, ...body(tagChanges) } },
  tags,
);
const abortVm = route(
  'operator',
  'Cancel whatever migration the VM has, whoever began it',
  '/v1/vms/{name}/abort',
  { method: 'post', request: { ...named, query: onHost } },
  aborted,
);

export function vmRoutes(app: App, { controller }: Deps): void {
  app.openapi(listVms, async (context) => {
    const { look: now, host: on, name: wanted } = context.req.valid('query');
    const { vms, silent } = await controller.vms(filterOf(on, wanted), now === 'true');
    return context.json({ items: vms.map(vmDocument), silent: [...silent] }, 200);
  });
  app.openapi(getVm, async (context) => {
    const { look: now, host: on } = context.req.valid('query');
    const { name: wanted } = context.req.valid('param');
    const looked = now === 'true';
    const { vms, silent } = await controller.vms(filterOf(on, wanted), looked);
    return context.json(vmDocument(theOnly(wanted, vms, lookFurther(looked, silent))), 200);
  });
  app.openapi(getWrites, async (context) => {
    const writes = await controller.store.vms.writes(context.req.valid('param').name);
    const items = writes.map(({ at, bytesPerSecond }) => ({ at: instantOf(at), bytesPerSecond }));
    return context.json({ items }, 200);
  });
  app.openapi(getTags, async (context) => {
    const where = { vm: context.req.valid('param').name, host: context.req.valid('query').host };
    return context.json(tagsDocument(await controller.tags(where)), 200);
  });
  app.openapi(patchTags, async (context) => {
    const where = { vm: context.req.valid('param').name, host: context.req.valid('query').host };
    const { class: slaClass, never, labels } = context.req.valid('json');
    const changes = {
      ...(slaClass === undefined ? {} : { slaClass: slaClass ?? undefined }),
      ...(never === undefined ? {} : { never }),
      ...(labels === undefined ? {} : { labels }),
    };
    return context.json(
      tagsDocument(await controller.setTags(where, changes, askerOf(context))),
      200,
    );
  });
  app.openapi(abortVm, async (context) => {
    const where = { vm: context.req.valid('param').name, from: context.req.valid('query').host };
    return context.json(await controller.abortVm(where, askerOf(context)), 200);
  });
}

function filterOf(
  on: string | undefined,
  wanted: string | undefined,
): { readonly host?: string; readonly name?: string } {
  return {
    ...(on === undefined ? {} : { host: on }),
    ...(wanted === undefined ? {} : { name: wanted }),
  };
}

function lookFurther(looked: boolean, silent: readonly string[]): string {
  if (silent.length > 0) return `Not answering: ${silent.join(', ')}`;
  return looked ? 'All hosts were asked.' : 'look=true asks all hosts now.';
}

function theOnly(wanted: string, seen: readonly PlacedVm[], hint: string): PlacedVm {
  const [only, second] = seen;
  if (only === undefined)
    throw new DroverError('domain.not-found', `No host is known to have a VM ${wanted}`, { hint });
  if (second === undefined) return only;
  const where = seen.map((one) => one.host).toSorted();
  if (seen.every(({ uuid }) => uuid === only.uuid))
    throw new DroverError('usage.invalid', `${wanted} runs on ${where.join(' and on ')} at once`, {
      hint: 'Look which one is whole, and stop the other: both write to its disks. Name a host to see one.',
    });
  throw new DroverError('usage.invalid', `Several VMs are called ${wanted}`, {
    hint: `Name its host (${where.join(', ')}), or its UUID.`,
  });
}
