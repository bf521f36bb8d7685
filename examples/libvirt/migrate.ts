/**
 * Moves a running domain and shows how it goes; Ctrl-C cancels the migration.
 * Usage: node examples/libvirt/migrate.ts SOURCE_URI DOMAIN DESTINATION_URI
 * The destination's URI is one by which the source's daemon reaches it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Domain, LibvirtError } from '../../src/libvirt/index.ts';

const [sourceUri, name, destinationUri] = process.argv.slice(2);
if (sourceUri === undefined || name === undefined || destinationUri === undefined) {
  throw new Error('usage: migrate.ts SOURCE_URI DOMAIN DESTINATION_URI');
}

const source = await connect(sourceUri);
try {
  const domain = await source.lookupByName(name);
  process.once('SIGINT', () => void domain.abortJob());
  await domain.setMaxDowntimeMs(300);
  const over = new AbortController();
  const migration = domain.migratePeerToPeer(destinationUri, { autoConverge: {} });
  await Promise.all([migration.finally(() => over.abort()), showProgress(domain, over.signal)]);
  console.log(`${name} has moved`);
} catch (error) {
  if (!(error instanceof LibvirtError)) throw error;
  // The daemon's own words, and a code that a program can decide on.
  console.error(`${name} has not moved (${error.code}): ${error.message}`);
  process.exitCode = 1;
} finally {
  await source.close();
}

async function showProgress(domain: Domain, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const stats = await statsOf(domain);
    if (stats !== undefined) {
      const remaining = (stats.memoryRemainingBytes ?? 0) / 2 ** 20;
      console.log(`${remaining.toFixed(0)} MiB to go after ${stats.elapsedMs} ms`);
    }
    await sleep(500, undefined, { signal: over }).catch(() => undefined);
  }
}

/** At its end the job goes away between one look and the next, and then so does the domain. */
async function statsOf(domain: Domain): ReturnType<Domain['jobStats']> {
  try {
    return await domain.jobStats();
  } catch (error) {
    if (error instanceof LibvirtError) return undefined;
    throw error;
  }
}
