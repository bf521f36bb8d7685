import { loadConfig } from '../fleet/config.ts';
import { getTags, setTags, type TagsAnswer } from '../migration/tags.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { ClassFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { tagsDocument, tagsText } from './tags-view.ts';

/** `drover class get`. */
export async function runClassGet(io: Io, vm: string, flags: ClassFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  await show(io, flags, await getTags({ vm, host: flags.host }, config));
}

/** `drover class set`. */
export async function runClassSet(
  io: Io,
  vm: string,
  slaClass: SlaClass,
  flags: ClassFlags,
): Promise<void> {
  const config = await loadConfig(flags.config);
  await show(io, flags, await setTags({ vm, host: flags.host }, { slaClass }, config));
}

async function show(io: Io, flags: ClassFlags, answer: TagsAnswer): Promise<void> {
  await print(io, flags.output, tagsDocument(answer, flags.host), {
    table: tagsText,
    name: (shown) => `${shown.class}\n`,
  });
}
