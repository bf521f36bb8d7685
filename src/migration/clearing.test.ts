import { expect, test } from 'vitest';
import type { DomainState } from '../hypervisor/port.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { newResident } from '../hypervisor/simulated-resident.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { noTags } from '../policy/tags.ts';
import { steersmanFor } from '../steering/steersman.ts';
import { Gathering } from './gather.ts';
import { readyToGoOn } from './run.ts';
import type { Outcome } from './transition.ts';

const mib = 2 ** 20;
const uuid = 'uuid-of-guest';
const guest = {
  name: 'guest',
  memoryBytes: 128 * mib,
  touchedBytes: 32 * mib,
  workingSetBytes: mib,
  writeBytesPerSecond: mib,
  throttleEffect: 1,
};

type At = readonly [DomainState['state'], DomainState['reason']] | 'nothing';

/** What two hosts have of a guest whose migration nobody carries out any more, and what becomes of it. */
interface Scene {
  readonly name: string;
  readonly source: At;
  readonly destination: At;
  readonly outcome: Outcome;
  /** What is there in the end. */
  readonly left: readonly [At, At];
  readonly says: RegExp;
}

const waits = ['paused', 'migration'] as const;
const runs = ['running', 'other'] as const;

const scenes: readonly Scene[] = [
  {
    name: 'stopped for a hand-over, its copy over there has never run',
    source: waits,
    destination: waits,
    outcome: 'failed-safe',
    left: [runs, 'nothing'],
    says: /h2 never ran it: it goes on on h1/,
  },
  {
    name: 'stopped for a hand-over, and nobody knows whether it has run over there',
    source: waits,
    destination: 'nothing',
    outcome: 'unknown',
    left: [waits, 'nothing'],
    says: /must not go on there: its destination was not watched/,
  },
  {
    name: 'stopped for a hand-over, and shut off over there',
    source: waits,
    destination: ['shut-off', 'other'],
    outcome: 'unknown',
    left: [waits, ['shut-off', 'other']],
    says: /its destination has had it/,
  },
  {
    name: 'runs over there, and a copy is left at its source',
    source: ['paused', 'migration'],
    destination: ['running', 'migrated'],
    outcome: 'completed',
    left: ['nothing', ['running', 'migrated']],
    says: /the copy that stood still on h1 was ended/,
  },
  {
    name: 'came to its end in post-copy with nobody attending',
    source: ['paused', 'post-copy-failed'],
    destination: ['running', 'migrated'],
    outcome: 'completed',
    left: ['nothing', ['running', 'migrated']],
    says: /the copy that stood still on h1 was ended/,
  },
  {
    name: 'runs at its source, and a copy that never ran is left over there',
    source: runs,
    destination: waits,
    outcome: 'failed-safe',
    left: [runs, 'nothing'],
    says: /A copy of it that never ran was ended on h2/,
  },
  {
    name: 'runs at both',
    source: runs,
    destination: ['running', 'migrated'],
    outcome: 'unknown',
    left: [runs, ['running', 'migrated']],
    says: /Nothing was stopped/,
  },
  {
    name: 'only waits over there, and is gone from its source',
    source: 'nothing',
    destination: waits,
    outcome: 'unknown',
    left: ['nothing', waits],
    says: /could not be seen for certain/,
  },
  {
    name: 'a disk failed it at its source',
    source: ['paused', 'io-error'],
    destination: 'nothing',
    outcome: 'failed-safe',
    left: [runs, 'nothing'],
    says: /A disk had failed it on h1; it goes on/,
  },
  {
    name: 'a disk failed it at its destination',
    source: 'nothing',
    destination: ['paused', 'io-error'],
    outcome: 'completed',
    left: ['nothing', runs],
    says: /A disk had failed it on h2; it goes on/,
  },
  {
    name: 'somebody paused it at its source',
    source: ['paused', 'other'],
    destination: 'nothing',
    outcome: 'failed-safe',
    left: [['paused', 'other'], 'nothing'],
    says: /somebody paused it there/,
  },
];

test.each(scenes)('a guest that $name', async ({ source, destination, outcome, left, says }) => {
  const clock = new VirtualClock();
  const world = new SimulatedWorld(clock, {
    linkBytesPerSecond: 100 * mib,
    syncMs: 60,
    setupMs: 50,
    callMs: 1,
  });
  const [h1, h2] = [world.addHost('h1'), world.addHost('h2')];
  for (const [host, at] of [
    [h1, source],
    [h2, destination],
  ] as const) {
    if (at === 'nothing') continue;
    host.register.add(newResident(guest, uuid, { state: at[0], reason: at[1] }, noTags));
  }
  const gathering = new Gathering();
  const intent = { slaClass: 'pet', importance: 'medium', deadlineMs: undefined } as const;
  const plan = { postCopy: true, autoConverge: undefined, maxDowntimeMs: 50, why: 'It begins.' };
  const run = await clock.run(
    readyToGoOn(
      {
        domain: { name: 'guest', uuid, persistent: false },
        ways: h2.ways,
        capabilities: {
          postCopy: { allowed: true },
          postCopyRecoverable: true,
          autoConverge: { allowed: true },
        },
        postCopyRecovery: { allowed: true },
        bandwidthBytesPerSecond: Infinity,
      },
      {
        plan,
        startedAtMs: 0,
        former: { downtimeMs: 300, speedBytesPerSecond: Infinity },
        state: { phase: 'copying', leaving: undefined },
        seen: [],
        decisions: [],
      },
      { source: h1, destination: h2, newSteersman: () => steersmanFor({ intent: () => intent }) },
      clock,
      gathering.beside(() => undefined),
      new AbortController().signal,
    ),
  );
  const conclusion = await clock.run(run.toTheEnd());
  expect(conclusion.outcome).toBe(outcome);
  expect(gathering.why.join('\n')).toMatch(says);
  const found = [h1, h2].map(({ register }) => {
    const state = register.get(uuid)?.state;
    return state === undefined ? 'nothing' : [state.state, state.reason];
  });
  expect(found).toEqual(left);
});
