import type { TagChanges } from '../api/vms.ts';
import type { Tags } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { TagSetFlags, VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { tagsDocument, tagsText } from './tags-view.ts';
import { hostOf } from './vm-host.ts';

/** `drover tag get`. */
export async function runTagGet(io: Io, vm: string, flags: VmFlags): Promise<void> {
  await withSession(io, flags, async ({ client }) => {
    const host = await hostOf(client, vm, flags.host);
    await show(io, flags, host, await client.tags(vm, host));
  });
}

/** `drover tag set`. */
export async function runTagSet(io: Io, vm: string, flags: TagSetFlags): Promise<void> {
  const changes = changesOf(flags);
  await withSession(io, flags, async ({ client }) => {
    const host = await hostOf(client, vm, flags.host);
    await show(io, flags, host, await client.setTags(vm, host, changes));
  });
}

function changesOf({ class: slaClass, never, label }: TagSetFlags): TagChanges {
  if (slaClass === undefined && never === undefined && label === undefined) {
    throw new DroverError('usage.invalid', 'nothing to set: name --class, --never or --label', {
      hint: 'see drover tag set --help',
    });
  }
  return {
    ...(slaClass === undefined ? {} : { class: slaClass === 'none' ? null : slaClass }),
    ...(never === undefined ? {} : { never: [...never] }),
    ...(label === undefined ? {} : { labels: [...label] }),
  };
}

async function show(io: Io, { output }: VmFlags, host: string, tags: Tags): Promise<void> {
  await print(io, output, tagsDocument(tags, host), { table: tagsText });
}
