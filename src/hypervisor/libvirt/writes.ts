import type { Connection, Domain } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import type { SeenWrites } from '../port.ts';

/** After its time a measurement is asked for this often, until it is given up. */
const askMs = 100;
const giveUpMs = 5_000;

/**
 * Has QEMU compare samples of the guest's pages over `seconds`; `undefined` where no answer comes.
 * It samples no memory of less than 128 MiB, and always finds 0 there.
 */
export async function measureWrites(
  domain: Domain,
  seconds: number,
  clock: Clock,
): Promise<SeenWrites | undefined> {
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
export async function residentBytes(
  connection: Connection,
  domain: Domain,
): Promise<number | undefined> {
  const [record] = await connection.allDomainStats(['balloon'], [domain]);
  const kibibytes = record?.stats.get('balloon.rss');
  return typeof kibibytes === 'number' ? kibibytes * 1024 : undefined;
}
