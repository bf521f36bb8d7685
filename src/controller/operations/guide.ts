import { DroverError } from '../../errors/catalogue.ts';
import { resolveHost } from '../../fleet/hosts.ts';
import type { SeenVm, Sight } from '../../operations/sight.ts';
import type { PlannedMove } from '../../planner/plan.ts';
import type { Importance } from '../../policy/vocabulary.ts';
import { PlanMaker } from './planner.ts';
import { Scout, type ScoutPorts } from './scout.ts';

/** Whose move is asked for, from where and to where, as far as that is said. */
export interface AskedMove {
  readonly vm: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface FoundMove {
  readonly from: string;
  readonly to: string;
}

/**
 * Finds what was left open of a move: the host where the VM is, and the one that the planner takes for it.
 * Rejects with `domain.not-found`, `usage.invalid` where several could be meant, `domain.busy` where
 * it is being moved, or `preflight.refused` where no host can take it.
 */
export async function findMove(
  asked: AskedMove,
  importance: Importance,
  ports: ScoutPorts,
): Promise<FoundMove> {
  const { from, to } = asked;
  if (from !== undefined && to !== undefined) return { from, to };
  const names = Object.keys(ports.config().hosts);
  const asks = from === undefined ? names : [resolveHost(ports.config(), from).name];
  if (asks.some((name) => !names.includes(name)) || names.length === 0) throw noFleet(asked);
  const scout = new Scout(ports);
  try {
    const seen = onlyOne(asked, await scout.see(asks, new Set()));
    if (to !== undefined) return { from: seen.host, to };
    const move = await plannedMove(seen, importance, ports, scout);
    return { from: seen.host, to: move.to };
  } finally {
    await scout.close();
  }
}

/** As if its host were emptied of it alone. */
async function plannedMove(
  seen: SeenVm,
  importance: Importance,
  ports: ScoutPorts,
  scout: Scout,
): Promise<PlannedMove> {
  await scout.gauge.once([seen]);
  const { plan } = await new PlanMaker(ports.store, scout, ports.config).plan({
    wanted: { drain: [seen.host], importance },
    leaving: [seen],
    resting: () => ({}),
    fixed: (uuid) => (uuid === seen.uuid ? undefined : 'nobody asked for it to move'),
    throughputOf: () => undefined,
  });
  const move = plan.moves.find(({ vm }) => vm === seen.uuid);
  if (move?.running) throw movesNow(seen);
  if (move !== undefined && move.after.length === 0) return move;
  const stuck = plan.remaining.find(({ vm }) => vm === seen.uuid);
  const obstacles = (stuck?.obstacles ?? []).map(({ hosts, why }) => `${hosts.join(', ')}: ${why}`);
  const none = move === undefined ? 'there is no other host' : 'room would have to be made first';
  throw new DroverError(
    'preflight.refused',
    `No host can take ${seen.name}: ${obstacles.length === 0 ? none : obstacles.join('; ')}`,
    {
      hint: 'A host named with --to is looked at more closely, and says all that speaks against it.',
    },
  );
}

/** A guest amid its switch-over may be seen on both of its hosts: it is where it runs. */
function onlyOne({ vm, from }: AskedMove, { hosts }: Sight): SeenVm {
  const found = [...hosts.values()]
    .flatMap((vms) => vms ?? [])
    .filter(({ name, uuid }) => name === vm || uuid === vm);
  const running = found.filter(({ state }) => state === 'running');
  const [first, second] = running.length === 0 ? found : running;
  if (first === undefined) throw nowhere(vm, from, hosts);
  if (second === undefined) return first;
  const both = [first, second].map(({ host }) => host).join(' and ');
  const hint =
    first.uuid === second.uuid
      ? 'One guest must not run twice: look which one is whole, and stop the other.'
      : 'Say which one is meant: --from HOST, or its UUID.';
  throw new DroverError('usage.invalid', `${vm} is on ${both}`, { hint });
}

function nowhere(vm: string, from: string | undefined, hosts: Sight['hosts']): DroverError {
  const silent = [...hosts].flatMap(([name, vms]) => (vms === undefined ? [name] : []));
  const missing = silent.length === 0 ? '' : `; ${silent.join(', ')} did not answer`;
  const where = from ?? 'any host that answers';
  return new DroverError('domain.not-found', `No VM ${vm} on ${where}${missing}`, {
    hint: '`drover vm list` shows those that are there.',
  });
}

function movesNow({ name, host }: SeenVm): DroverError {
  return new DroverError('domain.busy', `${name} is being moved from ${host} already`, {
    hint: `Watch it: drover migrations watch ${name}. Hurry it: drover expedite ${name} --importance high.`,
  });
}

function noFleet({ from, to }: AskedMove): DroverError {
  const open = [...(from === undefined ? ['from'] : []), ...(to === undefined ? ['to'] : [])];
  return new DroverError('usage.invalid', `A host is needed for: ${open.join(', ')}`, {
    hint: 'Name it (--from, --to). It is found among the hosts of the config file and of `drover host add` alone.',
  });
}
