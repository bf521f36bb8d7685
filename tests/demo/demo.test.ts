import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downLab } from '../../src/lab/index.ts';
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

/** Runs the demo to its end; `meanwhile` is called when it says something that fits. */
async function runDemo(
  args: readonly string[],
  says: RegExp,
  meanwhile: (pid: number, said: RegExpExecArray) => Promise<void>,
): Promise<Run> {
  const child = startDemo(...args);
  const end = ended(child);
  const said = await saidBy(child, says);
  const [name = ''] = readdirSync(scratch);
  await meanwhile(child.pid ?? 0, said);
  return { dir: join(scratch, name), ...(await end) };
}

function expectNothingLeft(dir: string): void {
  expect(readdirSync(scratch)).toEqual([]);
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const prefix = namespacePrefix(labId(dir));
  expect(namespaces.filter((name) => name.startsWith(prefix))).toEqual([]);
}

/** What the page answers, and the login by the link: the first time, and once more. */
async function opensOnce(address: string, once: string): Promise<readonly unknown[]> {
  const page = await fetch(address);
  const enter = (): Promise<Response> =>
    fetch(`${address}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: address },
      body: JSON.stringify({ once }),
    });
  const type = page.headers.get('content-type');
  return [page.status, type, (await enter()).status, (await enter()).status];
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
  it('empties the host: every guest whole, in one place, by the way that fits it; kept, it is there to be looked at', async () => {
    const kept = /Until Ctrl-C the dashboard is at (http\S+)\/#once=(\S+)/;
    const opened: unknown[] = [];
    const { code, out, err, dir } = await runDemo(
      ['-o', 'json', '--keep'],
      kept,
      async (pid, [, address = '', once = '']) => {
        opened.push(...(await opensOnce(address, once)));
        process.kill(pid, 'SIGINT');
      },
    );
    expect(opened).toEqual([200, 'text/html; charset=utf-8', 201, 401]);
    await downLab(dir);
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
    const { code, out, dir } = await runDemo([], /moving to h\d/, async (pid) => {
      process.kill(pid, 'SIGINT');
    });
    expect({ code, out }).toEqual({ code: 130, out: '' });
    expectNothingLeft(dir);
  });

  it('refuses what it does not know', async () => {
    const { code, err } = await ended(startDemo('--postcopy'));
    expect(code).toBe(2);
    expect(err).toContain('./demo --help');
  });
});
