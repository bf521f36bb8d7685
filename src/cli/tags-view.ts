import type { Tags } from '../client/client.ts';
import type { ClassOrigin } from '../fleet/rules.ts';
import type { Exclusion } from '../policy/exclusions.ts';
import type { SlaClass } from '../policy/vocabulary.ts';

type From = ClassOrigin['from'];

/** What is said of a VM, as `-o json` prints it. Field names are stable; docs/cli.md lists them. */
export interface TagsDocument {
  readonly vm: string;
  readonly uuid: string;
  readonly host: string;
  readonly class: SlaClass;
  /** Who gave the class. */
  readonly from: From;
  /** What the rule that gave it selects; `null` where none did. */
  readonly rule: string | null;
  readonly never: readonly NeverDocument[];
  readonly labels: readonly string[];
  readonly unreadable: readonly string[];
}

export interface NeverDocument {
  readonly what: Exclusion;
  readonly from: Exclude<From, 'default'>;
  readonly rule: string | null;
}

export function tagsDocument(tags: Tags, host: string): TagsDocument {
  const { domain, classOrigin, excluded, labels, unreadable } = tags;
  return {
    vm: domain.name,
    uuid: domain.uuid,
    host,
    class: tags.class,
    from: classOrigin.from,
    rule: ruleOf(classOrigin),
    never: excluded.map((one) => ({ what: one.what, from: one.from, rule: ruleOf(one) })),
    labels,
    unreadable,
  };
}

function ruleOf(origin: ClassOrigin): string | null {
  return origin.from === 'rule' ? origin.rule : null;
}

/** The class first, then a line for all else that is said, each with where it is said. */
export function tagsText(document: TagsDocument): string {
  const { vm, never, labels, unreadable } = document;
  const lines = [
    `${vm}  ${document.class}  (${originText(document)})`,
    ...never.map((one) => `  never ${one.what}  (${originText(one)})`),
    ...(labels.length === 0 ? [] : [`  labels ${labels.join(', ')}`]),
    ...unreadable.map((problem) => `  in its metadata, ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
}

function originText({ from, rule }: { readonly from: From; readonly rule: string | null }): string {
  switch (from) {
    case 'metadata':
      return 'set on the VM itself';
    case 'rule':
      return `from the config file's rule for ${rule}`;
    case 'default':
      return 'what a VM is that says nothing';
  }
}
