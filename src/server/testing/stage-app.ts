import type { Controller } from '../../controller/controller.ts';
import { type Stage, setStage } from '../../controller/testing/stage.ts';
import type { StorePlace } from '../../store/open.ts';
import { appOver } from '../app.ts';
import type { AuthOptions } from '../auth.ts';
import type { Peer } from '../env.ts';
import { Metrics } from '../metrics.ts';
import type { OidcVerifier } from '../oidc.ts';
import type { OidcLogin } from '../oidc-login.ts';
import type { Rate } from '../rate.ts';
import type { App } from '../route.ts';
import { OnceCodes } from '../web-once.ts';

/** The API over a real store and simulated hosts. Nothing steers until the controller is started. */
export interface AppStage {
  readonly stage: Stage;
  readonly controller: Controller;
  readonly app: App;
  /** What was written into the log. */
  readonly log: string[];
  readonly once: OnceCodes;
  /** Asks as somebody on the network does, with this token. */
  ask(method: string, path: string, asked?: Asked): Promise<Response>;
  /** As when the server is told to end: streams do. */
  stop(): void;
  end(): Promise<void>;
}

export interface Asked {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly peer?: Peer;
}

export interface AppStageOptions {
  /** Where the store is; a file where it is not given. */
  readonly place?: StorePlace | undefined;
  readonly oidc?: OidcVerifier;
  readonly login?: OidcLogin;
  /** By their names. */
  readonly certificates?: AuthOptions['certificates'];
  readonly rate?: Rate;
}

export const local: Peer = { kind: 'local', who: 'root', by: 'socket' };
const wallMs = (): number => Date.now();

const remote: Peer = { kind: 'network', address: '192.0.2.7', certificate: undefined };

export async function setAppStage({
  place,
  oidc,
  login,
  certificates = { backup: 'viewer' },
  rate = { perSecond: 1e6, burst: 1e6 },
}: AppStageOptions = {}): Promise<AppStage> {
  const stage = await setStage(undefined, place);
  const controller = stage.controller();
  const ending = new AbortController();
  const log: string[] = [];
  const tell = (message: string, error: unknown): void => {
    log.push(`${message} ${String(error)}`);
  };
  const once = new OnceCodes(wallMs);
  const app = appOver({
    controller,
    metrics: new Metrics(),
    auth: { store: stage.store, oidc, certificates, wallMs, log: tell },
    rate,
    web: once,
    login,
    version: '0.0.0',
    wallMs,
    log: tell,
    ending: ending.signal,
  });
  return {
    stage,
    controller,
    app,
    log,
    once,
    ask: async (method, path, { token, body, headers = {}, peer = remote } = {}) =>
      app.fetch(
        new Request(`http://drover${path}`, {
          method,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined
            ? {}
            : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
        { peer },
      ),
    stop: () => ending.abort(),
    end: async () => {
      ending.abort();
      await stage.end();
    },
  };
}
