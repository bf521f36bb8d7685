import { expect, test } from 'vitest';
import { labFolder } from '../lab/machine.ts';
import { crashOnLab } from './lab-crash.ts';

test('whenever the controller is killed, real guests run in one place, whole, and what is told is true', async () => {
  const crashed = await crashOnLab(await labFolder(), 3, 7);
  expect({ ...crashed, migrations: crashed.migrations.length }).toMatchObject({
    wrong: [],
    startedTwice: [],
    unsteered: [],
  });
  expect(crashed.migrations.length).toBeGreaterThan(2);
}, 400_000);
