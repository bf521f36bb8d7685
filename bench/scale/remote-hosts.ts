import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { ResolvedHost } from '../../src/fleet/hosts.ts';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { fenced } from '../../src/hypervisor/fenced.ts';
import type { DomainChange, Host } from '../../src/hypervisor/port.ts';
import { SimulatedWorld } from '../../src/hypervisor/simulated.ts';
import { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { type Call, errorOf, Outbox, type Reply } from './wire.ts';

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
  readonly #world = new SimulatedWorld(new VirtualClock(), {
    linkBytesPerSecond: 1,
    syncMs: Infinity,
    setupMs: 0,
    callMs: 0,
  });
  readonly #hosts = new Map<string, Host>();
  #calls = 0;

  constructor(count: number) {
    const file = new URL(`hosts-process${extname(import.meta.url)}`, import.meta.url);
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

  hostAt({ name }: ResolvedHost, mayAct: () => void): Host {
    return fenced(this.#hosts.get(name) ?? this.#open(name), mayAct);
  }

  /** Its shape says what the host is called, and how others reach it. */
  #open(name: string): Host {
    const host = remoteHost(this.#world.addHost(name), {
      call: (method, given) => this.#call(name, method, given),
      watch: (uuid, onChange) => this.#watch(name, uuid, onChange),
    });
    this.#hosts.set(name, host);
    return host;
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
  readonly call: (method: string, given: readonly unknown[]) => Promise<unknown>;
  readonly watch: Host['watchDomain'];
}

/** All that the host can be asked is handed on as it is: the other end has the same one. */
function remoteHost(shape: Host, line: Line): Host {
  return new Proxy(shape, {
    get(target, key) {
      const own: unknown = Reflect.get(target, key);
      if (typeof own !== 'function' || typeof key !== 'string') return own;
      if (key === 'watchDomain') return line.watch;
      if (key === 'close') return () => Promise.resolve();
      return (...given: unknown[]) => line.call(key, given.map(withoutFunctions));
    },
  });
}

/** A pipe carries no functions, and simulated hosts tell nothing by them. */
function withoutFunctions(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => typeof value !== 'function'),
  );
}
