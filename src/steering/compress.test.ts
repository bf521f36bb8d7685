import { describe, expect, test } from 'vitest';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { capabilitiesOnce, chooseCompression } from './compress.ts';
import type { MigrationCapabilities } from './decision.ts';
import { planStart } from './plan-start.ts';
import { able } from './testing/able.ts';

const forbidden = { allowed: false, because: 'the admin forbids it' } as const;
const withoutPostCopy = { ...able, postCopy: forbidden };
const { compression: _, ...nobodyLooked } = withoutPostCopy;
/** Bytes/s that Gbit/s are. */
const gbit = 125_000_000;

interface Case {
  readonly name: string;
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  readonly capabilities?: MigrationCapabilities;
  readonly link?: number;
  /** `undefined`: it is not compressed. */
  readonly connections: number | undefined;
  readonly because: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'the budget forbids post-copy',
    slaClass: 'panda',
    importance: 'medium',
    connections: 2,
    because: /the budget forbids running split/,
  },
  { name: 'the budget allows post-copy', connections: undefined, because: /cannot do both/ },
  {
    name: 'the admin forbids post-copy',
    capabilities: withoutPostCopy,
    connections: 2,
    because: /the admin forbids it/,
  },
  {
    name: 'a broken post-copy could not be resumed, and must be',
    slaClass: 'panda',
    capabilities: { ...able, postCopyRecoverable: false },
    connections: 2,
    because: /could not be resumed/,
  },
  {
    name: 'the admin forbids compression',
    capabilities: { ...withoutPostCopy, compression: forbidden },
    connections: undefined,
    because: /the admin forbids it/,
  },
  {
    name: 'nobody looked whether the hosts can',
    capabilities: nobodyLooked,
    connections: undefined,
    because: /nobody has looked/,
  },
  ...(
    [
      [0.1, 2],
      [1, 2],
      [2.5, 4],
      [5, 4],
      [10, undefined],
      [25, undefined],
    ] as const
  ).map(
    ([link, connections]): Case => ({
      name: `a link of ${link} Gbit/s`,
      capabilities: withoutPostCopy,
      link: link * gbit,
      connections,
      because: connections === undefined ? /is faster than it/ : /the admin forbids it/,
    }),
  ),
];

describe('whether memory is compressed', () => {
  test.each(cases)('$name', (one) => {
    const { slaClass = 'pet', importance = 'high', capabilities = able, link } = one;
    const choice = chooseCompression(budgetFor(slaClass, importance), capabilities, link);
    const connections = choice.taken ? choice.compression.connections : undefined;
    expect(connections).toBe(one.connections);
    expect(choice.because).toMatch(one.because);
  });
});

describe('a start', () => {
  const budget = budgetFor('panda', 'medium');

  test('never has compression and post-copy together, and says why', () => {
    const plan = planStart(budget, able, undefined, chooseCompression(budget, able, undefined));
    expect(plan).toMatchObject({ postCopy: false, compression: { connections: 2 } });
    expect(plan.why).toMatch(/memory compressed \(zstd, 2 connections\).*forbids running split/);
  });

  test('says why it does without, where that was possible', () => {
    const without = { ...able, compression: forbidden };
    const plan = planStart(
      budget,
      without,
      undefined,
      chooseCompression(budget, without, undefined),
    );
    expect(plan).toMatchObject({ postCopy: true });
    expect(plan.compression).toBeUndefined();
    expect(plan.why).toMatch(/uncompressed \(the admin forbids it\)/);
  });
});

test('once begun, what it was begun with holds', () => {
  expect(capabilitiesOnce(able, { connections: 2 }).postCopy.allowed).toBe(false);
  const plain = capabilitiesOnce(able, undefined);
  expect(plain.postCopy.allowed).toBe(true);
  expect(chooseCompression(budgetFor('panda', 'low'), plain, undefined).taken).toBe(false);
});
