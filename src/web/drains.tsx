import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { OperationDocument, RehearsalDocument } from '../api/operations.ts';
import { ask } from './api.ts';
import { operations } from './fleet-state.ts';
import { OperationForm, type OperationWish } from './operation-form.tsx';
import { Button, Instant } from './parts.tsx';
import { ReportView } from './report.tsx';
import { go } from './route.ts';
import { mayDo } from './session.tsx';
import { percent, titleOf } from './words.ts';

/** Drains, and whatever else is several migrations; and the way to begin one. */
export function Drains(): JSX.Element {
  return (
    <>
      <h1>Drains</h1>
      <Plan />
      <h2>Operations</h2>
      {operations.value === undefined ? <p class="quiet">Loading ...</p> : null}
      {operations.value?.length === 0 ? <p>There have been none.</p> : null}
      {operations.value === undefined || operations.value.length === 0 ? null : (
        <div class="scroll" tabIndex={0} role="region" aria-label="The operations">
          <table>
            <thead>
              <tr>
                <th>What</th>
                <th>State</th>
                <th class="number">Arrived</th>
                <th>All have arrived by</th>
                <th>Deadline</th>
                <th>Asked for</th>
                <th>By</th>
              </tr>
            </thead>
            <tbody>
              {operations.value.map((one) => (
                <Row key={one.id} operation={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Row({ operation }: { readonly operation: OperationDocument }): JSX.Element {
  const { id, state, report, deadlineAt, requestedAt, requestedBy, endedAt } = operation;
  return (
    <tr>
      <td>
        <a href={`/drains/${id}`}>{titleOf(operation)}</a>
      </td>
      <td>{state}</td>
      <td class="number">{report === null ? '-' : percent(report.share)}</td>
      <td>
        <Instant at={endedAt === null ? (report?.eta?.p50 ?? null) : null} />
      </td>
      <td>
        <Instant at={deadlineAt} />
      </td>
      <td>
        <Instant at={requestedAt} />
      </td>
      <td>{requestedBy}</td>
    </tr>
  );
}

async function begin(wish: OperationWish): Promise<void> {
  const begun = await ask<OperationDocument>('/v1/operations', { method: 'POST', body: wish });
  go(`/drains/${begun.id}`);
}

/** What an operation would do, before the button is pressed that does it. */
function Plan(): JSX.Element {
  const rehearsed = useSignal<{ wish: OperationWish; rehearsal: RehearsalDocument } | undefined>(
    undefined,
  );
  const rehearse = async (wish: OperationWish): Promise<void> => {
    rehearsed.value = undefined;
    const asked = { method: 'POST', body: wish } as const;
    rehearsed.value = { wish, rehearsal: await ask<RehearsalDocument>('/v1/rehearsals', asked) };
  };
  const shown = rehearsed.value;
  return (
    <>
      <OperationForm asks={rehearse} />
      {shown === undefined ? null : <Rehearsed {...shown} />}
    </>
  );
}

const nothingToDo = { balance: 'The fleet is even enough.', defrag: 'No host can be spared.' };

function Rehearsed(props: {
  readonly wish: OperationWish;
  readonly rehearsal: RehearsalDocument;
}): JSX.Element {
  const { wish, rehearsal } = props;
  const { report, requestedAt, deadlineAt } = rehearsal;
  if (wish.kind !== 'drain' && report.parts.length === 0)
    return <p role="status">{nothingToDo[wish.kind]}</p>;
  const { title, button } = wordsOf(wish);
  return (
    <section aria-label="What it would do">
      <h2>What {title} would do</h2>
      {mayDo('operator') ? <Button does={() => begin(wish)}>Begin: {button}</Button> : null}
      <ReportView
        report={report}
        since={requestedAt}
        deadlineAt={deadlineAt}
        levers={undefined}
        rehearsed
      />
    </section>
  );
}

function wordsOf(wish: OperationWish): { readonly title: string; readonly button: string } {
  switch (wish.kind) {
    case 'drain':
      return { title: `emptying ${wish.host}`, button: `empty ${wish.host}` };
    case 'balance':
      return { title: 'balancing', button: 'balance' };
    case 'defrag':
      return { title: 'defragmentation', button: 'defragment' };
  }
}
