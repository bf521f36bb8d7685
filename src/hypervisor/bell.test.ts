import { describe, expect, test } from 'vitest';
import { Bell } from './bell.ts';
import { systemClock } from './clock.ts';
import { VirtualClock } from './virtual-clock.ts';

const longMs = 3_600_000;

describe('Bell', () => {
  test('wakes who sleeps by it, on either clock, and whoever lies down before it is hushed', async () => {
    const clock = new VirtualClock();
    const bell = new Bell();
    const asleep = [systemClock.sleep(longMs, bell), clock.sleep(longMs, bell)];
    expect(bell.aborted).toBe(false);
    bell.ring();
    await Promise.all(asleep);
    expect(bell.aborted).toBe(true);
    await systemClock.sleep(longMs, bell);
    expect(clock.nowMs()).toBe(0);
  });

  test('rings again once it was hushed, for who listens then', () => {
    const bell = new Bell();
    const heard: string[] = [];
    bell.addEventListener('abort', () => heard.push('first'));
    bell.ring();
    bell.hush();
    expect(bell.aborted).toBe(false);
    const gone = (): unknown => heard.push('gone');
    bell.addEventListener('abort', gone);
    bell.addEventListener('abort', () => heard.push('second'));
    bell.removeEventListener('abort', gone);
    bell.ring();
    expect(heard).toEqual(['first', 'second']);
  });
});
