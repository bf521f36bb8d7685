import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { z } from 'zod';
import type { whoami } from '../api/people.ts';
import { ApiError, ask } from './api.ts';
import { Button, Trouble } from './parts.tsx';

type Me = z.output<typeof whoami>;

/** Who is logged in; `undefined`: it is not known yet; `null`: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** Why nobody is, where that is worth a word. */
const trouble = signal<unknown>(undefined);

/** What went wrong at the identity provider, by the code that the server sends back. */
const refusals: Readonly<Record<string, string>> = {
  'auth.forbidden':
    'The identity provider knows you, and you have no role here: an admin gives one.',
  'auth.required': 'The login was not finished, or took too long. Try again.',
  'server.unreachable': 'The identity provider does not answer. Try again, or use a token.',
};

/** By the code of a link, or by the cookie that is still there. */
export async function enter(): Promise<void> {
  const refused = /^#login=([\w.-]+)$/.exec(location.hash)?.[1];
  if (refused !== undefined) {
    history.replaceState(null, '', location.pathname);
    trouble.value = new Error(refusals[refused] ?? `The login failed: ${refused}`);
  }
  const once = /^#once=([\w-]+)$/.exec(location.hash)?.[1];
  if (once !== undefined) {
    // It opens nothing any more, and should not be looked at either.
    history.replaceState(null, '', location.pathname);
    return logIn({ once }).catch((error: unknown) => {
      trouble.value = error;
      return recall();
    });
  }
  return recall();
}

async function recall(): Promise<void> {
  try {
    me.value = await ask<Me>('/v1/whoami');
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) trouble.value = error;
    me.value = null;
  }
}

async function logIn(by: { readonly token: string } | { readonly once: string }): Promise<void> {
  me.value = await ask<Me>('/session', { method: 'POST', body: by });
  trouble.value = undefined;
}

export async function logOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' });
  // All that was shown goes with who was shown it.
  location.assign('/');
}

/** The session has ended while the page was open. */
export function sessionEnded(error: unknown): void {
  trouble.value = error;
  me.value = null;
}

/** Whether who is logged in may do what needs this role. */
export function mayDo(role: Me['role']): boolean {
  const order: readonly string[] = ['viewer', 'operator', 'admin'];
  return order.indexOf(me.value?.role ?? '') >= order.indexOf(role);
}

interface Doors {
  /** The identity provider; `null`: there is none. */
  readonly oidc: string | null;
}

export function Login(): JSX.Element {
  const [token, setToken] = useState('');
  const [doors, setDoors] = useState<Doors>({ oidc: null });
  useEffect(() => {
    ask<Doors>('/login').then(setDoors, (error: unknown) => {
      trouble.value = error;
    });
  }, []);
  const enterToken = async (): Promise<void> => logIn({ token: token.trim() });
  return (
    <main class="login">
      <h1>Drover</h1>
      {doors.oidc === null ? null : (
        <p>
          <a class="button" rel="external" href="/login/oidc">
            Log in at {new URL(doors.oidc).host}
          </a>
        </p>
      )}
      <form onSubmit={(event) => event.preventDefault()}>
        <label>
          Token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <Button submit does={enterToken}>
          Log in
        </Button>
      </form>
      {trouble.value === undefined ? null : <Trouble error={trouble.value} />}
      <p class="quiet">
        On the server, <code>drover token create NAME --role operator</code> makes a token. A token
        of the identity provider that the server trusts is as good.
      </p>
    </main>
  );
}
