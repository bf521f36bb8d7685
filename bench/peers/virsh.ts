import type { Driven } from '../steering/drive.ts';
import type { Way } from '../steering/stage.ts';
import { defaultDowntimeMs } from '../steering/static-arms.ts';

/** Longer than a cancel takes. */
const endingMs = 60_000;

/** `virsh migrate --live` on the source host, from daemon to daemon; cancelled after `limitMs`. */
export async function byVirsh(way: Way, limitMs: number): Promise<Driven> {
  const { vm, uuid, source, destination, run } = way;
  const [to] = destination.ways;
  if (to === undefined) throw new Error(`${destination.name} has no address`);
  await source.setMaxDowntime(uuid, defaultDowntimeMs);
  const startMs = performance.now();
  const late = setTimeout(() => void source.abortJob(uuid).catch(() => undefined), limitMs);
  const argv = ['virsh', 'migrate', '--live', '--p2p', vm, to.uri];
  const { code, stderr } = await run(argv, { timeoutMs: limitMs + endingMs });
  clearTimeout(late);
  const totalMs = performance.now() - startMs;
  if (code !== 0 && totalMs < limitMs) throw new Error(`virsh failed: ${stderr}`);
  return { totalMs: Math.min(totalMs, limitMs), samples: [] };
}
