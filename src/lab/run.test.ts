import { describe, expect, it } from 'vitest';
import { must, run } from './run.ts';

describe('running a program', () => {
  it('gives its output and code', async () => {
    expect(await run(['sh', '-c', 'cat; echo err >&2; exit 3'], { input: 'in' })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'err\n',
    });
  });

  it('passes arguments on as they are', async () => {
    const odd = ['$(id)', 'a b', "';--", '*', ''];
    const { stdout } = await run(['printf', '%s\\n', ...odd]);
    expect(stdout).toBe(odd.map((word) => `${word}\n`).join(''));
  });

  it('ends it with its children when the time is over', async () => {
    // The grandchild holds the pipe: were it left alive, this would not end.
    const result = await run(['sh', '-c', 'sleep 1000 & sleep 1000'], { timeoutMs: 50 });
    expect(result.code).toBe(124);
  });

  it('does not mind a program that reads nothing of its input', async () => {
    expect((await run(['true'], { input: 'x'.repeat(1_000_000) })).code).toBe(0);
  });

  it('says which program is missing, and what a failing one said', async () => {
    await expect(run(['no-such-program'])).rejects.toMatchObject({ code: 'lab.missing' });
    await expect(must(['sh', '-c', 'echo broken >&2; exit 5'])).rejects.toMatchObject({
      code: 'lab.failed',
      message: expect.stringMatching(/code 5: broken$/),
    });
  });

  it('gives the code that a shell gives for a signal', async () => {
    expect((await run(['sh', '-c', 'kill -9 $$'])).code).toBe(137);
  });
});
