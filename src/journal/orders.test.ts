import { describe, expect, test } from 'vitest';
import { giveOrder, takeOrder } from './orders.ts';

describe('an order', () => {
  test('reaches who steers the migration, once', async () => {
    const given = giveOrder('taken', 'high');
    let taken = await takeOrder('taken');
    while (taken === undefined) taken = await takeOrder('taken');
    await given;
    expect(taken).toBe('high');
    expect(await takeOrder('taken')).toBeUndefined();
  });

  test('that nobody takes is taken back, and this is said', async () => {
    await expect(giveOrder('alone', 'low')).rejects.toMatchObject({
      code: 'migration.not-running',
    });
    expect(await takeOrder('alone')).toBeUndefined();
  });
});
