import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { OperationDocument } from '../api/operations.ts';
import { importances } from '../policy/vocabulary.ts';
import { ask } from './api.ts';
import { Amount, instantIn } from './fields.tsx';
import { happened, hosts, readAnew } from './fleet-state.ts';
import { Button, Instant, Show, useLoaded } from './parts.tsx';
import { type PartLevers, ReportView } from './report.tsx';
import { go } from './route.ts';
import { mayDo } from './session.tsx';
import { titleOf } from './words.ts';

/** How often an operation that is not over is looked at, ms. */
const lookEveryMs = 1_500;
const live: readonly OperationDocument['state'][] = ['running', 'paused', 'cancelling'];

export function Drain({ id }: { readonly id: string }): JSX.Element {
  const beat = useSignal(0);
  const over = useSignal(false);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!over.peek()) beat.value += 1;
    }, lookEveryMs);
    return () => clearInterval(timer);
  }, [id]);
  const path = `/v1/operations/${encodeURIComponent(id)}`;
  const loaded = useLoaded(
    async (signal) => {
      const operation = await ask<OperationDocument>(path, { signal });
      over.value = !live.includes(operation.state);
      return operation;
    },
    [id, beat.value, happened.value],
  );
  const again = (): void => {
    beat.value += 1;
  };
  return (
    <Show loaded={loaded}>{(operation) => <Shown operation={operation} again={again} />}</Show>
  );
}

interface ShownProps {
  readonly operation: OperationDocument;
  /** What is shown is to be read anew. */
  readonly again: () => void;
}

function Shown({ operation, again }: ShownProps): JSX.Element {
  const { id, report, requestedBy, requestedAt, deadlineAt, importance, reason, state } = operation;
  const raised =
    report === null || report.importance === importance ? '' : `, by now ${report.importance}`;
  const acts = live.includes(state) && mayDo('operator');
  return (
    <>
      <h1>
        {titleOf(operation)}: {state}
      </h1>
      <p class="quiet">
        {reason}, importance {importance}
        {raised}; asked for by {requestedBy}, <Instant at={requestedAt} />
      </p>
      {acts ? (
        <>
          <Levers operation={operation} again={again} />
          <Deadline operation={operation} again={again} />
        </>
      ) : null}
      {report === null ? (
        <p>Nobody has looked yet.</p>
      ) : (
        <ReportView
          report={report}
          since={requestedAt}
          deadlineAt={deadlineAt}
          levers={acts ? leversOf(id, again) : undefined}
        />
      )}
      {mayDo('operator') && !live.includes(state) ? <OpenAgain operation={operation} /> : null}
      <p>
        <a href={`/migrations?operation=${id}`}>Its migrations</a>
      </p>
    </>
  );
}

async function change(id: string, body: object): Promise<void> {
  await ask(`/v1/operations/${id}`, { method: 'PATCH', body });
}

function leversOf(id: string, again: () => void): PartLevers {
  return {
    hurry: async (uuid) => {
      await change(id, { vms: { [uuid]: { importance: 'high' } } });
      again();
    },
    leave: async (uuid) => {
      await change(id, { vms: { [uuid]: { leave: true } } });
      again();
    },
  };
}

function Levers({ operation, again }: ShownProps): JSX.Element {
  const { id, state, importance, report } = operation;
  const higher = importances.slice(importances.indexOf(report?.importance ?? importance) + 1);
  const then = (work: Promise<unknown>): Promise<void> => work.then(again);
  const cancel = (abortRunning: boolean): Promise<void> =>
    then(ask(`/v1/operations/${id}/cancel`, { method: 'POST', body: { abortRunning } }));
  return (
    <p class="levers">
      {state === 'running' ? (
        <Button does={() => then(change(id, { paused: true }))}>Pause</Button>
      ) : null}
      {state === 'paused' ? (
        <Button does={() => then(change(id, { paused: false }))}>Resume</Button>
      ) : null}
      {higher.map((wanted) => (
        <Button key={wanted} does={() => then(change(id, { importance: wanted }))}>
          Raise importance to {wanted}
        </Button>
      ))}
      {state === 'cancelling' ? null : (
        <Button confirm="Really cancel? What is under way lands" does={() => cancel(false)}>
          Cancel
        </Button>
      )}
      <Button
        confirm="Really cancel? What is under way turns back where it can"
        does={() => cancel(true)}
      >
        Cancel, and turn back
      </Button>
    </p>
  );
}

function Deadline({ operation, again }: ShownProps): JSX.Element {
  const minutes = useSignal('');
  const set = async (deadlineAt: string | null): Promise<void> => {
    await change(operation.id, { deadlineAt });
    minutes.value = '';
    again();
  };
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <Amount of={minutes} least={1} label="Deadline, minutes from now" />
      <Button
        submit
        disabled={!(Number(minutes.value) > 0)}
        does={() => set(instantIn(Number(minutes.value)))}
      >
        Set the deadline
      </Button>
      {operation.deadlineAt === null ? null : (
        <Button does={() => set(null)}>Without a deadline</Button>
      )}
    </form>
  );
}

/** A host that was drained stays closed until somebody opens it. */
function OpenAgain({ operation }: { readonly operation: OperationDocument }): JSX.Element | null {
  const host = hosts.value?.find(({ name }) => name === operation.host);
  if (operation.kind !== 'drain' || typeof host?.closedBy !== 'string') return null;
  const open = async (restore: boolean): Promise<void> => {
    const path = `/v1/hosts/${encodeURIComponent(host.name)}/undrain`;
    const { operation: back } = await ask<{ operation: OperationDocument | null }>(path, {
      method: 'POST',
      body: { restore },
    });
    readAnew('hosts', 'operations');
    if (back !== null) go(`/drains/${back.id}`);
  };
  return (
    <p class="levers">
      {host.name} is closed: no VM moves to it.
      <Button does={() => open(false)}>Open it again</Button>
      <Button does={() => open(true)}>Open it, and bring back who left</Button>
    </p>
  );
}
