import { setTimeout as pause } from 'node:timers/promises';
import { DroverError } from '../../src/errors/catalogue.ts';
import type { DomainState, Host } from '../../src/hypervisor/port.ts';
import type { MigrationRow } from '../../src/store/rows.ts';
import { NotReached, type Phase } from './matrix.ts';
import type { Theatre } from './theatre.ts';

const longestWayMs = 90_000;

/** Until the hosts show that the migration is there; the guest's UUID. */
export async function reach(theatre: Theatre, id: string, phase: Phase): Promise<string> {
  const untilMs = performance.now() + longestWayMs;
  for (;;) {
    const row = await theatre.row(id);
    if (row?.vmUuid !== undefined && (await isIn(theatre, row, phase))) return row.vmUuid;
    const over = row?.endedAt !== undefined && phase !== 'just completed';
    if (over || performance.now() > untilMs)
      throw new NotReached(`${phase} was not reached: it is ${row?.phase ?? 'nowhere'}`);
    await pause(20);
  }
}

async function isIn(
  theatre: Theatre,
  { phase: told, vmUuid }: MigrationRow,
  phase: Phase,
): Promise<boolean> {
  if (phase === 'just completed') return told === 'completed';
  return vmUuid !== undefined && isShown[phase](theatre, vmUuid);
}

/** How the hosts show that a migration is in its phase. */
const isShown: Readonly<
  Record<Exclude<Phase, 'just completed'>, (theatre: Theatre, uuid: string) => Promise<boolean>>
> = {
  'before start': () => Promise.resolve(true),
  'first pass': async ({ source }, uuid) => {
    const job = await source.readJob(uuid);
    return job?.sample.phase === 'pre-copy' && job.sample.memorySentBytes > 0;
  },
  throttled: async ({ source }, uuid) =>
    ((await source.readJob(uuid))?.sample.throttlePercent ?? 0) > 0,
  'switching over': async ({ source }, uuid) => {
    const state = await source.domainState(uuid);
    return state?.state === 'paused' && state.reason === 'migration';
  },
  'post-copy': ({ destination }, uuid) => runsSplit(destination, uuid),
};

/** Whether the guest of a migration runs at its destination, with a part of its memory elsewhere. */
export async function isSplit(theatre: Theatre, id: string): Promise<boolean> {
  const uuid = (await theatre.row(id))?.vmUuid;
  return uuid !== undefined && runsSplit(theatre.destination, uuid);
}

const longestWaitMs = 240_000;

/** Looks every `everyMs` whether something holds; throws where it does not come to hold in four minutes. */
export async function until(holds: () => Promise<boolean>, everyMs = 50): Promise<void> {
  const untilMs = performance.now() + longestWaitMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error('what was waited for did not come');
    await pause(everyMs);
  }
}

/** Whether the guest runs there, with a part of its memory elsewhere. */
async function runsSplit(destination: Host, uuid: string): Promise<boolean> {
  const state = await destination.domainState(uuid);
  return state?.state === 'running' && state.reason === 'post-copy';
}

type StateSource = Pick<Host, 'domainState'>;

const split: readonly DomainState['reason'][] = ['post-copy', 'post-copy-failed'];

/** Whether a host shows that nothing of the guest is at its source any more; who is silent shows nothing. */
export async function isAcross(
  { source, destination }: Readonly<Record<'source' | 'destination', StateSource>>,
  uuid: string,
): Promise<boolean> {
  const there = await stateAt(destination, uuid);
  if (there === 'silent' || there === undefined) return isGone(await stateAt(source, uuid));
  return there.state === 'running' && !split.includes(there.reason);
}

function isGone(here: DomainState | 'silent' | undefined): boolean {
  return here === undefined || (here !== 'silent' && here.state === 'shut-off');
}

/** `undefined`: it is not there. */
async function stateAt(
  host: StateSource,
  uuid: string,
): Promise<DomainState | 'silent' | undefined> {
  try {
    return await host.domainState(uuid);
  } catch (error) {
    if (error instanceof DroverError && error.code === 'host.unreachable') return 'silent';
    throw error;
  }
}
