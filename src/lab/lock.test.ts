import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './lock.ts';

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'lock-')), 'below', 'lock');
});

afterEach(() => {
  rmSync(join(path, '../..'), { recursive: true });
});

async function fails(): Promise<never> {
  return await Promise.reject(new Error('no'));
}

describe('a lock', () => {
  it('lets one in at a time, also when the holder removes the file', async () => {
    let inside = 0;
    const seen: number[] = [];
    let waited = 0;
    const enter = async () => {
      seen.push(++inside);
      await delay(20);
      await rm(path);
      inside--;
    };
    const waits = () => {
      waited++;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(path, enter, waits)));
    expect(seen).toEqual([1, 1, 1, 1]);
    expect(waited).toBeGreaterThan(0);
  });

  it('is free again after a failure, which it passes on', async () => {
    await expect(withLock(path, fails)).rejects.toThrow('no');
    expect(await withLock(path, async () => await Promise.resolve('in'))).toBe('in');
  });
});
