import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

/** What went wrong, and the way out. */
export function Trouble({ error }: { readonly error: unknown }): JSX.Element {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ApiError ? error.hint : undefined;
  return (
    <div class="trouble" role="alert">
      <strong>{message}</strong>
      {hint === undefined ? null : <p>{hint}</p>}
    </div>
  );
}

interface ButtonProps {
  readonly does: () => Promise<void>;
  readonly children: ComponentChildren;
  readonly submit?: boolean;
  /** Asked before it is done: what it means, and what the second click says. */
  readonly confirm?: string;
  readonly disabled?: boolean;
  /** Where what it shows does not say which one of many it is for. */
  readonly label?: string;
}

/** Does it once, says what went wrong, and asks again where it cannot be undone. */
export function Button(props: ButtonProps): JSX.Element {
  const { does, children, submit = false, confirm, disabled = false, label } = props;
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<unknown>();
  const press = async (): Promise<void> => {
    if (confirm !== undefined && !asked) return setAsked(true);
    setAsked(false);
    setBusy(true);
    setError(undefined);
    try {
      await does();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="button">
      <button
        type={submit ? 'submit' : 'button'}
        class={asked ? 'sure' : ''}
        disabled={busy || disabled}
        {...(label === undefined || asked ? {} : { 'aria-label': label })}
        onClick={() => void press()}
        onBlur={() => setAsked(false)}
      >
        {asked ? confirm : children}
      </button>
      {error === undefined ? null : <Trouble error={error} />}
    </span>
  );
}

/** What was asked for, as it comes in. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'there'; readonly value: T };

/** Asks when the view opens, and again whenever one of these changes; what is shown stays meanwhile. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  changing: readonly unknown[],
): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  useEffect(() => {
    const leaving = new AbortController();
    const tell = (now: Loaded<T>): void => {
      if (!leaving.signal.aborted) setLoaded(now);
    };
    const run = async (): Promise<void> => {
      try {
        tell({ state: 'there', value: await load(leaving.signal) });
      } catch (error) {
        tell({ state: 'failed', error });
      }
    };
    void run();
    return () => leaving.abort();
  }, changing);
  return loaded;
}

export function Show<T>(props: {
  readonly loaded: Loaded<T>;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element {
  const { loaded, children } = props;
  if (loaded.state === 'failed') return <Trouble error={loaded.error} />;
  if (loaded.state === 'loading') return <p class="quiet">Loading ...</p>;
  return children(loaded.value);
}

/** A time of day in the reader's zone; the whole of it on pointing. */
export function Instant({ at }: { readonly at: string | null }): JSX.Element {
  if (at === null) return <span>-</span>;
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const shown = today ? date.toLocaleTimeString() : date.toLocaleString();
  return (
    <time dateTime={at} title={date.toString()}>
      {shown}
    </time>
  );
}
