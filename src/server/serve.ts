import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Logger, pino } from 'pino';
import type { Controller } from '../controller/controller.ts';
import { makeController } from '../controller/make.ts';
import { realWorld } from '../controller/world.ts';
import { DroverError } from '../errors/catalogue.ts';
import { type Config, loadConfig } from '../fleet/config.ts';
import type { ServerSettings } from '../fleet/server-settings.ts';
import { socketPath } from '../fleet/state-dir.ts';
import { watchConfig } from '../fleet/watch-config.ts';
import { openStore, postgresPlace, type StorePlace, storePlace } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { type AppOptions, appOver } from './app.ts';
import { countedWorld } from './counted.ts';
import { keepHeapSmall } from './heap.ts';
import { type Door, isLoopback, openPort, openSocket } from './listen.ts';
import { Metrics } from './metrics.ts';
import { notifySystemd, watchdogMs } from './notify.ts';
import { oidcVerifier } from './oidc.ts';
import { oidcLogin } from './oidc-login.ts';
import { OnceCodes, onceLink } from './web-once.ts';

/** What `drover serve` is told on its command line; it has the last word over the config file. */
export interface ServeOptions {
  readonly config?: string | undefined;
  readonly listen?: string | undefined;
  readonly socket?: string | undefined;
  readonly database?: string | undefined;
  /** Listen on a public address although TLS or auth is missing. */
  readonly insecure?: boolean | undefined;
  readonly version: string;
  /** What a person at a terminal should read at the start. */
  readonly say: (text: string) => void;
  /** What is said is read by whoever started it, and kept by nobody: a link may be among it. */
  readonly private?: boolean;
}

/** A server that runs. */
export interface Served {
  readonly addresses: readonly string[];
  /** Hands all migrations over, and ends. */
  stop(): Promise<void>;
}

