import type { Tags } from '../client/client.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { tagsDocument, tagsText } from './tags-view.ts';

/** `drover class get`. */
export async function runClassGet(io: Io, vm: string, flags: VmFlags): Promise<void> {
  const tags = await withSession(io, flags, ({ client }) => client.tags(vm, flags.host));
  await show(io, flags, tags);
}

/** `drover class set`. */
export async function runClassSet(
  io: Io,
  vm: string,
  slaClass: SlaClass,
  flags: VmFlags,
): Promise<void> {
  const tags = await withSession(io, flags, ({ client }) =>
    client.setTags(vm, flags.host, { class: slaClass }),
  );
  await show(io, flags, tags);
}

async function show(io: Io, flags: VmFlags, tags: Tags): Promise<void> {
  await print(io, flags.output, tagsDocument(tags, flags.host), {
    table: tagsText,
    name: (shown) => `${shown.class}\n`,
  });
}
