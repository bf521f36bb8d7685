import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labId, namespacePrefix } from '../../src/lab/names.ts';
import { type Ended, ended, root, saidBy } from '../cli/drover.ts';

/** The demo makes its lab in here. */
let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'dd-'));
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function startDemo(...args: string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, [join(root, 'src/demo/main.ts'), ...args], {
    env: { ...process.env, TMPDIR: scratch, NO_COLOR: '1' },
  });
}

interface Run extends Ended {
  /** The lab's folder, seen while it was there. */
  readonly dir: string;
}

/** Runs the demo to its end; `meanwhile` is called when the guests begin to move. */
async function runDemo(args: readonly string[], meanwhile: (pid: number) => void): Promise<Run> {
  const child = startDemo(...args);
  const end = ended(child);
  await saidBy(child, /moving to h\d/);
  const [name = ''] = readdirSync(scratch);
  meanwhile(child.pid ?? 0);
  return { dir: join(scratch, name), ...(await end) };
}

function expectNothingLeft(dir: string): void {
  expect(readdirSync(scratch)).toEqual([]);
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const prefix = namespacePrefix(labId(dir));
  expect(namespaces.filter((name) => name.startsWith(prefix))).toEqual([]);
}

interface GuestDocument {
  readonly name: string;
  readonly class: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: string;
  readonly totalMs: number;
  readonly blackoutMs: number;
  readonly integrity: string;
  readonly runsOn: readonly string[];
  readonly switchedToPostCopy: boolean;
  readonly why: readonly string[];
}

describe('the demo', () => {
  it('empties the host: every guest whole, in one place, by the way that fits it', async () => {
    const { code, out, err, dir } = await runDemo(['-o', 'json'], () => undefined);
    const report: { ok: boolean; problems: string[]; guests: GuestDocument[] } = JSON.parse(out);
    expect(report.problems).toEqual([]);
    const classes = Object.groupBy(report.guests, (guest) => guest.class);
    expect(Object.values(classes).map((guests) => guests?.length)).toEqual([2, 2, 2]);
    for (const guest of report.guests) {
      expect(guest).toMatchObject({ from: 'h1', outcome: 'completed', integrity: 'ok' });
      expect(guest.runsOn).toEqual([guest.to]);
      expect(guest.to).not.toBe('h1');
      expect(guest.blackoutMs).toBeGreaterThan(0);
      expect(guest.totalMs).toBeGreaterThan(guest.blackoutMs);
      expect(guest.why.length).toBeGreaterThan(0);
      expect(err).toContain(guest.name);
    }
    const ways = new Set(report.guests.map(({ switchedToPostCopy }) => switchedToPostCopy));
    expect(ways).toEqual(new Set([true, false]));
    expect(err).toMatch(/in a browser .*: http:\/\/127\.0\.0\.1:\d+\/#once=/);
    expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true });
    expectNothingLeft(dir);
  }, 300_000);

  it('leaves nothing behind after Ctrl-C', async () => {
    const { code, out, dir } = await runDemo([], (pid) => process.kill(pid, 'SIGINT'));
    expect({ code, out }).toEqual({ code: 130, out: '' });
    expectNothingLeft(dir);
  });

  it('refuses what it does not know', async () => {
    const { code, err } = await ended(startDemo('--postcopy'));
    expect(code).toBe(2);
    expect(err).toContain('./demo --help');
  });
});
