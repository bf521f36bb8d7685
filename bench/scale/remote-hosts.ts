import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ResolvedHost } from '../../src/fleet/hosts.ts';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { fenced } from '../../src/hypervisor/fenced.ts';
import type { DomainChange, Host, Way } from '../../src/hypervisor/port.ts';
import { type Call, errorOf, type Method, Outbox, type Reply } from './wire.ts';

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Hosts that a child process simulates. Every call goes over a pipe, as libvirt's goes over a socket. */
export class RemoteHosts {
  readonly #process: ChildProcess;
  readonly #outbox: Outbox<Call>;
  readonly #asked = new Map<number, Asked>();
  readonly #watchers = new Map<number, (change: DomainChange) => void>();
  #calls = 0;

  constructor(count: number) {
    const file = new URL('hosts-process.ts', import.meta.url);
    // JSON has no Infinity, which is what an unlimited speed is.
    this.#process = fork(file, [String(count)], { serialization: 'advanced', execArgv: [] });
    this.#outbox = new Outbox(this.#process);
    this.#process.on('message', (replies: readonly Reply[]) => {
      for (const reply of replies) this.#heed(reply);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How many calls were made. */
  get calls(): number {
    return this.#calls;
  }

  hostAt({ name, uri, ways }: ResolvedHost, mayAct: () => void): Host {
    const host = new RemoteHost(name, uri, ways, {
      call: (method, given) => this.#call(name, method, given),
      watch: (uuid, onChange) => this.#watch(name, uuid, onChange),
    });
    return fenced(host, mayAct);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  #call(host: string, method: Call['method'], given: readonly unknown[]): Promise<unknown> {
    const id = (this.#calls += 1);
    this.#outbox.put({ kind: 'call', id, host, method, given });
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  async #watch(
    host: string,
    uuid: string,
    onChange: (change: DomainChange) => void,
  ): Promise<() => Promise<void>> {
    const id = Number(await this.#call(host, 'watchDomain', [uuid]));
    this.#watchers.set(id, onChange);
    return async () => {
      this.#watchers.delete(id);
      await this.#call(host, 'unwatch', [id]);
    };
  }

  #heed(reply: Reply): void {
    if (reply.kind === 'change') {
      const atMs = systemClock.nowMs();
      this.#watchers.get(reply.watch)?.({ kind: reply.change, atMs });
      return;
    }
    const asked = this.#asked.get(reply.id);
    this.#asked.delete(reply.id);
    if (reply.kind === 'answer') asked?.resolve(reply.value);
    else asked?.reject(errorOf(reply));
  }
}

interface Line {
  readonly call: (method: Method, given: readonly unknown[]) => Promise<unknown>;
  readonly watch: Host['watchDomain'];
}

/** The calls of a host, each handed on as it is. */
class RemoteHost implements Host {
  readonly name: string;
  readonly address: string;
  readonly ways: readonly Way[];
  readonly #line: Line;

  constructor(name: string, address: string, ways: readonly Way[], line: Line) {
    this.name = name;
    this.address = address;
    this.ways = ways;
    this.#line = line;
  }

  reach(...given: Parameters<Host['reach']>): ReturnType<Host['reach']> {
    return this.#ask('reach', given);
  }

  facts(...given: Parameters<Host['facts']>): ReturnType<Host['facts']> {
    return this.#ask('facts', given);
  }

  survey(...given: Parameters<Host['survey']>): ReturnType<Host['survey']> {
    return this.#ask('survey', given);
  }

  offersCpu(...given: Parameters<Host['offersCpu']>): ReturnType<Host['offersCpu']> {
    return this.#ask('offersCpu', given);
  }

  domains(...given: Parameters<Host['domains']>): ReturnType<Host['domains']> {
    return this.#ask('domains', given);
  }

  findDomain(...given: Parameters<Host['findDomain']>): ReturnType<Host['findDomain']> {
    return this.#ask('findDomain', given);
  }

  domainState(...given: Parameters<Host['domainState']>): ReturnType<Host['domainState']> {
    return this.#ask('domainState', given);
  }

  readTags(...given: Parameters<Host['readTags']>): ReturnType<Host['readTags']> {
    return this.#ask('readTags', given);
  }

  writeTags(...given: Parameters<Host['writeTags']>): ReturnType<Host['writeTags']> {
    return this.#ask('writeTags', given);
  }

  judgeArrival(...given: Parameters<Host['judgeArrival']>): ReturnType<Host['judgeArrival']> {
    return this.#ask('judgeArrival', given);
  }

  readJob(...given: Parameters<Host['readJob']>): ReturnType<Host['readJob']> {
    return this.#ask('readJob', given);
  }

  readCompletedJob(
    ...given: Parameters<Host['readCompletedJob']>
  ): ReturnType<Host['readCompletedJob']> {
    return this.#ask('readCompletedJob', given);
  }

  measureWrites(...given: Parameters<Host['measureWrites']>): ReturnType<Host['measureWrites']> {
    return this.#ask('measureWrites', given);
  }

  residentBytes(...given: Parameters<Host['residentBytes']>): ReturnType<Host['residentBytes']> {
    return this.#ask('residentBytes', given);
  }

  maxDowntimeMs(...given: Parameters<Host['maxDowntimeMs']>): ReturnType<Host['maxDowntimeMs']> {
    return this.#ask('maxDowntimeMs', given);
  }

  setMaxDowntime(...given: Parameters<Host['setMaxDowntime']>): ReturnType<Host['setMaxDowntime']> {
    return this.#ask('setMaxDowntime', given);
  }

  maxSpeed(...given: Parameters<Host['maxSpeed']>): ReturnType<Host['maxSpeed']> {
    return this.#ask('maxSpeed', given);
  }

  setMaxSpeed(...given: Parameters<Host['setMaxSpeed']>): ReturnType<Host['setMaxSpeed']> {
    return this.#ask('setMaxSpeed', given);
  }

  startPostCopy(...given: Parameters<Host['startPostCopy']>): ReturnType<Host['startPostCopy']> {
    return this.#ask('startPostCopy', given);
  }

  abortJob(...given: Parameters<Host['abortJob']>): ReturnType<Host['abortJob']> {
    return this.#ask('abortJob', given);
  }

  migrate(...given: Parameters<Host['migrate']>): ReturnType<Host['migrate']> {
    return this.#ask('migrate', given);
  }

  resumePostCopy(...given: Parameters<Host['resumePostCopy']>): ReturnType<Host['resumePostCopy']> {
    return this.#ask('resumePostCopy', given);
  }

  resumeGuest(...given: Parameters<Host['resumeGuest']>): ReturnType<Host['resumeGuest']> {
    return this.#ask('resumeGuest', given);
  }

  discardCopy(...given: Parameters<Host['discardCopy']>): ReturnType<Host['discardCopy']> {
    return this.#ask('discardCopy', given);
  }

  forgetDefinition(
    ...given: Parameters<Host['forgetDefinition']>
  ): ReturnType<Host['forgetDefinition']> {
    return this.#ask('forgetDefinition', given);
  }

  watchDomain(...given: Parameters<Host['watchDomain']>): ReturnType<Host['watchDomain']> {
    return this.#line.watch(...given);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ask<M extends Method>(method: M, given: Parameters<Host[M]>): ReturnType<Host[M]> {
    // The other end answers with what this method answers with.
    return this.#line.call(method, given) as ReturnType<Host[M]>;
  }
}
