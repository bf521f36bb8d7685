import type { World } from '../controller/world.ts';
import type { Host } from '../hypervisor/port.ts';

/** The world, with every call to its hosts counted. */
export function countedWorld(world: World, called: (call: string, ok: boolean) => void): World {
  return { ...world, hostAt: (host, mayAct) => counted(world.hostAt(host, mayAct), called) };
}

function counted(host: Host, called: (call: string, ok: boolean) => void): Host {
  return new Proxy(host, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, given);
        if (answer instanceof Promise)
          answer.then(
            () => called(String(key), true),
            () => called(String(key), false),
          );
        return answer;
      };
    },
  });
}
