import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { AuditDocument } from '../api/people.ts';
import { ask, withQuery } from './api.ts';
import { happened } from './fleet-state.ts';
import { Button, Instant, Show, useLoaded } from './parts.tsx';
import { filterBy, place } from './route.ts';

interface Page {
  readonly items: readonly AuditDocument[];
  readonly next: string | null;
}

const filters = { who: 'Who', subject: 'Of what' } as const;

/** Who asked for what, when, from where, and what came of it. */
export function Audit(): JSX.Element {
  const query = place.value.searchParams;
  const wanted = { who: query.get('who') ?? '', subject: query.get('subject') ?? '' };
  const path = withQuery('/v1/audit', { ...wanted, limit: 100 });
  const loaded = useLoaded((signal) => ask<Page>(path, { signal }), [path, happened.value]);
  return (
    <>
      <h1>Audit</h1>
      <search class="filters">
        {Object.entries(filters).map(([name, title]) => (
          <label key={name}>
            {title}{' '}
            <input
              value={query.get(name) ?? ''}
              onChange={filterBy(name)}
              placeholder="whole name"
            />
          </label>
        ))}
      </search>
      <Show loaded={loaded}>{(page) => <Entries key={path} path={path} first={page} />}</Show>
    </>
  );
}

function Entries({ path, first }: { readonly path: string; readonly first: Page }): JSX.Element {
  const more = useSignal<readonly Page[]>([]);
  const { next } = more.value.at(-1) ?? first;
  const items = [first, ...more.value].flatMap((page) => page.items);
  const load = async (): Promise<void> => {
    const page = await ask<Page>(`${path}&after=${next ?? ''}`);
    more.value = [...more.value, page];
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="The audit">
        <table>
          <thead>
            <tr>
              <th>When</th>
              <th>Who</th>
              <th>From</th>
              <th>What</th>
              <th>Of what</th>
              <th>What came of it</th>
              <th>Details</th>
            </tr>
          </thead>
          <tbody>
            {items.map((entry) => (
              <tr key={entry.seq}>
                <td>
                  <Instant at={entry.at} />
                </td>
                <td>{entry.who}</td>
                <td>{entry.from}</td>
                <td>{entry.what}</td>
                <td>{entry.subject}</td>
                <td>{entry.outcome}</td>
                <td>
                  <code>{JSON.stringify(entry.details)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {next === null ? null : <Button does={load}>Show older ones</Button>}
    </>
  );
}
