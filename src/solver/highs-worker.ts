import { parentPort, workerData } from 'node:worker_threads';
import highsModule from 'highs';
import { z } from 'zod';

/** Solves one program and ends. HiGHS does not return while it works: so it has a thread of its own. */
const { program, seconds } = z
  .object({ program: z.string(), seconds: z.number() })
  .parse(workerData);
// The package's types are those of its CommonJS form; what Node loads here is the function itself.
const loadHighs = z
  .custom<typeof highsModule.default>((found) => typeof found === 'function')
  .parse(highsModule);
const highs = await loadHighs();
const { Status, ObjectiveValue, Columns } = highs.solve(program, {
  output_flag: false,
  time_limit: seconds,
});
const values: Record<string, number> = {};
for (const [name, column] of Object.entries(Columns))
  if ('Primal' in column && typeof column.Primal === 'number') values[name] = column.Primal;
const answer = { status: Status, objective: ObjectiveValue, values };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(answer);
