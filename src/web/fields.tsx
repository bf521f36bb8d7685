import type { Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

interface FieldProps {
  readonly of: Signal<string>;
  readonly label: string;
}

export function Choice(props: FieldProps & { readonly children: ComponentChildren }): JSX.Element {
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

export function options(values: readonly string[]): readonly JSX.Element[] {
  return values.map((value) => (
    <option key={value} value={value}>
      {value}
    </option>
  ));
}

/** How long from now; empty: nothing is said of it. */
export function Minutes({ of, label }: FieldProps): JSX.Element {
  return (
    <label>
      {label}{' '}
      <input
        type="number"
        min="1"
        value={of.value}
        onInput={(event) => {
          of.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

export function instantIn(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}
