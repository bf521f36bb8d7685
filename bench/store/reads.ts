import { findMigration, recordingOf } from '../../src/controller/find.ts';
import type { Random } from '../../src/hypervisor/simulated-random.ts';
import { placeOf } from '../../src/store/migration-query.ts';
import { unended } from '../../src/store/rows.ts';
import type { MigrationFilter, Store } from '../../src/store/store.ts';
import {
  dayMs,
  days,
  hostName,
  hosts,
  operationId,
  perDay,
  vmName,
  vms,
  vmUuid,
  yearBegins,
  yearEnds,
  yearRow,
} from './year.ts';

/** What a person, a dashboard or a controller asks of a store that holds a year. */
export interface Read {
  readonly name: string;
  /** Of another migration, host or time with each call. */
  readonly ask: (store: Store, random: Random, kept: Kept) => Promise<unknown>;
}

interface Kept {
  readonly templates: number;
  readonly telemetryDays: number;
}

/** The longest page that the API gives is 500. */
const pageSize = 100;

function anyOf(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function anyTime(random: Random): number {
  return yearBegins + Math.floor(random() * days * dayMs);
}

function list(
  name: string,
  filterFor: (random: Random) => MigrationFilter,
  limit: number = pageSize,
): Read {
  return {
    name: `list: ${name}`,
    ask: (store, random) => store.migrations.list(filterFor(random), { limit }),
  };
}

/** Pages that begin anywhere in the year. */
function deep(name: string, filterFor: (random: Random) => MigrationFilter): Read {
  return {
    name: `deep page: ${name}`,
    ask: (store, random) => {
      const { requested_at: requestedAt, id } = yearRow(anyOf(random, days * perDay), 1);
      const after = placeOf({ requestedAt, id });
      return store.migrations.list(filterFor(random), { limit: pageSize, after });
    },
  };
}

const anyHost = (random: Random): string => hostName(anyOf(random, hosts));

const lists: readonly Read[] = [
  list('all', () => ({})),
  list('all, a page of 500', () => ({}), 500),
  list('under way', () => ({ phases: unended })),
  list('phase completed', () => ({ phases: ['completed'] })),
  list('phases that went wrong', () => ({ phases: ['failed-safe', 'lost', 'aborted'] })),
  list('phase lost (73 of them)', () => ({ phases: ['lost'] })),
  list('VM by name', (random) => ({ vm: vmName(anyOf(random, vms)) })),
  list('VM by UUID', (random) => ({ vm: vmUuid(anyOf(random, vms)) })),
  list('VM unknown', () => ({ vm: 'nobody' })),
  list('host', (random) => ({ host: anyHost(random) })),
  list('host unknown', () => ({ host: 'nobody' })),
  list('from', (random) => ({ from: anyHost(random) })),
  list('to', (random) => ({ to: anyHost(random) })),
  list('from and to', (random) => ({ from: anyHost(random), to: anyHost(random) })),
  list('class', () => ({ slaClass: 'panda' })),
  list('importance', () => ({ importance: 'high' })),
  list('reason', () => ({ reason: 'evacuation' })),
  list('operation', (random) => ({ operationId: operationId(2 * anyOf(random, 9_000)) })),
  list('since a week', () => ({ since: yearEnds - 7 * dayMs })),
  list('until any time', (random) => ({ until: anyTime(random) })),
  list('a day of any time', (random) => {
    const since = anyTime(random);
    return { since, until: since + dayMs };
  }),
  list('a month of any time', (random) => {
    const since = anyTime(random);
    return { since, until: since + 30 * dayMs };
  }),
  list('host and a week of any time', (random) => {
    const since = anyTime(random);
    return { host: anyHost(random), since, until: since + 7 * dayMs };
  }),
  list('host, class, importance, phase', (random) => ({
    host: anyHost(random),
    slaClass: 'panda',
    importance: 'high',
    phases: ['stayed'],
  })),
  list('class and phase (7 of them)', () => ({ slaClass: 'panda', phases: ['lost'] })),
];

const deepPages: readonly Read[] = [
  deep('all', () => ({})),
  deep('phase completed', () => ({ phases: ['completed'] })),
  deep('host', (random) => ({ host: anyHost(random) })),
  deep('class', () => ({ slaClass: 'panda' })),
  deep('importance and reason', () => ({ importance: 'medium', reason: 'maintenance' })),
];

const singles: readonly Read[] = [
  {
    name: 'get',
    ask: (store, random) => store.migrations.get(yearRow(anyOf(random, days * perDay), 1).id),
  },
  {
    name: "find by a VM's name",
    ask: (store, random) => findMigration(store, vmName(anyOf(random, vms))),
  },
  {
    name: "find by an id's beginning",
    ask: (store, random) =>
      findMigration(store, yearRow(anyOf(random, days * perDay), 1).id.slice(0, -1)),
  },
  {
    name: 'recording (explain, telemetry)',
    ask: (store, random, { templates, telemetryDays }) => {
      const index = days * perDay - 1 - anyOf(random, telemetryDays * perDay);
      return recordingOf(store, yearRow(index, templates).id);
    },
  },
];

const others: readonly Read[] = [
  {
    name: 'lessons of a guest, a way and a class',
    ask: ({ migrations }, random) => {
      const uuid = vmUuid(anyOf(random, vms));
      return Promise.all([
        migrations.lessons({ of: 'guest', vmUuid: uuid }, 5),
        migrations.lessons({ of: 'way', hosts: [anyHost(random), anyHost(random)] }, 5),
        migrations.lessons({ of: 'class', slaClass: 'panda', butVmUuid: uuid }, 5),
      ]);
    },
  },
  {
    name: 'counts of a day (metrics)',
    ask: ({ migrations }) => migrations.counts(yearEnds - dayMs),
  },
  { name: 'progress of all', ask: ({ migrations }) => migrations.progressSince(0) },
  {
    name: 'events, 1,000 from any one',
    ask: async ({ events }, random) => {
      const { first, last } = await events.range();
      return events.after(first + anyOf(random, last - first), 1_000);
    },
  },
  { name: 'audit: all', ask: ({ audit }) => audit.list({}, { limit: pageSize }) },
  {
    name: 'audit: who',
    ask: ({ audit }, random) =>
      audit.list({ who: `operator${anyOf(random, 12)}` }, { limit: pageSize }),
  },
  {
    name: 'audit: subject',
    ask: ({ audit }, random) =>
      audit.list({ subject: vmName(anyOf(random, vms)) }, { limit: pageSize }),
  },
  {
    name: 'audit: nobody, since a month',
    ask: ({ audit }) =>
      audit.list({ who: 'nobody', since: yearEnds - 30 * dayMs }, { limit: pageSize }),
  },
];

export const reads: readonly Read[] = [...lists, ...deepPages, ...singles, ...others];
