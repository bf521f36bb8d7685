import { describe, expect, test } from 'vitest';
import type { Excluded } from '../policy/exclusions.ts';
import { noTags, type Tags } from '../policy/tags.ts';
import { parseConfig } from './config.ts';
import { type ClassOrigin, standingOf } from './rules.ts';

const config = parseConfig(
  `rules:
  - { name: 'db-*', never: [post-copy] }
  - { label: 'real*', never: [throttle] }
  - { name: 'db-*', class: panda }
  - { name: 'web-?', label: eu, class: cattle, never: [post-copy, throttle] }
  - { name: '*-cattle', class: cattle }
`,
  'drover.yaml',
);

const ownWord = { from: 'metadata' } as const;
const nobody: ClassOrigin = { from: 'default' };
const by = (rule: string): { from: 'rule'; rule: string } => ({ from: 'rule', rule });

interface Case {
  readonly name: string;
  readonly own?: Partial<Tags>;
  readonly slaClass: string;
  readonly origin: ClassOrigin;
  readonly excluded?: readonly Excluded[];
}

const dbRule: Excluded = { what: 'post-copy', ...by('db-*') };
const cases: readonly Case[] = [
  { name: 'mail', slaClass: 'pet', origin: nobody },
  { name: 'mail', own: { slaClass: 'cattle' }, slaClass: 'cattle', origin: ownWord },
  { name: 'db-1', slaClass: 'panda', origin: by('db-*'), excluded: [dbRule] },
  // The first rule with a class: not the last one, which fits too.
  { name: 'db-cattle', slaClass: 'panda', origin: by('db-*'), excluded: [dbRule] },
  {
    name: 'db-1',
    own: { slaClass: 'cattle', never: ['post-copy'], labels: ['eu', 'realtime'] },
    slaClass: 'cattle',
    origin: ownWord,
    excluded: [
      { what: 'post-copy', ...ownWord },
      dbRule,
      { what: 'throttle', ...by('label real*') },
    ],
  },
  // Both the name and the label have to fit.
  { name: 'web-1', slaClass: 'pet', origin: nobody },
  { name: 'mail', own: { labels: ['eu'] }, slaClass: 'pet', origin: nobody },
  {
    name: 'web-1',
    own: { labels: ['eu'] },
    slaClass: 'cattle',
    origin: by('web-? with label eu'),
    excluded: [
      { what: 'post-copy', ...by('web-? with label eu') },
      { what: 'throttle', ...by('web-? with label eu') },
    ],
  },
];

describe('what holds for a domain', () => {
  test.each(cases)('$name that says $own', ({ name, own, slaClass, origin, excluded }) => {
    expect(standingOf(config, name, { ...noTags, ...own })).toEqual({
      slaClass,
      classOrigin: origin,
      excluded: excluded ?? [],
    });
  });

  test('a rule for every name leaves out none', () => {
    const all = parseConfig("rules: [{ name: '*', never: [post-copy] }]", 'drover.yaml');
    for (const name of ['web', '.hidden', 'a b', 'x:y=z', '#1']) {
      expect(standingOf(all, name, noTags).excluded).toHaveLength(1);
    }
  });
});
