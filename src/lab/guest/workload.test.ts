import { describe, expect, it } from 'vitest';
import { DroverError } from '../../errors/catalogue.ts';
import { formatWorkload, parseWorkload, workloadForGuest } from './workload.ts';

describe('workloads as people write them', () => {
  it.each([
    ['idle', 'pattern=idle content=compressible scrub=10000'],
    [
      'sequential:rate=40MiB/s,set=96MiB',
      'pattern=sequential rate=10240 set=24576 at=0 content=compressible scrub=10000',
    ],
    [
      'random:rate=5001pages/s',
      'pattern=random rate=5001 set=0 at=0 content=compressible scrub=10000',
    ],
    [
      'hot:rate=200MiB/s,set=256MiB,hot=20.5%,writes=99%',
      'pattern=hot rate=51200 set=65536 at=0 hot=205 writes=990 content=compressible scrub=10000',
    ],
    [
      'phased:rate=80MiB/s,burst=500ms,quiet=20s',
      'pattern=phased rate=20480 set=0 at=0 burst=500 quiet=20000 content=compressible scrub=10000',
    ],
    [
      'random:rate=1MiB/s,set=32MiB,at=64MiB',
      'pattern=random rate=256 set=8192 at=16384 content=compressible scrub=10000',
    ],
    ['spin:set=1GiB,content=random', 'pattern=spin set=262144 at=0 content=random scrub=10000'],
    ['xor:scrub=2s', 'pattern=xor content=compressible scrub=2000'],
    ['idle:content=text', 'pattern=idle content=text scrub=10000'],
  ])('%s', (text, forGuest) => {
    const workload = parseWorkload(text);
    expect(workloadForGuest(workload)).toBe(forGuest);
    expect(formatWorkload(workload)).toBe(text);
  });

  it('defaults are not written out', () => {
    expect(formatWorkload(parseWorkload('hot: rate=1GiB/s, hot=20%, writes=90%, set=all'))).toBe(
      'hot:rate=1024MiB/s',
    );
  });

  it.each([
    ['busy', "'busy' is not a workload pattern", 'idle, sequential'],
    ['sequential', "'sequential' needs 'rate'", '40MiB/s'],
    ['sequential:rate=40', "'sequential' cannot have rate=40", '40MiB/s'],
    ['sequential:rate=0MiB/s', 'cannot have rate=0MiB/s', 'at least one page'],
    ['idle:rate=1MiB/s', "'idle' has no field 'rate'", 'content, scrub'],
    ['spin:set=lots', 'cannot have set=lots', 'or all'],
    ['hot:rate=1MiB/s,hot=120%', 'cannot have hot=120%', '99.9%'],
    ['random:rate=1MiB/s,rate=2MiB/s', "given 'rate' twice", 'once'],
    ['idle:content=zero', 'cannot have content=zero', 'compressible or random'],
    ['idle:scrub=1ms', 'cannot have scrub=1ms', '100ms to 10m'],
  ])('%s is answered with what is wrong and what is allowed', (text, message, hint) => {
    const error = failure(() => parseWorkload(text));
    expect(error.code).toBe('usage.invalid');
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});

function failure(action: () => unknown): DroverError {
  try {
    action();
  } catch (error) {
    if (error instanceof DroverError) return error;
  }
  throw new Error('it was accepted');
}
