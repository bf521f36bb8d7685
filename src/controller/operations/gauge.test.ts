import { expect, test } from 'vitest';
import type { SeenVm } from '../../operations/sight.ts';
import { Gauge } from './gauge.ts';

/** Sees as many bytes each time as its list says, once it is told to. */
function gauged(bytes: readonly number[]) {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  let told = 0;
  const gauge = new Gauge(
    async ({ name }, seconds) => {
      asked.push(`${name} ${seconds}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
      const times = asked.filter((one) => one.startsWith(`${name} `)).length;
      return [{ ms: seconds * 1000, bytes: bytes[times - 1] ?? 0 }];
    },
    () => (told += 1),
  );
  const over = async (): Promise<void> => {
    for (const end of waiting.splice(0)) end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { gauge, asked, over, told: () => told };
}

test('each is measured once, and whoever asks meanwhile waits for the same', async () => {
  const { gauge, asked, over, told } = gauged([7]);
  const both = Promise.all([gauge.once([vm('a')]), gauge.once([vm('a'), vm('b')])]);
  expect(asked).toEqual(['a 1', 'b 1']);
  expect([gauge.isAwaited('a'), gauge.isAwaited('c')]).toEqual([true, false]);
  await over();
  await both;
  expect([gauge.isAwaited('a'), told()]).toEqual([false, 2]);
  expect(gauge.seen('a')).toEqual([{ ms: 1_000, bytes: 7 }]);
  await gauge.once([vm('a')]);
  expect(asked).toEqual(['a 1', 'b 1']);
});

test('who waits is measured again, for longer, side by side with all others; samples of one length are one', async () => {
  const { gauge, asked, over } = gauged([7, 30, 9]);
  const all = [vm('a'), vm('b')];
  gauge.whileWaiting(all);
  gauge.whileWaiting(all);
  await over();
  gauge.whileWaiting(all);
  await over();
  gauge.whileWaiting([vm('a')]);
  await over();
  expect(asked).toEqual(['a 1', 'b 1', 'a 4', 'b 4', 'a 1']);
  expect(gauge.seen('a')).toEqual([
    { ms: 1_000, bytes: 8 },
    { ms: 4_000, bytes: 30 },
  ]);
});

function vm(name: string): SeenVm {
  return {
    uuid: name,
    name,
    host: 'h1',
    state: 'running',
    memoryBytes: 2 ** 30,
    virtualCpus: 1,
    slaClass: 'pet',
    labels: [],
    foreignJob: false,
  };
}
