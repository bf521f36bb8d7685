import type { Connection, Domain } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import type { SeenWrites } from '../port.ts';

/** After its time a measurement is asked for this often, until it is given up. */
const askMs = 100;
const giveUpMs = 5_000;

/** QEMU samples no block of memory that is smaller: it would always find 0. */
const leastSampledBytes = 128 * 2 ** 20;

/** Has QEMU compare samples of the guest's pages over `seconds`; `undefined` where it cannot tell. */
export async function measureWrites(
  connection: Connection,
  domain: Domain,
  seconds: number,
  clock: Clock,
): Promise<SeenWrites | undefined> {
  const memory = await balloonBytes(connection, domain, 'current');
  if (memory === undefined || memory < leastSampledBytes) return undefined;
  await domain.startDirtyRateCalculation({ seconds });
  await clock.sleep(seconds * 1000);
  for (let waitedMs = 0; waitedMs < giveUpMs; waitedMs += askMs) {
    const rate = await domain.dirtyRate();
    if (rate?.status === 'measured' && rate.bytesPerSecond !== undefined)
      return { ms: seconds * 1000, bytes: rate.bytesPerSecond * seconds };
    await clock.sleep(askMs);
  }
  return undefined;
}

/** Memory of the domain's process that the host keeps in RAM, bytes: the guest's, and some of QEMU's. */
export function residentBytes(connection: Connection, domain: Domain): Promise<number | undefined> {
  return balloonBytes(connection, domain, 'rss');
}

async function balloonBytes(
  connection: Connection,
  domain: Domain,
  what: 'current' | 'rss',
): Promise<number | undefined> {
  const [record] = await connection.allDomainStats(['balloon'], [domain]);
  const kibibytes = record?.stats.get(`balloon.${what}`);
  return typeof kibibytes === 'number' ? kibibytes * 1024 : undefined;
}
