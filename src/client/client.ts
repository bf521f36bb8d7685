import { z } from 'zod';
import { pageOf } from '../api/common.ts';
import { type HostSettings, host } from '../api/hosts.ts';
import {
  type adoption,
  forecastAnswer,
  type forecastRequest,
  migration,
  type migrationChange,
  type newMigration,
} from '../api/migrations.ts';
import {
  type newOperation,
  operation,
  type operationCancel,
  type operationChange,
  rehearsal,
  type undrain,
  undrained,
} from '../api/operations.ts';
import { auditEntry, createdToken, type newToken, status, token } from '../api/people.ts';
import { aborted, type TagChanges, tags, vm as vmAnswer, vmList, vmWrites } from '../api/vms.ts';
import type { Matrix } from '../policy/matrix.ts';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { budgetSchema, type Recording, recordingSchema } from '../recording/recording.ts';
import { ask, pathWith, type Query, type Question } from './ask.ts';
import type { StreamedEvent } from './event-stream.ts';
import { type Following, follow } from './follow.ts';
import { type Target, type Transport, transportTo } from './transport.ts';

export type Host = z.output<typeof host>;
export type Migration = z.output<typeof migration>;
export type ForecastAnswer = z.output<typeof forecastAnswer>;
export type NewMigration = z.input<typeof newMigration>;
export type Adoption = z.input<typeof adoption>;
export type ForecastRequest = z.input<typeof forecastRequest>;
export type MigrationChange = z.input<typeof migrationChange>;
export type Tags = z.output<typeof tags>;
export type VmList = z.output<typeof vmList>;
export type Vm = VmList['items'][number];
export type Token = z.output<typeof token>;
export type CreatedToken = z.output<typeof createdToken>;
export type AuditEntry = z.output<typeof auditEntry>;
export type Operation = z.output<typeof operation>;
export type Rehearsal = z.output<typeof rehearsal>;
export type NewOperation = z.input<typeof newOperation>;
export type OperationChange = z.input<typeof operationChange>;
export type Status = z.output<typeof status>;

const policy = z.object({
  matrix: z.record(z.enum(slaClasses), z.record(z.enum(importances), budgetSchema)),
});
const migrationPage = pageOf(migration);
const hostList = z.object({ items: z.array(host) });
const tokenList = z.object({ items: z.array(token) });
const named = z.object({ name: z.string() });
const auditPage = pageOf(auditEntry);
const operationPage = pageOf(operation);

/** The client of the API, wherever that answers. */
export async function clientFor(target: Target): Promise<Client> {
  return new Client(await transportTo(target));
}

/**
 * The API, typed. Every method rejects with the server's own error, with `server.unreachable` where
 * no answer comes, and with `server.failed` where an answer is not understood.
 */
export class Client {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The server, as messages name it. */
  get server(): string {
    return this.#transport.name;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  status(): Promise<Status> {
    return this.#ask({ method: 'GET', path: '/v1/status', answer: status });
  }

  /** What each class and importance allows. */
  async policy(): Promise<Matrix> {
    const { matrix } = await this.#ask({ method: 'GET', path: '/v1/policy', answer: policy });
    return matrix;
  }

  async hosts(): Promise<readonly Host[]> {
    const { items } = await this.#ask({ method: 'GET', path: '/v1/hosts', answer: hostList });
    return items;
  }

  host(name: string): Promise<Host> {
    return this.#ask({ method: 'GET', path: path`/v1/hosts/${name}`, answer: host });
  }

  /** `ifRevision` 0: only where there is none of the name. */
  putHost(name: string, settings: HostSettings, ifRevision?: number): Promise<Host> {
    const there = path`/v1/hosts/${name}`;
    return this.#ask({ method: 'PUT', path: there, body: settings, ifRevision, answer: host });
  }

