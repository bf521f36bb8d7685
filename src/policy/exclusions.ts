/** What an operator can forbid for one VM, whatever its class and the importance allow. */
export const exclusions = ['post-copy', 'throttle'] as const;
export type Exclusion = (typeof exclusions)[number];

/** Who forbids it: the VM's own metadata, or a rule of the config file, named by what it selects. */
export type ExcludedBy =
  | { readonly from: 'metadata' }
  | { readonly from: 'rule'; readonly rule: string };

/** One word against one mechanism. Several may say the same: all that apply are united. */
export type Excluded = ExcludedBy & { readonly what: Exclusion };

const deeds = {
  'post-copy': 'post-copy',
  throttle: 'slowing it down',
} as const satisfies Record<Exclusion, string>;

/** Who forbids it, in words: `the rule for db-* forbids post-copy`; `undefined` where nobody does. */
export function whyExcluded(what: Exclusion, all: readonly Excluded[]): string | undefined {
  const words = all.filter((one) => one.what === what).map(sayer);
  if (words.length === 0) return undefined;
  return `${words.join(' and ')} ${words.length === 1 ? 'forbids' : 'forbid'} ${deeds[what]}`;
}

function sayer(by: ExcludedBy): string {
  return by.from === 'metadata' ? "the VM's own metadata" : `the rule for ${by.rule}`;
}
