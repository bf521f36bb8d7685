import { DroverError } from '../errors/catalogue.ts';
import { loadConfig } from '../fleet/config.ts';
import { getTags, setTags, type TagsAnswer } from '../migration/tags.ts';
import type { Tags } from '../policy/tags.ts';
import type { TagFlags, TagSetFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { tagsDocument, tagsText } from './tags-view.ts';

/** `drover tag get`. */
export async function runTagGet(io: Io, vm: string, flags: TagFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  await show(io, flags, await getTags({ vm, host: flags.host }, config));
}

/** `drover tag set`. */
export async function runTagSet(io: Io, vm: string, flags: TagSetFlags): Promise<void> {
  const changes = changesOf(flags);
  const config = await loadConfig(flags.config);
  await show(io, flags, await setTags({ vm, host: flags.host }, changes, config));
}

function changesOf({ class: slaClass, never, label }: TagSetFlags): Partial<Tags> {
  if (slaClass === undefined && never === undefined && label === undefined) {
    throw new DroverError('usage.invalid', 'nothing to set: name --class, --never or --label', {
      hint: 'see drover tag set --help',
    });
  }
  return {
    ...(slaClass === undefined ? {} : { slaClass: slaClass === 'none' ? undefined : slaClass }),
    ...(never === undefined ? {} : { never }),
    ...(label === undefined ? {} : { labels: label }),
  };
}

async function show(io: Io, flags: TagFlags, answer: TagsAnswer): Promise<void> {
  await print(io, flags.output, tagsDocument(answer, flags.host), { table: tagsText });
}
