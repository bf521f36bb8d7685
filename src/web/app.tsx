import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Audit } from './audit.tsx';
import { Drain } from './drain.tsx';
import { Drains } from './drains.tsx';
import { Fleet } from './fleet.tsx';
import { fleetError, fleetListener } from './fleet-state.ts';
import { Hosts } from './hosts.tsx';
import { link, listen } from './live.ts';
import { Migration } from './migration.tsx';
import { Migrations } from './migrations.tsx';
import { Button, Trouble } from './parts.tsx';
import { Policy } from './policy.tsx';
import { followLinks, place } from './route.ts';
import { enter, Login, logOut, mayDo, me } from './session.tsx';
import { setTheme, theme } from './theme.ts';

interface View {
  readonly path: string;
  readonly title: string;
  readonly show: (rest: string) => JSX.Element;
  readonly for?: 'admin';
}

const views: readonly View[] = [
  { path: '/', title: 'Fleet', show: () => <Fleet /> },
  {
    path: '/drains',
    title: 'Drains',
    show: (id) => (id === '' ? <Drains /> : <Drain key={id} id={id} />),
  },
  {
    path: '/migrations',
    title: 'Migrations',
    show: (id) => (id === '' ? <Migrations /> : <Migration key={id} id={id} />),
  },
  { path: '/hosts', title: 'Hosts', show: () => <Hosts /> },
  { path: '/policy', title: 'Policy', show: () => <Policy /> },
  { path: '/audit', title: 'Audit', show: () => <Audit />, for: 'admin' },
];

export function App(): JSX.Element {
  useEffect(() => {
    followLinks();
    void enter();
  }, []);
  if (me.value === undefined) return <p class="quiet">Loading ...</p>;
  return me.value === null ? <Login /> : <Dashboard />;
}

function Dashboard(): JSX.Element {
  useEffect(() => {
    const leaving = new AbortController();
    void listen(fleetListener, leaving.signal);
    return () => leaving.abort();
  }, []);
  const { pathname } = place.value;
  const [, first = '', rest = ''] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? [];
  const view = views.find(({ path }) => path === `/${first}`);
  document.title = view === undefined ? 'Drover' : `${view.title} - Drover`;
  return (
    <>
      <a class="skip" href="#content" onClick={toContent}>
        Skip to content
      </a>
      <Header current={view} />
      <main id="content" tabIndex={-1}>
        <Lost />
        {fleetError.value === undefined || link.value.state === 'lost' ? null : (
          <Trouble error={fleetError.value} />
        )}
        {view === undefined ? <p>There is no such page.</p> : view.show(decodeURIComponent(rest))}
      </main>
    </>
  );
}

function toContent(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
  document.getElementById('content')?.focus();
}

function Header({ current }: { readonly current: View | undefined }): JSX.Element {
  const shown = views.filter((view) => view.for === undefined || mayDo(view.for));
  return (
    <header class="bar">
      <strong class="brand">Drover</strong>
      <nav aria-label="Views">
        {shown.map((view) => (
          <a
            key={view.path}
            href={view.path}
            {...(view === current ? { 'aria-current': 'page' as const } : {})}
          >
            {view.title}
          </a>
        ))}
      </nav>
      <span class="who">
        {me.value?.who} ({me.value?.role})
      </span>
      <label>
        Theme{' '}
        <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value)}>
          <option value="auto">as the system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
      {me.value?.by === 'certificate' ? null : <Button does={logOut}>Log out</Button>}
    </header>
  );
}

/** That the connection is lost, and how old what is shown is. */
function Lost(): JSX.Element {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  const state = link.value;
  const seconds = state.state === 'lost' ? Math.round((now.value - state.sinceMs) / 1000) : 0;
  return (
    <div role="status">
      {state.state === 'lost' ? (
        <p class="lost">
          The connection to the server is lost; this is how it was {seconds} s ago. It is being
          tried again. Migrations go on meanwhile.
        </p>
      ) : null}
    </div>
  );
}
