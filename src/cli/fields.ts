import { InvalidArgumentError, Option } from 'commander';
import { type Exclusion, exclusions } from '../policy/exclusions.ts';
import { isLabel, labelForm } from '../policy/tags.ts';
import { importances, reasons, slaClasses } from '../policy/vocabulary.ts';

/** Options that several commands take, each described once. */
export const fields = {
  importance: () =>
    new Option(
      '--importance <level>',
      'how much it matters that the VM arrives; by default what the reason implies',
    ).choices(importances),
  slaClass: () => new Option('--class <class>', 'what the VM is worth').choices(slaClasses),
  reason: () => new Option('--reason <reason>', 'why the VM is moved').choices(reasons),
  never: () =>
    new Option(
      '--never <list>',
      `what must never be done to it: ${exclusions.join(', ')}, or none`,
    ).argParser(exclusionList),
  label: () =>
    new Option(
      '--label <list>',
      'words by which rules of the config file select it, or none',
    ).argParser(labelList),
  config: () =>
    new Option('--config <file>', 'the config file with the hosts and what their admins allow').env(
      'DROVER_CONFIG',
    ),
};

/** The words of a list, which may be given in several pieces; `none` is the empty one. */
function words(text: string): readonly string[] {
  const all = text.split(',').map((word) => word.trim());
  return all.length === 1 && all[0] === 'none' ? [] : all;
}

function exclusionList(text: string, before: readonly Exclusion[] = []): readonly Exclusion[] {
  const named = words(text).map((word) => {
    const exclusion = exclusions.find((one) => one === word);
    if (exclusion !== undefined) return exclusion;
    throw new InvalidArgumentError(`'${word}' is none of ${exclusions.join(', ')}, none.`);
  });
  return [...new Set([...before, ...named])];
}

function labelList(text: string, before: readonly string[] = []): readonly string[] {
  const named = words(text);
  const wrong = named.find((word) => !isLabel(word));
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}' is no label: ${labelForm}.`);
  return [...new Set([...before, ...named])];
}
