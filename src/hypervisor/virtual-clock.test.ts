import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('an hour passes at once, in order', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const wait = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    seen.push(`${name}@${clock.nowMs()}`);
  };
  const all = [wait('late', 3_600_000), wait('first', 10), wait('second', 10)];
  await clock.run(Promise.all(all));
  expect(seen).toEqual(['first@10', 'second@10', 'late@3600000']);
});

test('a sleep ends early with its signal, and its timer with it', async () => {
  const clock = new VirtualClock();
  const wake = new AbortController();
  clock.schedule(5, () => wake.abort());
  await clock.run(clock.sleep(1_000, wake.signal));
  expect(clock.nowMs()).toBe(5);
});

test('what was withdrawn does not happen', async () => {
  const clock = new VirtualClock();
  let happened = false;
  const withdraw = clock.schedule(5, () => {
    happened = true;
  });
  withdraw();
  await clock.run(clock.sleep(10));
  expect(happened).toBe(false);
});

test('work that nothing will end is told, not waited for', async () => {
  const clock = new VirtualClock();
  await expect(clock.run(new Promise(() => undefined))).rejects.toThrow(/come to rest/);
  const endless = async (): Promise<void> => {
    for (;;) await clock.sleep(1_000);
  };
  await expect(clock.run(endless(), 5_000)).rejects.toThrow(/ran past/);
});
