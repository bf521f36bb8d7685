/**
 * Asks every route of the API what its schema allows and what it does not, as everybody.
 * Usage: node bench/fuzz-api/run.ts [--requests 2000] [--seed 1] [--postgres]
 * `--requests` is per route. Exits with 1 where a request broke the server, where somebody got what
 * is not his own, or where an answer was not as its schema has it.
 */
import { parseArgs } from 'node:util';
import { fuzzApi } from '../../tests/server/fuzz.ts';
import { startPostgres } from '../../tests/store/postgres.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    postgres: { type: 'boolean', default: false },
  },
});
const postgres = values.postgres ? await startPostgres() : undefined;
try {
  const began = performance.now();
  const report = await fuzzApi({
    requestsPerRoute: Number(values.requests),
    seed: Number(values.seed),
    ...(postgres === undefined ? {} : { place: { kind: 'postgres', url: postgres.url } }),
  });
  const seconds = (performance.now() - began) / 1000;
  for (const [route, count] of Object.entries(report.done)) console.log(`done ${count}: ${route}`);
  for (const [status, count] of Object.entries(report.byStatus)) console.log(`${status}: ${count}`);
  for (const violation of report.violations) console.error(violation);
  console.log(
    `seed ${values.seed} routes ${report.routes} requests ${report.requests} s ${seconds.toFixed(1)} violations ${report.violations.length}`,
  );
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  await postgres?.remove();
}
