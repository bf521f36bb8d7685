import type { Connection } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';

/** Share of the host's processors' time that nobody uses within so long, 0 to 1. */
export async function idleShare(
  connection: Connection,
  ms: number,
  clock: Clock,
): Promise<number | undefined> {
  const before = await timesOf(connection);
  await clock.sleep(ms);
  const after = await timesOf(connection);
  if (before === undefined || after === undefined) return undefined;
  const allMs = after.allMs - before.allMs;
  return allMs > 0 ? Math.min(1, Math.max(0, (after.idleMs - before.idleMs) / allMs)) : undefined;
}

interface Times {
  readonly idleMs: number;
  readonly allMs: number;
}

/** Who waits for a disk leaves the processor to others. */
async function timesOf(connection: Connection): Promise<Times | undefined> {
  const { userMs = 0, kernelMs = 0, idleMs, ioWaitMs = 0 } = await connection.nodeCpuStats();
  if (idleMs === undefined) return undefined;
  return { idleMs: idleMs + ioWaitMs, allMs: userMs + kernelMs + idleMs + ioWaitMs };
}
