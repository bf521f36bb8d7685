import {
  addGuest,
  type GuestSpec,
  type HeartbeatWatcher,
  removeGuest,
  watchGuest,
} from '../../src/lab/guest/index.ts';
import type { Lab, LabHost } from '../../src/lab/index.ts';

/** A guest on the first of two hosts, and who listens to it on both. */
export interface Way {
  readonly source: LabHost;
  readonly destination: LabHost;
  readonly watcher: HeartbeatWatcher;
}

/** Has a guest of class pet that beats, for as long as the work takes; then it is ended, wherever it runs. */
export async function withGuest<T>(
  lab: Lab,
  spec: Omit<GuestSpec, 'class' | 'kind'>,
  work: (way: Way) => Promise<T>,
): Promise<T> {
  const source = lab.host('h1');
  const destination = lab.host('h2');
  const { name } = spec;
  await addGuest(source, { ...spec, class: 'pet', kind: 'beat' });
  const watcher = watchGuest(lab.hosts, name);
  try {
    return await work({ source, destination, watcher });
  } finally {
    watcher.stop();
    await removeGuest(destination, name).catch(() => removeGuest(source, name));
  }
}
