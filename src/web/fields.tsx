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

export function Amount(
  props: FieldProps & { readonly least?: number; readonly most?: number },
): JSX.Element {
  const { of, label, least = 0, most } = props;
  return (
    <label>
      {label}{' '}
      <input
        type="number"
        min={least}
        max={most}
        value={of.value}
        onInput={(event) => {
          of.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

export interface Stress {
  readonly importance?: string;
  readonly deadlineAt?: string;
}

/** How much something matters and by when, as the API is asked: of a field left empty nothing is said. */
export function stressOf(importance: string, minutes: string): Stress {
  return {
    ...(importance === '' ? {} : { importance }),
    ...(Number(minutes) > 0 ? { deadlineAt: instantIn(Number(minutes)) } : {}),
  };
}

export function instantIn(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}
