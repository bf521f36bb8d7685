import { expect, it } from 'vitest';
import { onInterrupt } from './interrupt.ts';

it('hears the first wish once, every further one as insistence, and nothing after its end', () => {
  const heard: string[] = [];
  const others = process.listeners('SIGHUP');
  const release = onInterrupt(
    () => heard.push('first'),
    () => heard.push('again'),
  );
  process.emit('SIGINT');
  process.emit('SIGTERM');
  process.emit('SIGINT');
  release();
  expect(heard).toEqual(['first', 'again', 'again']);
  expect(process.listeners('SIGHUP')).toEqual(others);
});
