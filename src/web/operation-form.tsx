import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { OperationDocument } from '../api/operations.ts';
import { importances } from '../policy/vocabulary.ts';
import { Amount, Choice, options, type Stress, stressOf } from './fields.tsx';
import { hosts } from './fleet-state.ts';
import { Button } from './parts.tsx';

type Kind = Exclude<OperationDocument['kind'], 'restore'>;

/** An operation, as the API is asked for it. */
export type OperationWish = Stress &
  (
    | { readonly kind: 'drain'; readonly host: string; readonly reason: string }
    | { readonly kind: 'balance' | 'defrag' }
  );

const kinds: Readonly<Record<Kind, string>> = {
  drain: 'a host is emptied',
  balance: 'hosts are filled more evenly',
  defrag: 'hosts with little on them are emptied onto others',
};

/** What, why, how much it matters and by when; never how. */
export function OperationForm(props: {
  readonly asks: (wish: OperationWish) => Promise<void>;
}): JSX.Element {
  const kind = useSignal<string>('drain');
  const host = useSignal('');
  const reason = useSignal('maintenance');
  const importance = useSignal('');
  const minutes = useSignal('');
  const wish = (): OperationWish => {
    const asked = stressOf(importance.value, minutes.value);
    if (kind.value === 'balance' || kind.value === 'defrag') return { kind: kind.value, ...asked };
    return { kind: 'drain', host: host.value, reason: reason.value, ...asked };
  };
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <Choice of={kind} label="What is to be done">
        {Object.entries(kinds).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </Choice>
      {kind.value === 'drain' ? <Emptied host={host} reason={reason} /> : null}
      <Choice of={importance} label="Importance">
        <option value="">{kind.value === 'drain' ? 'as the reason has it' : 'low'}</option>
        {options(importances)}
      </Choice>
      <Amount of={minutes} least={1} label="Within, minutes" />
      <Button
        submit
        disabled={kind.value === 'drain' && host.value === ''}
        does={() => props.asks(wish())}
      >
        Show what it would do
      </Button>
    </form>
  );
}

function Emptied(props: {
  readonly host: Signal<string>;
  readonly reason: Signal<string>;
}): JSX.Element {
  return (
    <>
      <Choice of={props.host} label="Empty the host">
        <option value="">which?</option>
        {options((hosts.value ?? []).map(({ name }) => name))}
      </Choice>
      <Choice of={props.reason} label="Reason">
        {options(['maintenance', 'evacuation'])}
      </Choice>
    </>
  );
}
