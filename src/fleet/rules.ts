import { matchesGlob } from 'node:path';
import type { Excluded } from '../policy/exclusions.ts';
import type { Tags } from '../policy/tags.ts';
import { defaultSlaClass, type SlaClass } from '../policy/vocabulary.ts';
import type { Config, Rule } from './config.ts';

/** Where a domain's class comes from. */
export type ClassOrigin =
  | { readonly from: 'metadata' }
  | { readonly from: 'rule'; readonly rule: string }
  | { readonly from: 'default' };

/** What a domain is worth and what must never be done to it, and who says so. */
export interface Standing {
  readonly slaClass: SlaClass;
  readonly classOrigin: ClassOrigin;
  readonly excluded: readonly Excluded[];
}

/**
 * The class is the domain's own word, else that of the first rule which fits and names one, else
 * `pet`. What any of them forbids is forbidden.
 */
export function standingOf(config: Config, domainName: string, own: Tags): Standing {
  const fitting = config.rules.filter((rule) => fits(rule, domainName, own.labels));
  const excluded: readonly Excluded[] = [
    ...own.never.map((what) => ({ what, from: 'metadata' }) as const),
    ...fitting.flatMap((rule) =>
      (rule.never ?? []).map((what) => ({ what, from: 'rule', rule: selectorOf(rule) }) as const),
    ),
  ];
  return { ...classOf(fitting, own), excluded };
}

/** Where a domain may run beside others, by all rules that fit. */
export interface Placement {
  readonly apart: readonly string[];
  readonly together: readonly string[];
  /** `undefined`: anywhere. */
  readonly pinnedTo: readonly string[] | undefined;
}

/** Of several rules that name hosts, all hold. */
export function placementOf(
  config: Config,
  domainName: string,
  labels: readonly string[],
): Placement {
  const fitting = config.rules.filter((rule) => fits(rule, domainName, labels));
  const lists = fitting.flatMap(({ hosts }) => (hosts === undefined ? [] : [hosts]));
  const [first, ...others] = lists;
  return {
    apart: fitting.flatMap(({ apart }) => apart ?? []),
    together: fitting.flatMap(({ together }) => together ?? []),
    pinnedTo: first?.filter((host) => others.every((list) => list.includes(host))),
  };
}

function classOf(fitting: readonly Rule[], own: Tags): Omit<Standing, 'excluded'> {
  if (own.slaClass !== undefined) {
    return { slaClass: own.slaClass, classOrigin: { from: 'metadata' } };
  }
  for (const rule of fitting) {
    if (rule.class === undefined) continue;
    return { slaClass: rule.class, classOrigin: { from: 'rule', rule: selectorOf(rule) } };
  }
  return { slaClass: defaultSlaClass, classOrigin: { from: 'default' } };
}

function fits({ name, label }: Rule, domainName: string, labels: readonly string[]): boolean {
  return (
    (name === undefined || matches(name, domainName)) &&
    (label === undefined || labels.some((one) => matches(label, one)))
  );
}

/** A leading letter on both sides, because `*` alone would pass over a name that begins with a dot. */
function matches(pattern: string, text: string): boolean {
  return matchesGlob(`x${text}`, `x${pattern}`);
}

/** What a rule selects, in words: `db-*`, `label realtime`, `db-* with label realtime`. */
function selectorOf({ name, label }: Rule): string {
  if (name === undefined) return `label ${label}`;
  return label === undefined ? name : `${name} with label ${label}`;
}
