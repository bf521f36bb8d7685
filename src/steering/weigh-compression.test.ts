import { describe, expect, test } from 'vitest';
import { nothingKnown, type Prior } from '../forecast/prior.ts';
import { defaultMatrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { beforeStart } from './before-start.ts';
import type { Start } from './begun.ts';
import { capabilitiesOnce } from './compress.ts';
import type { MigrationCapabilities } from './decision.ts';
import { foresee } from './foresee.ts';
import { isTooBusy, lookingPays, soundingPays } from './sounding-pays.ts';
import { steersmanFor } from './steersman.ts';
import { able } from './testing/able.ts';
import { chooseAtStart } from './weigh-compression.ts';

const mib = 2 ** 20;
const gib = 2 ** 30;
/** Bytes/s of payload that Gbit/s are. */
const gbit = 0.941 * 125_000_000;
const forbidden = { allowed: false, because: 'the admin forbids it' } as const;

interface Case {
  readonly name: string;
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  readonly capabilities?: MigrationCapabilities;
  readonly memoryBytes?: number;
  /** MiB/s that the guest was seen to write; `undefined`: nobody has looked. */
  readonly writes?: number | undefined;
  /** Only others of its class were seen to write that. */
  readonly ofOthers?: true;
  readonly link?: number | undefined;
  readonly ratio?: number | undefined;
  readonly idle?: number | undefined;
  /** Connections; `undefined`: it starts able to switch to post-copy. */
  readonly taken: number | undefined;
  readonly because: RegExp;
}

const usual = { memoryBytes: 256 * mib, writes: 83, link: gbit, ratio: 2.9, idle: 2 };

const cases: readonly Case[] = [
  {
    name: 'it shrinks to a third',
    taken: 2,
    because: /shrinks 2\.9 times.*after 1\.\d+ s with a pause.*uncompressed after/,
  },
  { name: 'a pet, medium', importance: 'medium', taken: 2, because: /shrinks 2\.9 times/ },
  { name: 'cattle, high', slaClass: 'cattle', taken: 2, because: /shrinks 2\.9 times/ },
  {
    name: 'cattle, medium',
    slaClass: 'cattle',
    importance: 'medium',
    taken: 2,
    because: /shrinks/,
  },
  {
    name: 'it writes more than the link carries as it is',
    writes: 143,
    taken: 2,
    because: /shrinks/,
  },
  { name: 'a link of which nothing is known', link: undefined, taken: 2, because: /shrinks/ },
  { name: 'a slower link', link: 0.3 * gbit, writes: 25, taken: 2, because: /shrinks/ },
  {
    name: 'a link that takes more threads',
    link: 2.5 * gbit,
    memoryBytes: 8 * gib,
    idle: 8,
    taken: 3,
    because: /shrinks/,
  },
  { name: 'it shrinks to half', ratio: 2, taken: 2, because: /shrinks 2 times/ },
  {
    name: 'it hardly shrinks',
    ratio: 1.1,
    taken: undefined,
    because: /^its memory shrinks only 1\.1 times$/,
  },
  {
    name: 'what it writes is not known',
    writes: undefined,
    taken: undefined,
    because: /what it writes is not known/,
  },
  {
    name: 'what it writes is known of others only',
    ofOthers: true,
    taken: undefined,
    because: /what it writes is not known/,
  },
  {
    name: 'nobody has looked at it, nor at its host',
    idle: undefined,
    taken: undefined,
    because: /cannot do both/,
  },
  {
    name: 'its host is so busy that nobody looked at it',
    ratio: undefined,
    idle: 0.1,
    taken: undefined,
    because: /processors for it are lacking: 0\.1 idle/,
  },
  {
    name: 'its host is busy',
    idle: 0.3,
    taken: undefined,
    because: /processors for it are lacking: 0\.3 idle/,
  },
  {
    name: 'it is stopped within its pause, where there is no patience',
    slaClass: 'cattle',
    writes: 143,
    idle: 1,
    taken: 2,
    because: /shrinks/,
  },
  { name: 'its host is half busy', idle: 1, taken: 2, because: /shrinks/ },
  {
    name: 'it writes more than would be carried compressed',
    memoryBytes: 2 * gib,
    writes: 500,
    taken: undefined,
    because: /might not fit/,
  },
  {
    name: 'it writes nearly as much',
    memoryBytes: 2 * gib,
    writes: 290,
    taken: undefined,
    because: /might not fit/,
  },
  {
    name: 'it would be across at once anyhow',
    importance: 'low',
    slaClass: 'cattle',
    memoryBytes: 300 * mib,
    writes: 0.1,
    ratio: 1.6,
    taken: undefined,
    because: /hardly less harm/,
  },
  {
    name: 'the link is faster than threads',
    link: 10 * gbit,
    taken: undefined,
    because: /is faster than it/,
  },
  {
    name: 'the admin forbids compression',
    capabilities: { ...able, compression: forbidden },
    taken: undefined,
    because: /cannot do both/,
  },
  {
    name: 'post-copy is closed anyhow',
    capabilities: { ...able, postCopy: forbidden },
    taken: 2,
    because: /closed anyhow/,
  },
  {
    name: 'a panda, medium, which is never split',
    slaClass: 'panda',
    importance: 'medium',
    taken: 2,
    because: /closed anyhow/,
  },
];

function startOf(one: Omit<Case, 'name' | 'taken' | 'because'>): Start {
  const { memoryBytes, writes, link, ratio, idle, ofOthers } = { ...usual, ...one };
  const weight = ofOthers === true ? 0.05 : 1;
  const sounded = idle === undefined ? undefined : { ratio, idleProcessors: idle };
  const prior: Prior = {
    ...nothingKnown,
    bandwidthBytesPerSecond: link,
    touchedBytes: memoryBytes,
    written:
      writes === undefined
        ? []
        : [{ ms: 1000, bytes: writtenInASecond(writes, memoryBytes), weight }],
    sounded,
  };
  const { slaClass = 'pet', importance = 'high', capabilities = able } = one;
  return {
    slaClass,
    importance,
    deadlineMs: undefined,
    capabilities,
    matrix: defaultMatrix,
    prior,
    memoryBytes,
  };
}

/** By a guest that writes so many MiB/s anywhere in half of its memory, bytes. */
function writtenInASecond(writes: number, memoryBytes: number): number {
  const setBytes = memoryBytes / 2;
  return setBytes * -Math.expm1((-writes * mib) / setBytes);
}

function whyOf(one: Pick<Case, 'ratio' | 'idle'>): string {
  const { capabilities, matrix, prior, memoryBytes, ...intent } = startOf(one);
  const steersman = steersmanFor({ intent: () => intent, matrix, prior, memoryBytes });
  return steersman.plan(capabilities).why;
}

function rateOf(idle: number): number {
  return beforeStart(startOf({ idle })).view.bandwidthBytesPerSecond;
}

describe('compressed, or able to switch to post-copy', () => {
  test.each(cases)('$name', ({ taken, because, ...one }) => {
    const choice = chooseAtStart(startOf(one));
    expect(choice.because).toMatch(because);
    expect(choice.taken ? choice.compression.connections : undefined).toBe(taken);
  });

  test('is what the plan has, in figures, and what is foreseen', () => {
    const start = startOf({});
    const { capabilities, matrix, prior, memoryBytes } = start;
    const intent = {
      slaClass: start.slaClass,
      importance: start.importance,
      deadlineMs: undefined,
    };
    const plan = steersmanFor({ intent: () => intent, matrix, prior, memoryBytes }).plan(
      capabilities,
    );
    expect(plan).toMatchObject({
      postCopy: false,
      compression: { connections: 2 },
      autoConverge: undefined,
    });
    expect(plan.why).toMatch(
      /compressed \(zstd, 2 connections\), which rules post-copy out: its memory shrinks 2\.9/,
    );
    const { expected, options } = foresee({ intent, capabilities, matrix, prior, memoryBytes });
    expect(expected.ending).toBe('switch-over');
    const postCopy = options.find(({ option }) => option === 'post-copy');
    expect(postCopy?.permission).toMatchObject({
      allowed: false,
      because: expect.stringMatching(/compressed/),
    });
  });

  test('the plan says why it is not, where the memory was sounded, and says nothing where it was not', () => {
    expect(whyOf({ ratio: 1.1 })).toMatch(
      /able to switch to post-copy, uncompressed \(its memory shrinks only 1\.1 times\)/,
    );
    expect(whyOf({ idle: undefined })).toMatch(/able to switch to post-copy, and may pause/);
  });

  test.each([
    ['compressed', { connections: 2 }, false],
    ['able to switch', undefined, true],
  ] as const)('once begun %s, it stays so for whoever takes it up', (_, compression, postCopy) => {
    const { capabilities, matrix, prior, memoryBytes, ...intent } = startOf({});
    const steersman = steersmanFor({ intent: () => intent, matrix, prior, memoryBytes });
    const plan = steersman.plan(capabilitiesOnce(capabilities, compression));
    expect(plan.postCopy).toBe(postCopy);
    expect(plan.compression).toEqual(compression);
  });

  test('carries no more than the idle processors compress', () => {
    expect(rateOf(8)).toBeCloseTo(gbit * 2.9, -3);
    expect(rateOf(1)).toBeCloseTo(300e6, -3);
  });
});

describe('whether the memory is worth sounding', () => {
  test.each<[string, Omit<Case, 'name' | 'taken' | 'because'>, boolean]>([
    ['what it saves is longer than the sampling', { writes: undefined }, true],
    [
      'the memory is across as soon as it is sampled',
      { writes: undefined, memoryBytes: 150 * mib },
      false,
    ],
    ['... but what it writes is known', { memoryBytes: 150 * mib }, true],
    ['the link is faster than threads', { link: 10 * gbit, memoryBytes: 64 * gib }, false],
    ['nothing is known of the link', { link: undefined, writes: undefined }, true],
    ['compression is forbidden', { capabilities: { ...able, compression: forbidden } }, false],
    ['post-copy is closed', { capabilities: { ...able, postCopy: forbidden } }, false],
    ['a panda, medium, which is never split', { slaClass: 'panda', importance: 'medium' }, false],
  ])('%s: %s', (_, one, pays) => {
    expect(soundingPays(startOf(one))).toBe(pays);
  });

  test.each([
    [2.9, true],
    [1.8, false],
    [1.1, false],
  ])('and, shrinking %s times, what it writes worth sampling: %s', (ratio, pays) => {
    expect(lookingPays(startOf({ writes: undefined }), ratio)).toBe(pays);
  });

  test.each([
    [0.1, true],
    [0.4, false],
    [2, false],
  ])('but not where by a short look %s processors idle: %s', (idle, busy) => {
    expect(isTooBusy(startOf({}), idle)).toBe(busy);
  });
});
