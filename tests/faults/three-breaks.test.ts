import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { wholeReport } from '../guest/whole.ts';
import { labFolder } from '../lab/machine.ts';
import { guestIn } from './matrix.ts';
import { isSplit, until } from './phase.ts';
import { setTheatre, type Theatre } from './theatre.ts';

const linkBits = 200e6;
/** So slow that it breaks three times before its end. */
const slowBits = 40e6;
const longestMs = 240_000;
const longestCheckMs = 60_000;

test(
  'a post-copy that breaks three times is one migration with three recoveries',
  async () => {
    const guest = guestIn['post-copy'];
    const theatre = await setTheatre({ dir: await labFolder(), linkBits, guest, postgres: false });
    try {
      const { lab, watcher, store } = theatre;
      await pause(1_500);
      const startMs = performance.now();
      const id = await theatre.ask();
      await until(() => isSplit(theatre, id));
      for (const { name } of lab.hosts) await lab.shape(name, slowBits);
      for (let breaks = 1; breaks <= 3; breaks += 1) {
        await until(() => isSplit(theatre, id));
        await lab.breakMigrationConnection('h1');
        await until(async () => (await storyOf(theatre, id)).includes(`after break ${breaks}.`));
      }
      for (const { name } of lab.hosts) await lab.shape(name, linkBits);
      await until(async () => (await theatre.row(id))?.endedAt !== undefined);
      const endMs = performance.now();
      expect(await wholeReport(watcher, { startMs, endMs }, longestCheckMs)).toMatchObject({
        integrity: 'ok',
        onePlace: 'ok',
        verifiedWhole: true,
        runsOn: ['h2'],
      });
      const all = await store.read((kept) => kept.migrations.list({}, { limit: 10 }));
      expect(all?.items).toMatchObject([{ id, phase: 'completed', end: { postCopyBreaks: 3 } }]);
      const story = await storyOf(theatre, id);
      expect(story.match(/Post-copy broke; resuming it/g)).toHaveLength(3);
      expect(story).toMatch(/Post-copy broke 3 times and was resumed/);
    } finally {
      await theatre.down();
    }
  },
  longestMs + longestCheckMs,
);

async function storyOf({ store }: Theatre, id: string): Promise<string> {
  const kept = await store.read((one) => one.migrations.chapters(id));
  return kept?.why.join('\n') ?? '';
}
