import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { importances } from '../policy/vocabulary.ts';
import { hosts } from './fleet-state.ts';
import { Button } from './parts.tsx';

/** A drain, as the API is asked for it. */
export interface DrainWish {
  readonly kind: 'drain';
  readonly host: string;
  readonly reason: string;
  readonly importance?: string;
  readonly deadlineAt?: string;
}

/** Which host, why, how much it matters and by when; never how. */
export function DrainForm(props: {
  readonly asks: (wish: DrainWish) => Promise<void>;
}): JSX.Element {
  const host = useSignal('');
  const reason = useSignal('maintenance');
  const importance = useSignal('');
  const minutes = useSignal('');
  const wish = (): DrainWish => ({
    kind: 'drain',
    host: host.value,
    reason: reason.value,
    ...(importance.value === '' ? {} : { importance: importance.value }),
    ...(Number(minutes.value) > 0 ? { deadlineAt: instantIn(Number(minutes.value)) } : {}),
  });
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <Choice of={host} label="Empty the host">
        <option value="">which?</option>
        {options((hosts.value ?? []).map(({ name }) => name))}
      </Choice>
      <Choice of={reason} label="for">
        {options(['maintenance', 'evacuation'])}
      </Choice>
      <Choice of={importance} label="Importance">
        <option value="">as the reason has it</option>
        {options(importances)}
      </Choice>
      <label>
        Within, minutes{' '}
        <input
          type="number"
          min="1"
          value={minutes.value}
          onInput={(event) => {
            minutes.value = event.currentTarget.value;
          }}
        />
      </label>
      <Button submit disabled={host.value === ''} does={() => props.asks(wish())}>
        Show what it would do
      </Button>
    </form>
  );
}

function Choice(props: {
  readonly of: Signal<string>;
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <label>
      {props.label}{' '}
      <select
        value={props.of.value}
        onChange={(event) => {
          props.of.value = event.currentTarget.value;
        }}
      >
        {props.children}
      </select>
    </label>
  );
}

function options(values: readonly string[]): readonly JSX.Element[] {
  return values.map((value) => (
    <option key={value} value={value}>
      {value}
    </option>
  ));
}

function instantIn(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}
