import type { Exclusion } from './exclusions.ts';
import type { SlaClass } from './vocabulary.ts';

/** What is said of a VM in its own metadata. It travels with the VM. */
export interface Tags {
  /** `undefined`: it says nothing, and the config file's rules decide. */
  readonly slaClass: SlaClass | undefined;
  readonly never: readonly Exclusion[];
  /** Words that rules of the config file select by. */
  readonly labels: readonly string[];
}

export const noTags: Tags = { slaClass: undefined, never: [], labels: [] };

/** Tags as they were found. */
export interface TagsFound {
  readonly tags: Tags;
  /** What could not be understood, in words; `tags` then holds what hurts the guest least. */
  readonly unreadable: readonly string[];
}

/** What a label may look like, for a person who chose another. */
export const labelForm = "letters, digits and _ . : = -, at most 63 of them, and not 'none'";

/** A label can be told from its neighbours, and from the word that takes all of them away. */
export function isLabel(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.:=-]{0,62}$/.test(text) && text !== 'none';
}
