import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LabState, readState, statePath, writeState } from './state.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'state-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

const state: LabState = {
  version: 1,
  id: '0a1b2c3d',
  accelerator: 'tcg',
  hosts: [
    {
      name: 'h1',
      index: 1,
      uuid: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
      suite: 'sid',
      tree: '/var/cache/drover/roots/sid',
      qemuVersion: '11.1.2',
      libvirtVersion: '12.8.0',
      link: null,
    },
  ],
  cuts: [{ host: 'h1', from: null }],
};

describe('the state of a lab', () => {
  it('reads as it was written', async () => {
    await writeState(dir, state);
    expect(await readState(dir)).toEqual(state);
  });

  it('is not found where there is none', async () => {
    await expect(readState(dir)).rejects.toMatchObject({ code: 'lab.not-found' });
    await expect(readState(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'lab.not-found' });
  });

  it.each(['', '{', '{}', JSON.stringify({ ...state, version: 2 })])(
    'that is damaged is told, with the way out: %j',
    async (text) => {
      writeFileSync(statePath(dir), text);
      await expect(readState(dir)).rejects.toMatchObject({
        code: 'lab.failed',
        hint: expect.stringContaining('lab down'),
      });
    },
  );
});
