import { expect, test } from 'vitest';
import { startPostgres } from '../store/postgres.ts';
import { fuzzApi } from './fuzz.ts';

/** What was done at all: nothing is shown by requests that were all refused. */
const mustBeDone = [
  'PUT /v1/hosts/{name}',
  'DELETE /v1/hosts/{name}',
  'POST /v1/migrations',
  'GET /v1/migrations/{id}/explanation',
  'POST /v1/operations',
  'POST /v1/tokens',
  'DELETE /v1/tokens/{id}',
  'GET /v1/audit',
  'GET /v1/events',
];

/** What takes something that has not ended: rare among few requests. */
const mustBeDoneToTheLiving = [
  'POST /v1/migrations/{id}/abort',
  'PATCH /v1/operations/{id}',
  'POST /v1/operations/{id}/cancel',
];

const mustBeAnswered = ['200', '201', '400', '401', '403', '404', '409', '413', '422'];

test('whatever is asked, by whomever: nobody breaks it, nobody gets what is not his own', async () => {
  const { violations, done, byStatus } = await fuzzApi({ requestsPerRoute: 500, seed: 1 });
  expect(violations).toEqual([]);
  expect(Object.keys(done)).toEqual(
    expect.arrayContaining([...mustBeDone, ...mustBeDoneToTheLiving]),
  );
  expect(Object.keys(byStatus)).toEqual(expect.arrayContaining(mustBeAnswered));
});

test('with PostgreSQL, too, whose types are stricter', async () => {
  const postgres = await startPostgres();
  try {
    const place = { kind: 'postgres', url: postgres.url } as const;
    const { violations, done } = await fuzzApi({ requestsPerRoute: 240, seed: 2, place });
    expect(violations).toEqual([]);
    expect(Object.keys(done)).toEqual(expect.arrayContaining(mustBeDone));
  } finally {
    await postgres.remove();
  }
});
