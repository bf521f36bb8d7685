import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { z } from 'zod';
import type { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { type AppStage, setAppStage } from '../../src/server/testing/stage-app.ts';
import type { StorePlace } from '../../src/store/open.ts';
import { type FuzzedRequest, requestsOf, type Word } from './arbitraries.ts';
import { type Operation, openApi, routesOf } from './document.ts';
import { answerOf, json, misfit, wrongDoor, wrongProblem } from './judge.ts';
import { type Persona, personasOf } from './personas.ts';

export interface FuzzOptions {
  readonly requestsPerRoute: number;
  readonly seed: number;
  /** Where the store is; a file where it is not given. */
  readonly place?: StorePlace;
}

export interface FuzzReport {
  readonly routes: number;
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of the answers that say that something was done. */
  readonly done: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

interface FuzzedRoute {
  readonly method: string;
  readonly path: string;
  readonly route: Operation;
  readonly answer: z.ZodType;
  readonly requests: readonly FuzzedRequest[];
}

/** Turns of the event loop that an answer may take that waits for no simulated host. */
const turnsOfPatience = 10;
/** So often simulated time passes by itself, in turns of all routes, and so much of it, ms. */
const turnsPerPause = 5;
const pauseMs = 1_000;
/** More would only be more of the same. */
const mostViolations = 20;
const vms = ['vm1', 'vm2', 'vm3'];

/**
 * Asks every route of the API, as everybody, what its schema allows and what it does not, while
 * simulated migrations run. The same seed asks the same.
 */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzReport> {
  const stage = await setAppStage({ place: options.place });
  try {
    return await new Fuzzer(stage).run(options);
  } finally {
    keepMoving(stage.stage.clock);
    await stage.end();
  }
}

class Fuzzer {
  readonly #stage: AppStage;
  readonly #known = {
    migrations: new Array<string>(),
    operations: new Array<string>(),
    tokens: new Array<string>(),
  };
  readonly #secrets: string[] = [];
  readonly #byStatus: Record<string, number> = {};
  readonly #done: Record<string, number> = {};
  readonly #violations: string[] = [];
  #requests = 0;

  constructor(stage: AppStage) {
    this.#stage = stage;
  }

  async run({ requestsPerRoute, seed }: FuzzOptions): Promise<FuzzReport> {
    const { stage, controller } = this.#stage;
    const { clock } = stage;
    for (const vm of vms) stage.addGuest(vm, vm === 'vm1' ? 'idle' : 'furious', 'panda');
    await this.#patiently(controller.start());
    const { personas, secrets } = await personasOf(this.#stage);
    this.#secrets.push(...secrets);
    const routes = await this.#routes(requestsPerRoute, seed);
    for (let turn = 0; turn < requestsPerRoute; turn += 1) {
      for (const [at, route] of routes.entries()) {
        const persona = personas[(turn + at) % personas.length];
        const request = route.requests[turn];
        if (persona !== undefined && request !== undefined)
          await this.#try(route, persona, request);
      }
      if (turn % turnsPerPause === 0) await clock.run(clock.sleep(pauseMs), Infinity);
      if (this.#violations.length >= mostViolations) break;
    }
    this.#judgeLog();
    return {
      routes: routes.length,
      requests: this.#requests,
      byStatus: this.#byStatus,
      done: this.#done,
      violations: this.#violations,
    };
  }

  async #routes(numRuns: number, seed: number): Promise<readonly FuzzedRoute[]> {
    const document = openApi.parse(await (await this.#stage.ask('GET', '/openapi.json')).json());
    return routesOf(document).map(({ method, path, route }) => ({
      method: method.toUpperCase(),
      path,
      route,
      answer: answerOf(document, route),
      requests: fc.sample(requestsOf(document, route), { seed, numRuns }),
    }));
  }

  async #try(route: FuzzedRoute, persona: Persona, request: FuzzedRequest): Promise<void> {
    const { token, peer } = persona;
    const target = this.#targetOf(route, request);
    const { body } = request;
    const asked = {
      headers: { ...request.headers, ...persona.headers },
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
      ...(peer === undefined ? {} : { peer }),
    };
    const answer = await this.#patiently(this.#stage.ask(route.method, target, asked));
    this.#requests += 1;
    count(this.#byStatus, String(answer.status));
    if (answer.ok) count(this.#done, `${route.method} ${route.path}`);
    const text = await this.#patiently(textOf(answer));
    for (const what of this.#judge(route, persona, request, answer, text)) {
      const who = `${persona.name}: ${route.method} ${target}`;
      this.#violations.push(`${who} ${JSON.stringify(request)} -> ${what}: ${text.slice(0, 300)}`);
    }
    if (answer.status === 201) this.#remember(text, kindAt(route.path));
  }

  /** Simulated time passes only where the answer needs it: what is under way stays so for long. */
  async #patiently<T>(work: Promise<T>): Promise<T> {
    const { clock } = this.#stage.stage;
    const settled = work.then(
      () => true,
      () => true,
    );
    for (let turn = 0; !(await Promise.race([settled, setImmediate(false)])); turn += 1)
      if (turn > turnsOfPatience) await clock.run(clock.sleep(1), Infinity);
    return work;
  }

  *#judge(
    fuzzed: FuzzedRoute,
    persona: Persona,
    request: FuzzedRequest,
    answer: Response,
    text: string,
  ): Generator<string> {
    yield* wrongDoor(fuzzed.route, persona, request, answer.status);
    if (this.#secrets.some((secret) => text.includes(secret))) yield 'a secret';
    if (!answer.ok) yield* wrongProblem(answer, text);
    else if (fuzzed.path !== '/v1/events') yield* misfit(fuzzed.answer, json(text));
  }

  #judgeLog(): void {
    const all = this.#stage.log.join('\n');
    if (this.#secrets.some((secret) => all.includes(secret)))
      this.#violations.push('a secret in the log');
    for (const line of this.#stage.log.slice(0, mostViolations))
      this.#violations.push(`log: ${line}`);
  }

  #targetOf({ path }: FuzzedRoute, request: FuzzedRequest): string {
    const filled = Object.entries(request.path).reduce(
      (so, [name, word]) => so.replace(`{${name}}`, () => segment(this.#said(word, path))),
      path,
    );
    const query = request.query.map(([name, word]) => `${name}=${encoded(this.#said(word, path))}`);
    return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
  }

  #said(word: Word, path: string): string {
    if (typeof word === 'string') return word;
    const known = this.#known[kindAt(path)];
    return known[word.known % Math.max(1, known.length)] ?? 'nothing yet';
  }

  /** What was made can be asked for from now on. */
  #remember(text: string, kind: Kind): void {
    const made = z.object({ id: z.string(), secret: z.string().optional() }).parse(json(text));
    this.#known[kind].push(made.id);
    if (made.secret !== undefined) this.#secrets.push(made.secret);
  }
}

type Kind = 'migrations' | 'operations' | 'tokens';

/** What ids stand for in requests of this path. */
function kindAt(path: string): Kind {
  if (path.startsWith('/v1/tokens')) return 'tokens';
  return path.startsWith('/v1/operations') ? 'operations' : 'migrations';
}

/** Simulated time goes on, whoever waits for a real database. */
function keepMoving(clock: VirtualClock): void {
  clock.schedule(clock.nowMs() + 1, () => keepMoving(clock));
}

/** All of it; of a stream that does not end, what comes first. */
async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-type') !== 'text/event-stream') return answer.text();
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

/** A part of a path; those that lead elsewhere are another route's. */
function segment(word: string): string {
  return encoded(word === '' || word === '.' || word === '..' ? 'dots' : word);
}

/** As it is written in an address, whatever it is. */
function encoded(word: string): string {
  return encodeURIComponent(word.toWellFormed());
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
