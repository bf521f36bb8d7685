import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Exclusion, exclusions } from '../policy/exclusions.ts';
import { isLabel, labelForm } from '../policy/tags.ts';
import { importances, reasons, slaClasses } from '../policy/vocabulary.ts';
import { parseDuration } from '../units/duration.ts';
import { parseSize } from '../units/size.ts';

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
  deadline: () =>
    new Option(
      '--deadline <duration>',
      'when it should have arrived, from now: 90s, 30m, 2h',
    ).argParser(duration),
  timeout: () =>
    new Option(
      '--timeout <duration>',
      'how long to wait for it: 90s, 30m, 2h; then it goes on without this command (code 124)',
    ).argParser(duration),
  yes: () => new Option('-y, --yes', 'do not ask'),
  watch: () => new Option('-w, --watch', 'show it again whenever it changes, until Ctrl-C'),
};

/** The hosts of a list, which may be given in several pieces. */
export function hostNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((name) => name.trim())];
}

const serverGroup = 'Which server:';

/** The options of a command that asks the API: which server it is that answers. */
export function connected(command: Command): Command {
  const options = [
    new Option(
      '--server <address>',
      'https://host:7420, or the path of a unix socket (also: DROVER_SERVER)',
    ),
    new Option('--context <context>', 'a server from `drover context list` (also: DROVER_CONTEXT)'),
    new Option('--config <file>', 'ask no server: act from this process, with this config file'),
    new Option('--ca <file>', 'whose certificates to believe (also: DROVER_CA)'),
    new Option('--cert <file>', 'the certificate of this side (also: DROVER_CERT)'),
    new Option('--key <file>', 'its key (also: DROVER_KEY)'),
  ];
  for (const option of options) command.addOption(option.helpGroup(serverGroup));
  return command;
}

/** ms */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError(`'${text}' is no duration such as 90s, 30m or 2h.`);
}

/** ms */
export function durationOrNone(text: string): number | 'none' {
  return text === 'none' ? 'none' : duration(text);
}

export function whole(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`'${text}' is no whole number of 1 or more.`);
}

export function wholeOrNone(text: string): number | 'none' {
  return text === 'none' ? 'none' : whole(text);
}

/** bytes/s */
export function rateOrNone(text: string): number | 'none' {
  if (text === 'none') return 'none';
  const bytes = text.trim().endsWith('/s') ? parseSize(text.trim().slice(0, -2)) : undefined;
  if (bytes !== undefined && bytes > 0) return bytes;
  throw new InvalidArgumentError(`'${text}' is no rate such as '500 MiB/s'.`);
}

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
