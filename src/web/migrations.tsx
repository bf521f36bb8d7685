import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { MigrationDocument } from '../api/migrations.ts';
import { importances, reasons, slaClasses } from '../policy/vocabulary.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import { ask, withQuery } from './api.ts';
import { happened, running } from './fleet-state.ts';
import { MoveForm, vmsCalled } from './move-form.tsx';
import { Button, Instant, Show, useLoaded } from './parts.tsx';
import { filterBy, place } from './route.ts';
import { classSigns, durationOf, isLive, phaseWord } from './words.ts';

interface Page {
  readonly items: readonly MigrationDocument[];
  readonly next: string | null;
}

const outcomes = ['completed', 'stayed', 'aborted', 'failed-safe', 'lost', 'unknown'];
const choices = {
  state: ['live', 'ended'],
  phase: outcomes,
  class: slaClasses,
  importance: importances,
  reason: reasons,
} as const;
const titles = {
  state: 'State',
  phase: 'Outcome',
  class: 'Class',
  importance: 'Importance',
  reason: 'Reason',
};
const texts = { vm: 'VM', host: 'Host', operation: 'Operation' } as const;
const filters = [...Object.keys(choices), ...Object.keys(texts)];
const perPage = 50;

/** All migrations, newest first, as they are filtered by the address. */
export function Migrations(): JSX.Element {
  const query = place.value.searchParams;
  const wanted = filters.map((name) => [name, query.get(name) ?? ''] as const);
  const path = withQuery('/v1/migrations', { ...Object.fromEntries(wanted), limit: perPage });
  const loaded = useLoaded((signal) => ask<Page>(path, { signal }), [path, happened.value]);
  return (
    <>
      <h1>Migrations</h1>
      <Filters query={query} />
      {vmsCalled(query.get('vm') ?? '').map((vm) => (
        <MoveForm key={vm.uuid} vm={vm} />
      ))}
      <Show loaded={loaded}>{(page) => <Pages key={path} path={path} first={page} />}</Show>
    </>
  );
}

function Filters({ query }: { readonly query: URLSearchParams }): JSX.Element {
  return (
    <search class="filters">
      {Object.entries(texts).map(([name, title]) => (
        <label key={name}>
          {title}{' '}
          <input value={query.get(name) ?? ''} onChange={filterBy(name)} placeholder="whole name" />
        </label>
      ))}
      {Object.entries(choices).map(([name, values]) => (
        <label key={name}>
          {Object.entries(titles).find(([known]) => known === name)?.[1]}{' '}
          <select value={query.get(name) ?? ''} onChange={filterBy(name)}>
            <option value="">all</option>
            {values.map((value) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        </label>
      ))}
    </search>
  );
}

function Pages({ path, first }: { readonly path: string; readonly first: Page }): JSX.Element {
  const more = useSignal<readonly Page[]>([]);
  const { next } = more.value.at(-1) ?? first;
  const items = [first, ...more.value].flatMap((page) => page.items);
  if (items.length === 0) return <p>There are none.</p>;
  const load = async (): Promise<void> => {
    const page = await ask<Page>(withQuery('', { after: next ?? '' }).replace('?', `${path}&`));
    more.value = [...more.value, page];
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="The migrations">
        <table>
          <thead>
            <tr>
              <th>VM</th>
              <th>From</th>
              <th>To</th>
              <th>Importance</th>
              <th>Reason</th>
              <th>Asked for</th>
              <th>How it stands</th>
              <th class="number">Took</th>
              <th class="number">Foreseen</th>
              <th class="number">Paused</th>
              <th class="number">Sent</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <Row key={one.id} asked={one} />
            ))}
          </tbody>
        </table>
      </div>
      {next === null ? null : <Button does={load}>Show older ones</Button>}
    </>
  );
}

function Row({ asked }: { readonly asked: MigrationDocument }): JSX.Element {
  const one = running.value.get(asked.id)?.value ?? asked;
  const { end, progress } = one;
  const done = isLive(one) && progress !== null ? `, ${Math.floor(progress.percent)} %` : '';
  return (
    <tr>
      <td>
        <a href={`/migrations/${one.id}`}>
          {one.class === null ? '' : `${classSigns[one.class]} `}
          {one.vmName ?? one.vm}
        </a>
      </td>
      <td>{one.from}</td>
      <td>{one.to}</td>
      <td>{one.importance}</td>
      <td>{one.reason ?? '-'}</td>
      <td>
        <Instant at={one.requestedAt} />
      </td>
      <td>
        {phaseWord(one.phase)}
        {done}
        {one.error === null ? '' : `: ${one.error.message}`}
      </td>
      <td class="number">{end === null ? '-' : formatDuration(end.totalMs)}</td>
      <td class="number">{end === null ? '-' : foreseen(end)}</td>
      <td class="number">{end === null ? '-' : durationOf(end.blackoutMs)}</td>
      <td class="number">{end === null ? '-' : formatBytes(end.sentBytes)}</td>
    </tr>
  );
}

/** What was expected at first, and by how much that was off. */
function foreseen({ forecastMs, totalMs }: NonNullable<MigrationDocument['end']>): string {
  if (forecastMs === null) return '-';
  if (totalMs <= 0) return formatDuration(forecastMs);
  const off = Math.round((forecastMs / totalMs - 1) * 100);
  return `${formatDuration(forecastMs)} (${off > 0 ? '+' : ''}${off} %)`;
}