/** Starts the whole service. Rejects with a DroverError where something it needs is not there. */
export async function serve(options: ServeOptions): Promise<Served> {
  keepHeapSmall();
  // Whoever reads the log slowly, or not at all, does not hold up the steering.
  const lines = pino.destination({ fd: 2, sync: false, maxLength: mostUnwritten });
  const log = pino({ name: 'drover', redact }, lines);
  const config = await loadConfig(options.config);
  const settings = settingsOf(config, options);
  refuseOpenDoors(settings, options.insecure ?? false);
  const place = placeOf(options.database);
  const store = await openStore(manyAtOnce(place));
  try {
    return await run({ options, config, settings, store, log });
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Running {
  readonly options: ServeOptions;
  readonly config: Config;
  readonly settings: ServerSettings;
  readonly store: Store;
  readonly log: Logger;
}

async function run({ options, config, settings, store, log }: Running): Promise<Served> {
  const metrics = new Metrics();
  const world = countedWorld(realWorld, (call, ok) => metrics.called(call, ok));
  const tell = (message: string, error: unknown): void => log.warn({ err: error }, message);
  const name = `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`;
  const { capacity } = settings;
  const within = { store, config, name, capacity, world, log: tell };
  const controller = makeController({ ...within, scope: 'all' });
  const ending = new AbortController();
  const once = new OnceCodes(() => realWorld.wallMs());
  const app = appOver({
    ...appParts(settings, store, tell),
    controller,
    metrics,
    web: once,
    version: options.version,
    wallMs: () => realWorld.wallMs(),
    log: tell,
    ending: ending.signal,
  });
  const doors = await openDoors(app, settings);
  const closeDoors = async (): Promise<void> => {
    await Promise.all(doors.map((door) => door.close()));
  };
  try {
    await controller.start();
  } catch (error) {
    await closeDoors();
    throw error;
  }
  const leave = await controller.subscribe((event) => {
    metrics.heed(event, name);
    if (event.kind === 'event')
      log.info({ migration: event.subject, data: event.data }, event.type);
  }, 'none');
  const unwatch = await followConfig(options.config, controller, log);
  const beat = liveSigns();
  notifySystemd('READY=1');
  log.info({ addresses: doors.map(({ address }) => address), store: store.engine }, 'serving');
  await sayHow(options, doors, { store, once });
  return {
    addresses: doors.map(({ address }) => address),
    stop: async () => {
      notifySystemd('STOPPING=1');
      clearInterval(beat);
      unwatch();
      ending.abort();
      await closeDoors();
      leave();
      await controller.stop();
      await store.close();
      log.info('handed over, and ended');
      await new Promise((resolve) => log.flush(resolve));
    },
  };
}

const mostUnwritten = 4 * 2 ** 20;

/** Nothing that opens anything is written into the log. */
const redact = ['*.secret', '*.authorization', '*.token', 'data.secret'];

function settingsOf({ server }: Config, options: ServeOptions): ServerSettings {
  return {
    ...server,
    listen: options.listen ?? server.listen,
    socket: options.socket ?? server.socket ?? socketPath(process.env),
  };
}

/** Who serves many writes together what they ask for in the same turn of the event loop. */
function manyAtOnce(place: StorePlace): StorePlace {
  return place.kind === 'sqlite' ? { ...place, turn: () => setImmediate() } : place;
}

function placeOf(database: string | undefined): StorePlace {
  if (database === undefined) return storePlace(process.env);
  if (database.includes('://')) return postgresPlace('--database', database);
  return { kind: 'sqlite', path: database };
}

function refuseOpenDoors({ listen, tls }: ServerSettings, insecure: boolean): void {
  if (isLoopback(listen) || tls !== undefined || insecure) return;
  throw new DroverError('config.invalid', `${listen} can be reached from elsewhere, without TLS`, {
    hint: 'Set server.tls in the config file, listen on 127.0.0.1, or say --insecure: then whoever listens on the way reads every token.',
  });
}

function appParts(
  settings: ServerSettings,
  store: Store,
  log: AppOptions['log'],
): Pick<AppOptions, 'auth' | 'login' | 'rate'> {
  const { oidc, certificates, requestsPerSecond, requestsAtOnce } = settings;
  return {
    auth: {
      store,
      oidc: oidc === undefined ? undefined : oidcVerifier(oidc),
      certificates,
      wallMs: () => realWorld.wallMs(),
      log,
    },
    login: oidc?.login === undefined ? undefined : oidcLogin({ ...oidc, ...oidc.login }),
    rate: { perSecond: requestsPerSecond, burst: requestsAtOnce },
  };
}

async function openDoors(
  app: ReturnType<typeof appOver>,
  settings: ServerSettings,
): Promise<readonly Door[]> {
  const port = await openPort(app, settings);
  try {
    return settings.socket === undefined ? [port] : [port, await openSocket(app, settings.socket)];
  } catch (error) {
    await port.close();
    throw error;
  }
}

/** A change of the config file, and SIGHUP, take effect at once; a broken file changes nothing. */
async function followConfig(
  flag: string | undefined,
  controller: Controller,
  log: Logger,
): Promise<() => void> {
  const began = controller.config().server;
  const onChange = (config: Config): void => {
    controller.reload(config);
    log.info('the config file was read anew');
    if (!isDeepStrictEqual(config.server, began))
      log.warn('what it says of the server itself takes effect at the next start');
  };
  const onBroken = (error: unknown): void =>
    log.error({ err: error }, 'the config file is not valid: what it said before holds');
  const reload = (): void => void loadConfig(flag).then(onChange, onBroken);
  process.on('SIGHUP', reload);
  const unwatch = await watchConfig(flag, { onChange, onBroken });
  return () => {
    process.off('SIGHUP', reload);
    unwatch();
  };
}

function liveSigns(): NodeJS.Timeout | undefined {
  const everyMs = watchdogMs();
  if (everyMs === undefined) return undefined;
  return setInterval(() => notifySystemd('WATCHDOG=1'), everyMs).unref();
}

/** Whoever starts it for the first time reads how to get in. */
async function sayHow(
  options: ServeOptions,
  doors: readonly Door[],
  { store, once }: { readonly store: Store; readonly once: OnceCodes },
): Promise<void> {
  const { say } = options;
  const [port, socket] = doors;
  say(`Serving on ${doors.map(({ address }) => address).join(' and ')}`);
  if (options.private === true && port !== undefined)
    say(`Dashboard, for 10 minutes and once: ${onceLink(port.address, once.make())}`);
  if ((await store.tokens.list()).length > 0) return;
  say(
    `There is no token yet. On this machine the socket needs none${socket === undefined ? '' : ` (${socket.address})`}; for others:\n  drover token create NAME --role operator\n  DROVER_SERVER=${port?.address} DROVER_TOKEN=drv_... drover migrations`,
  );
}
