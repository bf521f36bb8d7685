import { matchesGlob } from 'node:path';
import { defaultSlaClass, type SlaClass } from '../policy/vocabulary.ts';
import type { Config } from './config.ts';

/** Where a domain's class comes from. */
export interface ClassOrigin {
  readonly slaClass: SlaClass;
  readonly from: 'metadata' | 'rule' | 'default';
}

/** The class of a domain: its own word, else the first rule that fits its name, else `pet`. */
export function classOf(
  config: Config,
  domainName: string,
  ownClass: SlaClass | undefined,
): ClassOrigin {
  if (ownClass !== undefined) return { slaClass: ownClass, from: 'metadata' };
  const rule = config.classes.find(({ name }) => matchesGlob(domainName, name));
  if (rule !== undefined) return { slaClass: rule.class, from: 'rule' };
  return { slaClass: defaultSlaClass, from: 'default' };
}
