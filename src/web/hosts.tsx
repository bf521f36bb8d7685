import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { HostDocument, HostSettings } from '../api/hosts.ts';
import type { VmDocument } from '../api/vms.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import { ask } from './api.ts';
import { Examination } from './examination.tsx';
import { AddHost, FirstRun } from './first-run.tsx';
import { hosts, readAnew, running, vms } from './fleet-state.ts';
import { Button, Instant } from './parts.tsx';
import { mayDo } from './session.tsx';

/** What is set of each host, how it does, and the ways to change it. */
export function Hosts(): JSX.Element {
  if (hosts.value === undefined) return <p class="quiet">Loading ...</p>;
  if (hosts.value.length === 0) return <FirstRun />;
  const byHost = Map.groupBy(vms.value ?? [], ({ host }) => host);
  return (
    <>
      <h1>Hosts</h1>
      <Look />
      <div class="scroll" tabIndex={0} role="region" aria-label="The hosts">
        <table>
          <thead>
            <tr>
              <th>Host</th>
              <th>VMs</th>
              <th>Leave now</th>
              <th>Arrive now</th>
              <th>Last seen</th>
              <th>Takes VMs in</th>
              <th>May guests be split over two hosts</th>
              <th>Limits</th>
              <th>Link</th>
              <th>Set in</th>
              {mayDo('operator') ? <th>Do</th> : null}
            </tr>
          </thead>
          <tbody>
            {hosts.value.map((host) => (
              <Row key={host.name} host={host} vms={byHost.get(host.name) ?? []} />
            ))}
          </tbody>
        </table>
      </div>
      {mayDo('admin') ? (
        <>
          <h2>Add a host</h2>
          <AddHost />
        </>
      ) : null}
      {mayDo('operator') ? <Examination /> : null}
      <p class="quiet">
        <code>drover doctor</code> looks at the same from where it is typed;{' '}
        <code>drover host set</code> sets what this page does not.
      </p>
    </>
  );
}

/** Whether the hosts answer is known when they are asked. */
function Look(): JSX.Element {
  const seen = useSignal<{ at: string; silent: readonly string[] } | undefined>(undefined);
  const look = async (): Promise<void> => {
    const { silent } = await ask<{ silent: string[] }>('/v1/vms?look=true');
    seen.value = { at: new Date().toISOString(), silent };
    readAnew('vms');
  };
  return (
    <p class="levers">
      <Button does={look}>Ask all hosts now</Button>
      <span role="status">
        {seen.value === undefined ? null : (
          <>
            <Instant at={seen.value.at} />:{' '}
            {seen.value.silent.length === 0
              ? 'all have answered.'
              : `no answer from ${seen.value.silent.join(', ')}.`}
          </>
        )}
      </span>
    </p>
  );
}

function Row(props: {
  readonly host: HostDocument;
  readonly vms: readonly VmDocument[];
}): JSX.Element {
  const { host, vms: here } = props;
  const live = [...running.value.values()].map((one) => one.value);
  const seenAt =
    here
      .map((vm) => vm.seenAt)
      .toSorted()
      .at(-1) ?? null;
  const memory = here.reduce((sum, vm) => sum + vm.memoryBytes, 0);
  return (
    <tr>
      <th scope="row">
        {host.name}
        <br />
        <code>{host.uri}</code>
      </th>
      <td>
        {here.length}, {formatBytes(memory)}
      </td>
      <td>{live.filter(({ from }) => from === host.name).length}</td>
      <td>{live.filter(({ to }) => to === host.name).length}</td>
      <td>
        <Instant at={seenAt} />
      </td>
      <td>
        {host.arrivals === 'open' ? 'yes' : 'no: closed'}
        {host.closedBy === null ? '' : ` by ${host.closedBy}`}
      </td>
      <td>{host.postCopy === 'allowed' ? 'yes' : 'no'}</td>
      <td>{limitsOf(host)}</td>
      <td>{host.link ?? '-'}</td>
      <td>{host.origin === 'config' ? 'the config file' : 'the store'}</td>
      {mayDo('operator') ? (
        <td>
          <Levers host={host} />
        </td>
      ) : null}
    </tr>
  );
}

function limitsOf({ bandwidthBytesPerSecond, maxOutgoing, maxIncoming }: HostDocument): string {
  const limits = [
    bandwidthBytesPerSecond === null ? undefined : formatRate(bandwidthBytesPerSecond),
    maxOutgoing === null ? undefined : `${maxOutgoing} leave at once`,
    maxIncoming === null ? undefined : `${maxIncoming} arrive at once`,
  ];
  return limits.filter((limit) => limit !== undefined).join(', ') || 'the usual ones';
}

async function then(work: Promise<unknown>): Promise<void> {
  await work;
  readAnew('hosts');
}

function Levers({ host }: { readonly host: HostDocument }): JSX.Element {
  const path = `/v1/hosts/${encodeURIComponent(host.name)}`;
  const headers = { 'if-match': `"${host.revision}"` };
  const may = mayDo('admin') && host.origin === 'store';
  const set = (changes: Partial<HostSettings>): Promise<void> =>
    then(ask(path, { method: 'PUT', body: { ...settingsOf(host), ...changes }, headers }));
  const other = host.postCopy === 'allowed' ? 'forbidden' : 'allowed';
  return (
    <>
      {host.closedBy === null ? null : (
        <Act of={host} does={() => then(ask(`${path}/undrain`, { method: 'POST', body: {} }))}>
          Open
        </Act>
      )}
      {may ? (
        <>
          <Act of={host} does={() => set({ postCopy: other })}>
            {other === 'allowed' ? 'Allow splitting' : 'Forbid splitting'}
          </Act>
          <Act
            of={host}
            confirm={`Really forget ${host.name}? Nothing happens to it`}
            does={() => then(ask(path, { method: 'DELETE', headers }))}
          >
            Forget
          </Act>
        </>
      ) : null}
    </>
  );
}

function Act(props: {
  readonly of: HostDocument;
  readonly does: () => Promise<void>;
  readonly children: string;
  readonly confirm?: string;
}): JSX.Element {
  const { of, does, children, confirm } = props;
  return (
    <Button
      does={does}
      label={`${children}: ${of.name}`}
      {...(confirm === undefined ? {} : { confirm })}
    >
      {children}
    </Button>
  );
}

/** All that is set of it: what is left out of a request goes back to its default. */
function settingsOf(host: HostDocument): HostSettings {
  const { uri, peerUri, postCopy, bandwidthBytesPerSecond, maxOutgoing, maxIncoming, link } = host;
  return {
    uri,
    postCopy,
    ...(peerUri === null ? {} : { peerUri }),
    ...(bandwidthBytesPerSecond === null ? {} : { bandwidthBytesPerSecond }),
    ...(maxOutgoing === null ? {} : { maxOutgoing }),
    ...(maxIncoming === null ? {} : { maxIncoming }),
    ...(link === null ? {} : { link }),
  };
}