  async removeHost(name: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: path`/v1/hosts/${name}`, answer: named });
  }

  vms(filter: {
    host?: string | undefined;
    name?: string | undefined;
    look?: boolean | undefined;
  }): Promise<VmList> {
    return this.#ask({ method: 'GET', path: '/v1/vms', query: filter, answer: vmList });
  }

  /** By its name or UUID; `host` where several have one of that name. */
  vm(
    wanted: string,
    where: { host?: string | undefined; look?: boolean | undefined } = {},
  ): Promise<Vm> {
    return this.#ask({
      method: 'GET',
      path: path`/v1/vms/${wanted}`,
      query: where,
      answer: vmAnswer,
    });
  }

  /** How fast it was seen to write, newest first. */
  async writes(uuid: string): Promise<z.output<typeof vmWrites>['items']> {
    const asked = { method: 'GET', path: path`/v1/vms/${uuid}/writes`, answer: vmWrites } as const;
    return (await this.#ask(asked)).items;
  }

  tags(vm: string, at: string): Promise<Tags> {
    const there = path`/v1/vms/${vm}/tags`;
    return this.#ask({ method: 'GET', path: there, query: { host: at }, answer: tags });
  }

  setTags(vm: string, at: string, changes: TagChanges): Promise<Tags> {
    const there = path`/v1/vms/${vm}/tags`;
    return this.#ask({
      method: 'PATCH',
      path: there,
      query: { host: at },
      body: changes,
      answer: tags,
    });
  }

  /** Cancels whatever migration takes the VM away from this host. */
  abortVm(vm: string, from: string): Promise<z.output<typeof aborted>> {
    const there = path`/v1/vms/${vm}/abort`;
    return this.#ask({ method: 'POST', path: there, query: { host: from }, answer: aborted });
  }

  migrate(request: NewMigration): Promise<Migration> {
    return this.#ask({ method: 'POST', path: '/v1/migrations', body: request, answer: migration });
  }

  adopt(request: Adoption): Promise<Migration> {
    return this.#ask({ method: 'POST', path: '/v1/adoptions', body: request, answer: migration });
  }

  forecast(request: ForecastRequest): Promise<ForecastAnswer> {
    return this.#ask({
      method: 'POST',
      path: '/v1/forecasts',
      body: request,
      answer: forecastAnswer,
    });
  }

  /** The newest `limit` that fit, newest first. */
  migrations(filter: Query, limit: number): Promise<readonly Migration[]> {
    return this.#whole('/v1/migrations', filter, migrationPage, limit);
  }

  /** An id, its beginning, or a VM's name or UUID, which stands for its latest. */
  migration(wanted: string): Promise<Migration> {
    return this.#ask({ method: 'GET', path: path`/v1/migrations/${wanted}`, answer: migration });
  }

  change(id: string, change: MigrationChange): Promise<Migration> {
    const there = path`/v1/migrations/${id}`;
    return this.#ask({ method: 'PATCH', path: there, body: change, answer: migration });
  }

  abort(id: string): Promise<Migration> {
    return this.#ask({ method: 'POST', path: path`/v1/migrations/${id}/abort`, answer: migration });
  }

  recording(wanted: string): Promise<Recording> {
    const there = path`/v1/migrations/${wanted}/recording`;
    return this.#ask({ method: 'GET', path: there, answer: recordingSchema });
  }

  /** The newest `limit`, newest first. */
  operations(limit: number): Promise<readonly Operation[]> {
    return this.#whole('/v1/operations', {}, operationPage, limit);
  }

  /** An id, its beginning, or a host, which stands for its latest. */
  operation(wanted: string): Promise<Operation> {
    return this.#ask({ method: 'GET', path: path`/v1/operations/${wanted}`, answer: operation });
  }

  operate(request: NewOperation): Promise<Operation> {
    return this.#ask({ method: 'POST', path: '/v1/operations', body: request, answer: operation });
  }

  /** What it would do. */
  rehearse(request: NewOperation): Promise<Rehearsal> {
    return this.#ask({ method: 'POST', path: '/v1/rehearsals', body: request, answer: rehearsal });
  }

  changeOperation(id: string, change: OperationChange): Promise<Operation> {
    const there = path`/v1/operations/${id}`;
    return this.#ask({ method: 'PATCH', path: there, body: change, answer: operation });
  }

  cancelOperation(id: string, wanted: z.input<typeof operationCancel>): Promise<Operation> {
    const there = path`/v1/operations/${id}/cancel`;
    return this.#ask({ method: 'POST', path: there, body: wanted, answer: operation });
  }

  undrain(name: string, wanted: z.input<typeof undrain>): Promise<z.output<typeof undrained>> {
    const there = path`/v1/hosts/${name}/undrain`;
    return this.#ask({ method: 'POST', path: there, body: wanted, answer: undrained });
  }

  async tokens(): Promise<readonly Token[]> {
    const { items } = await this.#ask({ method: 'GET', path: '/v1/tokens', answer: tokenList });
    return items;
  }

  createToken(wanted: z.input<typeof newToken>): Promise<CreatedToken> {
    return this.#ask({ method: 'POST', path: '/v1/tokens', body: wanted, answer: createdToken });
  }

  revokeToken(id: string): Promise<Token> {
    return this.#ask({ method: 'DELETE', path: path`/v1/tokens/${id}`, answer: token });
  }

  audit(filter: Query, limit: number): Promise<readonly AuditEntry[]> {
    return this.#whole('/v1/audit', filter, auditPage, limit);
  }

  /** What happens, from now on or after the event of this number; see follow. */
  events(query: Query, following: Omit<Following, 'path'>): AsyncGenerator<StreamedEvent> {
    return follow(this.#transport, { ...following, path: pathWith('/v1/events', query) });
  }

  #ask<T>(question: Question<T>): Promise<T> {
    return ask(this.#transport, question);
  }

  /** A list, page by page. */
  async #whole<T>(
    there: string,
    filter: Query,
    answer: z.ZodType<{ items: T[]; next: string | null }>,
    most: number,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    let after: string | undefined;
    do {
      const limit = Math.min(longestPage, most - all.length);
      const query = { ...filter, limit, after };
      const { items, next } = await this.#ask({ method: 'GET', path: there, query, answer });
      all.push(...items);
      after = next ?? undefined;
    } while (after !== undefined && all.length < most);
    return all;
  }
}

const longestPage = 500;

/** A path with its names encoded. */
function path(texts: TemplateStringsArray, ...names: readonly string[]): string {
  return String.raw({ raw: texts }, ...names.map(encodeURIComponent));
}
