import { randomUUID } from 'node:crypto';
import { once as nextEvent } from 'node:events';
import { createServer } from 'node:net';
import { z } from 'zod';
import type { Controller } from '../../src/controller/controller.ts';
import { type Stage, setStage } from '../../src/controller/testing/stage.ts';
import { realWorld } from '../../src/controller/world.ts';
import { type Config, emptyConfig } from '../../src/fleet/config.ts';
import { appOver } from '../../src/server/app.ts';
import { newSecret } from '../../src/server/auth.ts';
import { openPort } from '../../src/server/listen.ts';
import { Metrics } from '../../src/server/metrics.ts';
import type { OidcLogin } from '../../src/server/oidc-login.ts';
import { OnceCodes } from '../../src/server/web-once.ts';
import type { Role } from '../../src/store/rows.ts';

/** A server with its dashboard, over simulated hosts whose time passes as ours does. */
export interface Site {
  readonly stage: Stage;
  readonly controller: Controller;
  readonly address: string;
  readonly once: OnceCodes;
  /** A token of this role, and its id. */
  token(role: Role): Promise<{ readonly secret: string; readonly id: string }>;
  /** As the server goes down, with all its connections; and comes back at the same address. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  end(): Promise<void>;
}

const wallMs = (): number => Date.now();
const log = (message: string, error: unknown): void => {
  console.error(message, error);
};

export async function openSite(
  names?: readonly string[],
  /** What is set of every host, beside where it is. */
  settings: Partial<Config['hosts'][string]> = {},
  /** How to log in there otherwise than by token, at the address that it will have. */
  loginAt?: (address: string) => OidcLogin,
): Promise<Site> {
  const stage = await setStage(names);
  const hosts = Object.entries(stage.config.hosts).map(
    ([name, host]) => [name, { ...host, ...settings }] as const,
  );
  const passing = new AbortController();
  const passes = stage.clock.follow(realWorld.clock, passing.signal);
  const config = { ...stage.config, hosts: Object.fromEntries(hosts) };
  // Browsers reckon by the time of day as it is.
  const controller = stage.controller({ config, world: { ...stage.world, wallMs } });
  await controller.start();
  const once = new OnceCodes(wallMs);
  const { tokens } = stage.store;
  let listen = `127.0.0.1:${loginAt === undefined ? 0 : await freePort()}`;
  const login = loginAt?.(`http://${listen}`);
  const open = async (): Promise<Opened> => {
    const ending = new AbortController();
    const app = appOver({
      controller,
      metrics: new Metrics(),
      web: once,
      login,
      auth: { store: stage.store, oidc: undefined, certificates: {}, wallMs, log },
      rate: { perSecond: 1e6, burst: 1e6 },
      version: '0.0.0',
      wallMs,
      log,
      ending: ending.signal,
    });
    const door = await openPort(app, { ...emptyConfig.server, listen });
    return { door, ending };
  };
  let opened = await open();
  const { address } = opened.door;
  listen = new URL(address).host;
  const close = async (): Promise<void> => {
    opened.ending.abort();
    await opened.door.close();
  };
  return {
    stage,
    controller,
    address,
    once,
    token: async (role) => {
      const { secret, hash } = newSecret();
      const row = { id: randomUUID(), name: `a ${role}`, role, createdAt: wallMs() };
      await tokens.create({ ...row, expiresAt: undefined }, hash);
      return { secret, id: row.id };
    },
    goDown: close,
    comeBack: async () => {
      opened = await open();
    },
    end: async () => {
      await close();
      passing.abort();
      await passes;
      await stage.end();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await nextEvent(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  server.close();
  await nextEvent(server, 'close');
  return port;
}

interface Opened {
  readonly door: Awaited<ReturnType<typeof openPort>>;
  readonly ending: AbortController;
}
