import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { makeController } from '../controller/make.ts';
import { loadConfig } from '../fleet/config.ts';
import { watchConfig } from '../fleet/watch-config.ts';
import { appOver } from '../server/app.ts';
import { Metrics } from '../server/metrics.ts';
import { openStore, storePlace } from '../store/open.ts';
import type { Io } from './io.ts';
import { packageVersion } from './version.ts';

/** The whole service in this process, for those on this machine, without a server. */
export interface Embedded {
  /** Answers as the server does, whoever may do everything. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Steers this one, too, where nobody does. */
  takeUp(id: string): void;
  /** Gives all that is steered back: from then on the hosts carry it on, and nobody steers. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

function wallMs(): number {
  return Date.now();
}

/**
 * Opens the store of this machine, and steers what this process asks for. Rejects with
 * `store.unavailable` where nothing can be kept there.
 */
export async function embed(io: Io, configFile: string | undefined): Promise<Embedded> {
  const config = await loadConfig(configFile);
  const store = await openStore(storePlace(io.env));
  const log = (message: string, error: unknown): void => {
    if (io.env['DROVER_DEBUG']) io.err.write(`${message}: ${String(error)}\n`);
  };
  const who = userInfo().username;
  const name = `${hostname()}-${who}-${process.pid}-${randomBytes(2).toString('hex')}`;
  const controller = makeController({ store, config, name, scope: 'own', log });
  const ending = new AbortController();
  const app = appOver({
    controller,
    metrics: new Metrics(),
    auth: { store, oidc: undefined, certificates: {}, wallMs, log },
    rate: { perSecond: Infinity, burst: Infinity },
    version: packageVersion(),
    wallMs,
    log,
    ending: ending.signal,
  });
  const unwatch = await watchConfig(configFile, {
    onChange: (changed) => {
      controller.reload(changed);
      io.err.write('The config file has changed: what it says of the hosts holds from now on.\n');
    },
    onBroken: (error) => io.err.write(`What the config file said before holds: ${String(error)}\n`),
  });
  await controller.start();
  let stopped: Promise<void> | undefined;
  const handOver = (): Promise<void> => (stopped ??= controller.stop());
  return {
    fetch: (request) => app.fetch(request, { peer: { kind: 'local', who, by: 'embedded' } }),
    takeUp: (id) => controller.takeUp(id),
    handOver,
    close: async () => {
      unwatch();
      ending.abort();
      await handOver();
      await store.close();
    },
  };
}
