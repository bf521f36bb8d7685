import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withChecksum } from './line.ts';
import { HeartbeatWatcher } from './watcher.ts';

let directory: string;
let watcher: HeartbeatWatcher;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drover-watcher-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const path = (host: string) => join(directory, host);
const fileList = () => ['h1', 'h2'].map((host) => ({ host, path: path(host) }));
const line = (seq: number) => `${withChecksum(`H ${seq} ${seq * 20} 0 0 0 0 0 8 0`)}\n`;
const seen = () => watcher.log.beats.map((beat) => `${beat.host}:${beat.seq}`);

describe('the heartbeat watcher', () => {
  it('reads what is appended after it began, on any host, with the observer’s time', async () => {
    writeFileSync(path('h1'), line(0) + line(1));
    let now = 500;
    watcher = new HeartbeatWatcher(fileList(), () => now);
    const third = watcher.nextBeat((beat) => beat.seq === 3, 5_000);
    now = 600;
    appendFileSync(path('h1'), line(2));
    appendFileSync(path('h2'), line(3));
    expect(await third).toMatchObject({ host: 'h2', seq: 3, guestMs: 60, atMs: 600 });
    watcher.stop();
    expect(seen()).toEqual(['h1:2', 'h2:3']);
  });

  it('leaves out the rest of a line in whose middle it came', () => {
    const text = line(7);
    writeFileSync(path('h1'), text.slice(0, 9));
    watcher = new HeartbeatWatcher(fileList());
    appendFileSync(path('h1'), text.slice(9) + line(8));
    watcher.stop();
    expect(seen()).toEqual(['h1:8']);
    expect(watcher.log.torn).toEqual([]);
  });

  it('joins a line that a guest began on one host and ended on the other', () => {
    watcher = new HeartbeatWatcher(fileList());
    const text = line(5);
    appendFileSync(path('h2'), line(4) + text.slice(0, 7));
    appendFileSync(path('h1'), text.slice(7) + line(6));
    watcher.stop();
    expect(seen()).toEqual(['h1:5', 'h1:6', 'h2:4']);
    expect(watcher.log.torn).toEqual([]);
  });

  it('keeps torn lines and what the guest reports of its memory', () => {
    watcher = new HeartbeatWatcher(fileList());
    appendFileSync(path('h1'), `H 1 20 0\n${withChecksum('E scrub 3 1 2 1')}\n${line(2)}`);
    watcher.stop();
    expect(watcher.log.torn).toMatchObject([{ host: 'h1', text: 'H 1 20 0' }]);
    expect(watcher.log.damages).toMatchObject([{ host: 'h1', page: 3, found: 'scrub' }]);
    expect(seen()).toEqual(['h1:2']);
  });

  it('tells when the guest has checked the whole of its memory anew', async () => {
    watcher = new HeartbeatWatcher(fileList());
    const checked = watcher.wholeMemoryChecked(5_000);
    const scrubbed = [
      [1, 100],
      [2, 899],
      [3, 900],
      [4, 901],
    ] as const;
    for (const [seq, pages] of scrubbed) {
      appendFileSync(path('h1'), `${withChecksum(`H ${seq} 0 0 0 0 0 ${pages} 800 0`)}\n`);
    }
    expect(await checked).toMatchObject({ seq: 3 });
    watcher.stop();
  });

  it('gives up waiting for a beat that does not come', async () => {
    watcher = new HeartbeatWatcher(fileList());
    await expect(watcher.nextBeat(() => true, 20)).rejects.toThrow('no such beat within 20 ms');
    watcher.stop();
  });
});
