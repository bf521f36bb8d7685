import type { Tags } from '../client/client.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { tagsDocument, tagsText } from './tags-view.ts';
import { hostOf } from './vm-host.ts';

/** `drover class get`. */
export async function runClassGet(io: Io, vm: string, flags: VmFlags): Promise<void> {
  await withSession(io, flags, async ({ client }) => {
    const host = await hostOf(client, vm, flags.host);
    await show(io, flags, host, await client.tags(vm, host));
  });
}

/** `drover class set`. */
export async function runClassSet(
  io: Io,
  vm: string,
  slaClass: SlaClass,
  flags: VmFlags,
): Promise<void> {
  await withSession(io, flags, async ({ client }) => {
    const host = await hostOf(client, vm, flags.host);
    await show(io, flags, host, await client.setTags(vm, host, { class: slaClass }));
  });
}

async function show(io: Io, { output }: VmFlags, host: string, tags: Tags): Promise<void> {
  await print(io, output, tagsDocument(tags, host), {
    table: tagsText,
    name: (shown) => `${shown.class}\n`,
  });
}
