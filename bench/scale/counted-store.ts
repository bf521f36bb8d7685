import type { Store } from '../../src/store/store.ts';

/** What was written. */
export interface Written {
  /** Calls that write, each durable when it ends. */
  calls: number;
  /** Migrations whose progress, samples and decisions were kept. */
  reports: number;
}

/** Calls that only read. */
const reading: ReadonlySet<PropertyKey> = new Set([
  'get',
  'list',
  'moving',
  'idsFrom',
  'beginning',
  'chapters',
  'lessons',
  'counts',
  'progressSince',
  'after',
  'range',
  'writes',
  'byHash',
]);

/** The same store; what it writes is counted. */
export function countedStore(store: Store, written: Written): Store {
  const { migrations, leases, hosts, vms, operations, closures } = store;
  const { events, audit, tokens, requests, replicas } = store;
  const counted = <T extends object>(part: T): T => countedPart(part, written);
  return {
    engine: store.engine,
    migrations: counted(migrations),
    leases: counted(leases),
    hosts: counted(hosts),
    vms: counted(vms),
    operations: counted(operations),
    closures: counted(closures),
    events: counted(events),
    audit: counted(audit),
    tokens: counted(tokens),
    requests: counted(requests),
    replicas: counted(replicas),
    check: () => store.check(),
    prune: (keep, now) => store.prune(keep, now),
    close: () => store.close(),
  };
}

function countedPart<T extends object>(part: T, written: Written): T {
  return new Proxy(part, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      if (reading.has(key)) return member.bind(target);
      return (...given: unknown[]): unknown => {
        written.calls += 1;
        if (key === 'report' && Array.isArray(given[0])) written.reports += given[0].length;
        return Reflect.apply(member, target, given);
      };
    },
  });
}
