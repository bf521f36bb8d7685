import type { TagChanges } from '../api/vms.ts';
import type { Tags } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { TagSetFlags, VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { tagsDocument, tagsText } from './tags-view.ts';

/** `drover tag get`. */
export async function runTagGet(io: Io, vm: string, flags: VmFlags): Promise<void> {
  const tags = await withSession(io, flags, ({ client }) => client.tags(vm, flags.host));
  await show(io, flags, tags);
}

/** `drover tag set`. */
export async function runTagSet(io: Io, vm: string, flags: TagSetFlags): Promise<void> {
  const changes = changesOf(flags);
  const tags = await withSession(io, flags, ({ client }) =>
    client.setTags(vm, flags.host, changes),
  );
  await show(io, flags, tags);
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

async function show(io: Io, flags: VmFlags, tags: Tags): Promise<void> {
  await print(io, flags.output, tagsDocument(tags, flags.host), { table: tagsText });
}
