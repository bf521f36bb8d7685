import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recording } from '../recording/recording.ts';
import { FileJournal } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-journal-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function recordingOf(id: string, vm: string): Recording {
  const host = { name: 'h1', libvirtVersion: '12.8.0', hypervisorVersion: '11.1.2' };
  return {
    format: 1,
    id,
    startedAt: '2026-03-01T10:15:00Z',
    vm: { name: vm, uuid: `uuid-${vm}`, memoryBytes: 2 ** 30, virtualCpus: 2 },
    slaClass: 'pet',
    importance: 'medium',
    reason: undefined,
    deadlineMs: undefined,
    from: host,
    to: { ...host, name: 'h2' },
    capabilities: {
      postCopy: { allowed: false, because: 'the admin forbids it' },
      postCopyRecoverable: true,
      autoConverge: { allowed: true },
    },
    capBytesPerSecond: undefined,
    budget: {
      blackoutMs: 500,
      slowdownShare: 0.3,
      pointOfNoReturn: 'if-recoverable',
      freeze: { kind: 'up-to', ms: 2_000 },
      patiencePasses: 3,
      otherwise: 'stay',
    },
    prior: {
      bandwidthBytesPerSecond: undefined,
      touchedBytes: undefined,
      written: [{ ms: 500, bytes: 4096, weight: 1 }],
      syncing: 'continuous',
    },
    samples: [],
    decisions: [
      {
        atMs: 1_000,
        action: { kind: 'set-max-speed', bytesPerSecond: Infinity },
        why: 'The whole link is used again.',
        ending: 'open',
        forecast: {
          completes: false,
          timeMs: { p50: Infinity, p90: Infinity },
          blackoutMs: { p50: 0, p90: 0 },
          slowdownShare: 0,
          slowdownMs: 0,
          bytes: 0,
          lossRisk: 0,
        },
        alternatives: [{ option: 'freeze', verdict: 'closed', because: 'it is forbidden' }],
      },
    ],
    why: ['It begins.'],
    end: undefined,
  };
}

function fail(problem: string): never {
  throw new Error(problem);
}

describe('the journal in a folder', () => {
  test('gives back what it was given, newest first', async () => {
    const journal = new FileJournal(join(folder, 'new'));
    const all = ['a', 'b', 'c'].map((vm, index) => recordingOf(`2026030${index + 1}-1`, vm));
    for (const recording of all) await journal.keep(recording);
    expect(await journal.recent(2, fail)).toEqual([all[2], all[1]]);
  });

  test('replaces a recording of the same id, and leaves no draft behind', async () => {
    const journal = new FileJournal(folder);
    const begun = recordingOf('1', 'web');
    await journal.keep(begun);
    await journal.keep({ ...begun, why: ['It begins.', 'It ends.'] });
    expect((await journal.recent(9, fail)).map(({ why }) => why.length)).toEqual([2]);
    expect(await readdir(folder)).toEqual(['1.json']);
  });

  test('lets the oldest go', async () => {
    const journal = new FileJournal(folder, 2);
    for (const id of ['1', '2', '3']) await journal.keep(recordingOf(id, 'web'));
    expect((await journal.recent(9, fail)).map(({ id }) => id)).toEqual(['3', '2']);
  });

  test.each([
    ['its id', '20-bb', '20-bb'],
    ['the beginning of its id', '20-b', '20-bb'],
    ["the VM's name: the latest", 'web', '30-cc'],
    ['its UUID', 'uuid-db', '20-bb'],
  ])('finds a migration by %s', async (_, wanted, found) => {
    const journal = new FileJournal(folder);
    for (const [id, vm] of [
      ['10-aa', 'web'],
      ['20-bb', 'db'],
      ['30-cc', 'web'],
    ] as const)
      await journal.keep(recordingOf(id, vm));
    expect((await journal.find(wanted)).id).toBe(found);
  });

  test.each([
    ['that nobody kept', 'nothing', 'recording.not-found'],
    ['of which too little is said', '1', 'usage.invalid'],
  ])('says of one %s', async (_, wanted, code) => {
    const journal = new FileJournal(folder);
    for (const id of ['10', '11']) await journal.keep(recordingOf(id, 'web'));
    await expect(journal.find(wanted)).rejects.toMatchObject({ code });
  });

  describe('with a recording that was changed', () => {
    beforeEach(async () => {
      const changed = JSON.stringify({ ...recordingOf('1', 'web'), slaClass: 'zebra' });
      await writeFile(join(folder, '1.json'), changed);
      await new FileJournal(folder).keep(recordingOf('0', 'db'));
    });

    test('names its file and its field', async () => {
      await expect(new FileJournal(folder).find('1')).rejects.toMatchObject({
        code: 'recording.invalid',
        message: expect.stringMatching(/1\.json: slaClass: .*panda/),
      });
    });

    test('gives the others, and tells of it', async () => {
      const told: string[] = [];
      const recent = await new FileJournal(folder).recent(9, (problem) => told.push(problem));
      expect(recent.map(({ id }) => id)).toEqual(['0']);
      expect(told.join()).toMatch(/1\.json: slaClass/);
      expect((await new FileJournal(folder).find('db')).id).toBe('0');
    });
  });
});
