import type { Controller } from '../controller/controller.ts';
import { makeController } from '../controller/make.ts';
import { realWorld } from '../controller/world.ts';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { configEntryOf, type Lab } from '../lab/index.ts';
import { appOver } from '../server/app.ts';
import { openPort } from '../server/listen.ts';
import { Metrics } from '../server/metrics.ts';
import { OnceCodes, onceLink } from '../server/web-once.ts';
import { openStore } from '../store/open.ts';

/** A controller over a lab's hosts, its API and its dashboard, which keep nothing on any disk. */
export interface LabService {
  readonly controller: Controller;
  readonly address: string;
  /** Opens the dashboard once, within ten minutes, as an admin. */
  link(): string;
  stop(): Promise<void>;
}

export interface LabServiceOptions {
  /** Of every host's link, as it was made, bits/s. */
  readonly linkBitsPerSecond: number;
  readonly version: string;
  readonly log: (message: string, error: unknown) => void;
}

const wallMs = (): number => realWorld.wallMs();

/** Serves on a free port of this machine alone. */
export async function serveLab(lab: Lab, options: LabServiceOptions): Promise<LabService> {
  const { version, log } = options;
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  const config = configOf(lab, options.linkBitsPerSecond);
  const controller = makeController({ store, config, name: 'lab', scope: 'all', log });
  const codes = new OnceCodes(wallMs);
  const ending = new AbortController();
  const app = appOver({
    controller,
    metrics: new Metrics(),
    web: codes,
    auth: { store, oidc: undefined, certificates: {}, wallMs, log },
    rate: { perSecond: 1_000, burst: 1_000 },
    version,
    wallMs,
    log,
    ending: ending.signal,
  });
  const door = await openPort(app, { ...config.server, listen: '127.0.0.1:0' });
  await controller.start();
  return {
    controller,
    address: door.address,
    link: () => onceLink(door.address, codes.make()),
    stop: async () => {
      ending.abort();
      await door.close();
      await controller.stop();
      await store.close();
    },
  };
}

/** The lab's hosts as Drover's configuration names them. */
function configOf(lab: Lab, linkBitsPerSecond: number): Config {
  const hosts = lab.hosts.map(
    (host) =>
      [
        host.name,
        { ...configEntryOf(host), postCopy: 'allowed', bandwidth: linkBitsPerSecond / 8 },
      ] as const,
  );
  return { ...emptyConfig, hosts: Object.fromEntries(hosts) };
}
