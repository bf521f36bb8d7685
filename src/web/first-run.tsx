import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from './api.ts';
import { readAnew } from './fleet-state.ts';
import { Button } from './parts.tsx';
import { mayDo } from './session.tsx';

/** A fleet without hosts: what to do to have one. */
export function FirstRun(): JSX.Element {
  return (
    <>
      <h1>No hosts yet</h1>
      <p>
        Drover moves VMs between hosts that it knows. It needs a libvirt URI of each, such as{' '}
        <code>qemu+ssh://root@h1/system</code>, and its user has to be able to log in there.
      </p>
      {mayDo('admin') ? <AddHost /> : <p>An admin can add hosts.</p>}
      <p>
        At a terminal: <code>drover host add h1 qemu+ssh://root@h1/system</code>, and then{' '}
        <code>drover doctor</code>, which says what is missing.
      </p>
    </>
  );
}

/** Adds a host by its name and URI; what else is set of one has its defaults. */
export function AddHost(): JSX.Element {
  const [name, setName] = useState('');
  const [uri, setUri] = useState('');
  const add = async (): Promise<void> => {
    const path = `/v1/hosts/${encodeURIComponent(name.trim())}`;
    await ask(path, { method: 'PUT', body: { uri: uri.trim() }, headers: { 'if-match': '"0"' } });
    setName('');
    setUri('');
    readAnew('hosts', 'vms');
  };
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Name <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        URI{' '}
        <input
          class="wide"
          placeholder="qemu+ssh://root@h1/system"
          value={uri}
          onInput={(event) => setUri(event.currentTarget.value)}
        />
      </label>
      <Button submit disabled={name.trim() === '' || uri.trim() === ''} does={add}>
        Add host
      </Button>
    </form>
  );
}
