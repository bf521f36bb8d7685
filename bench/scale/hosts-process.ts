/** The simulated hosts, in a process of their own: what they cost is not the controller's. */
import { systemClock } from '../../src/hypervisor/clock.ts';
import type { Host } from '../../src/hypervisor/port.ts';
import { SimulatedWorld } from '../../src/hypervisor/simulated.ts';
import { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { destinationName, moveOf, pairsFor, perPair, sourceName } from './layout.ts';
import { type Call, Outbox, type Reply, refusalOf } from './wire.ts';

const mib = 2 ** 20;
/** So little for each, of so much, that all are under way for the whole time. */
const bytesPerSecondEach = mib;
const memoryBytes = 32 * 1024 * mib;

const clock = new VirtualClock();
const hosts = hostsFor(Number(process.argv[2]));
const outbox = new Outbox<Reply>(process);
const watches = new Map<number, () => Promise<void>>();
let watchesMade = 0;

function hostsFor(count: number): ReadonlyMap<string, Host> {
  const made = new Map<string, Host>();
  for (let pair = 0; pair < pairsFor(count); pair += 1) {
    const link = { linkBytesPerSecond: perPair * bytesPerSecondEach, syncMs: Infinity };
    const world = new SimulatedWorld(clock, { ...link, setupMs: 50, callMs: 1 });
    const source = world.addHost(sourceName(pair));
    made.set(source.name, source);
    made.set(destinationName(pair), world.addHost(destinationName(pair)));
    for (let index = pair * perPair; index < Math.min(count, (pair + 1) * perPair); index += 1)
      source.addGuest(
        {
          name: moveOf(index).vm,
          memoryBytes,
          touchedBytes: memoryBytes,
          workingSetBytes: 64 * mib,
          writeBytesPerSecond: mib / 2,
          throttleEffect: 1,
        },
        'pet',
      );
  }
  return made;
}

async function answer(call: Call): Promise<void> {
  try {
    outbox.put({ kind: 'answer', id: call.id, value: await valueOf(call) });
  } catch (error) {
    outbox.put(refusalOf(call.id, error));
  }
}

async function valueOf({ host: name, method, given }: Call): Promise<unknown> {
  const host = hosts.get(name);
  if (host === undefined) throw new Error(`there is no host ${name}`);
  if (method === 'watchDomain') return watch(host, String(given[0]));
  if (method === 'unwatch') return watches.get(Number(given[0]))?.();
  const asked: unknown = Reflect.get(host, method);
  if (typeof asked !== 'function') throw new Error(`a host cannot be asked for ${method}`);
  return Reflect.apply(asked, host, given);
}

async function watch(host: Host, uuid: string): Promise<number> {
  const id = (watchesMade += 1);
  const end = await host.watchDomain(uuid, ({ kind }) =>
    outbox.put({ kind: 'change', watch: id, change: kind }),
  );
  watches.set(id, end);
  return id;
}

process.on('message', (calls: readonly Call[]) => {
  for (const call of calls) void answer(call);
});
process.on('disconnect', () => process.exit(0));
await clock.follow(systemClock, new AbortController().signal);
