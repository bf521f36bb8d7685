import { expect, it } from 'vitest';
import { splitText, theOnly } from './run-vm.ts';

const earlier = { uuid: 'u1', host: 'h1', seenAt: '2026-03-01T10:15:00.000Z' };
const later = { uuid: 'u1', host: 'h2', seenAt: '2026-03-01T10:15:00.500Z' };
const another = { uuid: 'u2', host: 'h3', seenAt: '2026-03-01T10:15:01.000Z' };

it('shows a VM where it was seen last', () => {
  expect(theOnly('web', [earlier, later])).toBe(later);
  expect(theOnly('web', [later, earlier])).toBe(later);
});

it('shows none where there is none, and none of several', () => {
  expect(() => theOnly('web', [])).toThrow(expect.objectContaining({ code: 'domain.not-found' }));
  expect(() => theOnly('web', [earlier, another])).toThrow(
    expect.objectContaining({ code: 'usage.invalid', hint: expect.stringContaining('u1') }),
  );
});

it('says loudly, and once, which VM runs on two hosts', () => {
  const vms = [
    { uuid: 'u1', name: 'web', host: 'h1', alsoRunsOn: ['h2'] },
    { uuid: 'u1', name: 'web', host: 'h2', alsoRunsOn: ['h1'] },
    { uuid: 'u2', name: 'db', host: 'h2', alsoRunsOn: [] },
  ];
  expect(splitText(vms)).toEqual([
    expect.stringMatching(/^DANGER: web runs on h1 and on h2 at once/),
  ]);
});
