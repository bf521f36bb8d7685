import { runEpisode } from '../../src/controller/testing/episode.ts';

/** Plays the episodes of some seeds, and prints one line of JSON for each. */
const [first = 1, count = 1, step = 1] = process.argv.slice(2).map(Number);
for (let index = 0; index < count; index += 1) {
  const { seed, faults, rows, wrong, gone, struckIn } = await runEpisode(first + index * step);
  const phases = rows.map(({ phase }) => phase);
  console.log(JSON.stringify({ seed, faults, phases, wrong, gone, struckIn }));
}
