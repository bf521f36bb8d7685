import type { Host } from './port.ts';

/** What changes something on a host. */
export const acts: ReadonlySet<PropertyKey> = new Set<keyof Host>([
  'writeTags',
  'setMaxDowntime',
  'setMaxSpeed',
  'startPostCopy',
  'setPostCopySpeed',
  'abortJob',
  'migrate',
  'resumePostCopy',
  'breakOffPostCopy',
  'resumeGuest',
  'discardCopy',
  'forgetDefinition',
  'startProbe',
  'endProbe',
]);

/**
 * A simulated host that does nothing any more once `mayAct` throws; it can still be asked. The
 * libvirt adapter asks by itself, right before a request goes out.
 */
export function fenced(host: Host, mayAct: () => void): Host {
  return new Proxy(host, new Fence(mayAct));
}

class Fence implements ProxyHandler<Host> {
  readonly #mayAct: () => void;

  constructor(mayAct: () => void) {
    this.#mayAct = mayAct;
  }

  get(target: Host, key: PropertyKey): unknown {
    const member: unknown = Reflect.get(target, key);
    if (typeof member !== 'function') return member;
    if (!acts.has(key)) return member.bind(target);
    return async (...given: unknown[]): Promise<unknown> => {
      this.#mayAct();
      return Reflect.apply(member, target, given);
    };
  }
}
