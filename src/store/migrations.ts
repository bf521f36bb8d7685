import { sql, type Transaction } from 'kysely';
import { DroverError } from '../errors/catalogue.ts';
import { addChapters, type StoredChapter, together } from './chapters.ts';
import type { Engine } from './engine.ts';
import { fromJson, maybe, toJson } from './json.ts';
import { listed, stillHeld } from './leasing.ts';
import { type Db, joinedRows, newestIds, placeOf, rowOf } from './migration-query.ts';
import { migrationRow } from './migration-rows.ts';
import { pageOf } from './paging.ts';
import {
  type Beginning,
  type Chapter,
  type Lease,
  type Lesson,
  type LessonsOf,
  livePhases,
  type MigrationRow,
  type NewEvent,
  type NewMigration,
  unended,
} from './rows.ts';
import type { Session } from './session.ts';
import type {
  Advance,
  Created,
  Ended,
  MigrationCount,
  MigrationFilter,
  Migrations,
  NewWishes,
  Page,
  PageRequest,
  Report,
} from './store.ts';
import type { Tables } from './tables.ts';
import { settlePlace } from './vm-places.ts';

const mostFitting = 10;

export class MigrationTable implements Migrations {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  create({ requestKey, ...migration }: NewMigration, event: NewEvent): Promise<Created> {
    return this.#session.write(async (trx) => {
      const { engine } = this.#session;
      const { requestedBy, vm, from } = migration;
      if (requestKey !== undefined) {
        await engine.gate(trx, 'requests', `${requestKey} of ${requestedBy}`);
        const before = await askedBy(trx, engine, requestedBy, requestKey);
        if (before !== undefined) return { how: 'again', row: before };
      }
      const names = await namesOf(trx, vm, from);
      await engine.gate(trx, 'vms', names.uuid);
      const running = await movingNow(trx, engine, names, from);
      if (running !== undefined) return { how: 'busy', row: running };
      await trx
        .insertInto('migrations')
        .values({
          id: migration.id,
          origin: migration.origin,
          vm,
          fromHost: from,
          toHost: migration.to,
          reason: migration.reason ?? null,
          importance: migration.importance,
          deadlineAt: migration.deadlineAt ?? null,
          operationId: migration.operationId ?? null,
          requestedBy,
          requestedAt: migration.requestedAt,
          requestKey: requestKey ?? null,
          phase: 'queued',
          cancelRequested: 0,
          revision: 1,
        })
        .execute();
      const row = await joinedRows(trx, engine)
        .where('migrations.id', '=', migration.id)
        .executeTakeFirstOrThrow();
      await this.#session.tell(trx, [event]);
      return { how: 'created', row: migrationRow(row) };
    });
  }

  get(id: string): Promise<MigrationRow | undefined> {
    return this.#session.read((db) => rowOf(db, this.#session.engine, id));
  }

  list(filter: MigrationFilter, { limit, after }: PageRequest): Promise<Page<MigrationRow>> {
    return this.#session.read(async (db) => {
      const rows = await joinedRows(db, this.#session.engine)
        .where('migrations.id', 'in', newestIds(db, filter, limit + 1, after))
        .orderBy('migrations.requestedAt', 'desc')
        .orderBy('migrations.id', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(rows.map(migrationRow), limit, placeOf);
    });
  }

  moving(): Promise<ReadonlySet<string>> {
    return this.#session.read(async (db) => {
      const rows = await db
        .selectFrom('migrations')
        .select('vmUuid')
        .where('phase', 'in', unended)
        .where('vmUuid', 'is not', null)
        .execute();
      return new Set(rows.flatMap(({ vmUuid }) => vmUuid ?? []));
    });
  }

  idsFrom(beginning: string): Promise<readonly string[]> {
    return this.#session.read(async (db) => {
      const rows = await db
        .selectFrom('migrations')
        .select('id')
        .where('id', '>=', beginning)
        .where('id', '<', `${beginning}\uffff`)
        .orderBy('id', 'desc')
        .limit(mostFitting)
        .execute();
      return rows.map(({ id }) => id);
    });
  }

  wish(
    id: string,
    { importance, deadlineAt, cancelRequested }: NewWishes,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<MigrationRow | 'stale' | 'ended' | 'missing'> {
    return this.#session.writeNow(async (trx) => {
      let query = trx
        .updateTable('migrations')
        .set(({ eb }) => ({
          revision: eb('revision', '+', 1),
          ...(importance === undefined ? {} : { importance }),
          ...(deadlineAt === undefined ? {} : { deadlineAt }),
          ...(cancelRequested === undefined ? {} : { cancelRequested: Number(cancelRequested) }),
        }))
        .where('id', '=', id)
        .where('phase', 'in', unended);
      if (ifRevision !== undefined) query = query.where('revision', '=', ifRevision);
      const { numUpdatedRows } = await query.executeTakeFirst();
      const row = await rowOf(trx, this.#session.engine, id);
      if (row === undefined) return 'missing';
      if (numUpdatedRows === 0n) return isUnended(row) ? 'stale' : 'ended';
      await this.#session.tell(trx, [event]);
      return row;
    });
  }

  advance(lease: Lease, change: Advance, events: readonly NewEvent[]): Promise<boolean> {
    return this.#fenced(lease, async (trx) => {
      if (Object.keys(change).length > 0)
        await trx.updateTable('migrations').set(change).where('id', '=', lease.id).execute();
      await this.#session.tell(trx, events);
    });
  }

  begin(
    lease: Lease,
    beginning: Beginning,
    at: number,
    events: readonly NewEvent[],
  ): Promise<boolean> {
    return this.#fenced(lease, async (trx) => {
      const { id } = lease;
      await this.#refuseSecond(trx, id, beginning.head.vm);
      const json = toJson(beginning);
      await trx
        .insertInto('beginnings')
        .values({ id, json })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ json }))
        .execute();
      const { vm, slaClass } = beginning.head;
      await trx
        .updateTable('migrations')
        .set({ phase: 'copying', startedAt: at, vmName: vm.name, vmUuid: vm.uuid, slaClass })
        .where('id', '=', id)
        .execute();
      await this.#session.tell(trx, events);
    });
  }

  /** Where nobody knew yet that two names are one VM's, it shows here at the latest. */
  async #refuseSecond(
    trx: Transaction<Tables>,
    id: string,
    { name, uuid }: Beginning['head']['vm'],
  ): Promise<void> {
    await this.#session.engine.gate(trx, 'vms', uuid);
    const other = await trx
      .selectFrom('migrations')
      .select('id')
      .where('vmUuid', '=', uuid)
      .where('id', '<>', id)
      .where((eb) => {
        const own = eb.selectFrom('migrations as own').where('own.id', '=', id);
        const here = eb('fromHost', '=', own.select('own.fromHost'));
        return eb.or([eb('phase', 'in', livePhases), eb.and([eb('phase', 'in', unended), here])]);
      })
      .executeTakeFirst();
    if (other !== undefined)
      throw new DroverError('domain.busy', `${name} is being moved already: ${other.id}`, {
        hint: `Watch it: drover migrations watch ${other.id}.`,
      });
  }

  beginning(id: string): Promise<Beginning | undefined> {
    return this.#session.read(async (db) => {
      const row = await db
        .selectFrom('beginnings')
        .select('json')
        .where('id', '=', id)
        .executeTakeFirst();
      return maybe(row?.json ?? null);
    });
  }

  report(reports: readonly Report[], events: readonly NewEvent[]): Promise<void> {
    const { engine } = this.#session;
    return this.#session.write(async (trx) => {
      const held = await stillHeld(
        engine,
        trx,
        reports.map(({ lease }) => lease),
      );
      const ours = reports.filter(({ lease }) => held.has(lease.id));
      const columns = { id: 'text', json: 'text' } as const;
      const moved = ours.flatMap(({ lease: { id }, progress }) =>
        progress === undefined ? [] : [{ id, json: toJson(progress) }],
      );
      if (moved.length > 0)
        await sql`
          insert into progress (id, at, json)
          select id, ${engine.dayNow()}, json from ${engine.rows('moved', columns, moved)} where true
          on conflict (id) do update set at = excluded.at, json = excluded.json`.execute(trx);
      await addChapters(
        this.#session,
        trx,
        ours.map(({ lease, ...chapter }) => ({ id: lease.id, chapter })),
      );
      await this.#session.tell(
        trx,
        events.filter(({ subject }) => held.has(subject)),
      );
    });
  }

  finish(lease: Lease, ended: Ended, last: Chapter, events: readonly NewEvent[]): Promise<boolean> {
    const { id } = lease;
    return this.#fenced(lease, async (trx) => {
      const { phase, endedAt, end, error, lesson } = ended;
      await trx
        .updateTable('migrations')
        .set({
          phase,
          endedAt,
          ending: end === undefined ? null : toJson(end),
          error: error === undefined ? null : toJson(error),
        })
        .where('id', '=', id)
        .execute();
      await addChapters(this.#session, trx, [{ id, chapter: last }]);
      await settlePlace(this.#session.engine, trx, id, end?.runsOn ?? [], endedAt);
      if (lesson !== undefined) await addLesson(trx, id, lesson);
      // What is not known to have ended stays to be taken up again.
      if (phase === 'unknown')
        await trx
          .updateTable('leases')
          .set({ owner: null, until: 0 })
          .where('id', '=', id)
          .execute();
      else await letRest(trx, id);
      await this.#session.tell(trx, events);
    });
  }

  chapters(id: string): Promise<Chapter> {
    return this.#session.read(async (db) => {
      const rows = await db
        .selectFrom('chapters')
        .select('json')
        .where('id', '=', id)
        .orderBy('seq')
        .execute();
      return together(rows.map(({ json }) => fromJson<StoredChapter>(json)));
    });
  }

  lessons(of: LessonsOf, limit: number): Promise<readonly Lesson[]> {
    return this.#session.read(async (db) => {
      let query = db.selectFrom('lessons').select('json').orderBy('id', 'desc').limit(limit);
      if (of.of === 'guest') query = query.where('vmUuid', '=', of.vmUuid);
      else if (of.of === 'way') query = query.where('way', '=', wayOf(...of.hosts));
      else query = query.where('slaClass', '=', of.slaClass).where('vmUuid', '<>', of.butVmUuid);
      const rows = await query.execute();
      return rows.map(({ json }) => fromJson<Lesson>(json));
    });
  }

  counts(since: number): Promise<readonly MigrationCount[]> {
    return this.#session.read(async (db) => {
      const counted = db.selectFrom('migrations').select(['phase', 'slaClass', 'importance']);
      // Each has an index of its own, which `or` would not use.
      const underWay = counted.where('phase', 'in', unended);
      const over = counted.where('phase', 'not in', unended).where('requestedAt', '>=', since);
      const rows = await db
        .selectFrom(underWay.unionAll(over).as('counted'))
        .select(({ fn }) => ['phase', 'slaClass', 'importance', fn.countAll<number>().as('count')])
        .groupBy(['phase', 'slaClass', 'importance'])
        .execute();
      return rows.map(({ slaClass, ...rest }) => ({ ...rest, slaClass: slaClass ?? undefined }));
    });
  }

  progressSince(
    moment: number | undefined,
    among?: readonly string[],
  ): ReturnType<Migrations['progressSince']> {
    const { engine } = this.#session;
    return this.#session.read(async (db) => {
      const { now } = await db.selectNoFrom(engine.dayNow().as('now')).executeTakeFirstOrThrow();
      if (moment === undefined) return { now, items: [] };
      let query = joinedRows(db, engine)
        .where('progress.at', '>=', moment)
        .orderBy('migrations.id');
      if (among !== undefined) query = query.where('migrations.id', 'in', listed(engine, among));
      const rows = await query.execute();
      return { now, items: rows.map(migrationRow) };
    });
  }

  #fenced(lease: Lease, work: (trx: Transaction<Tables>) => Promise<void>): Promise<boolean> {
    return this.#session.write(async (trx) => {
      const held = await stillHeld(this.#session.engine, trx, [lease]);
      if (!held.has(lease.id)) return false;
      await work(trx);
      return true;
    });
  }
}

async function askedBy(
  db: Db,
  engine: Engine,
  who: string,
  requestKey: string,
): Promise<MigrationRow | undefined> {
  const joined = await joinedRows(db, engine)
    .where('requestedBy', '=', who)
    .where('requestKey', '=', requestKey)
    .executeTakeFirst();
  return joined === undefined ? undefined : migrationRow(joined);
}

/** What a VM may have been asked for by. */
interface Names {
  readonly all: readonly string[];
  /** As far as it is known. */
  readonly uuid: string;
}

/** As it was last seen there: who names it by name and who by UUID mean the same one. */
async function namesOf(db: Db, vm: string, from: string): Promise<Names> {
  const seen = await db
    .selectFrom('vms')
    .select(['name', 'uuid'])
    .where('host', '=', from)
    .where((eb) => eb.or([eb('name', '=', vm), eb('uuid', '=', vm)]))
    .executeTakeFirst();
  if (seen === undefined) return { all: [vm], uuid: vm };
  return { all: [seen.name, seen.uuid], uuid: seen.uuid };
}

/**
 * What takes this VM away from there; or from elsewhere, where its UUID says that it is this one: it may
 * have arrived with nobody looking, and whoever looks later would begin it anew.
 */
async function movingNow(
  db: Db,
  engine: Engine,
  { all }: Names,
  from: string,
): Promise<MigrationRow | undefined> {
  const names = sql.join(all);
  const here = sql`from_host = ${from} and phase in (${sql.join(unended)})`;
  const live = sql`phase in (${sql.join(livePhases)})`;
  // Each way has an index of its own; few are of one VM, so that the rest is seen row by row.
  const { rows } = await sql<{ id: string }>`
    select id from migrations where vm in (${names}) and ${here}
    union select id from migrations where vm_name in (${names}) and ${here}
    union select id from migrations where vm_uuid in (${names}) and (${here} or ${live})
    limit 1`.execute(db);
  const id = rows[0]?.id;
  return id === undefined ? undefined : rowOf(db, engine, id);
}

async function addLesson(trx: Transaction<Tables>, id: string, lesson: Lesson): Promise<void> {
  const row = await trx
    .selectFrom('migrations')
    .select(['vmUuid', 'fromHost', 'toHost', 'slaClass'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const { vmUuid, fromHost, toHost, slaClass } = row;
  const values = { id, vmUuid, slaClass, way: wayOf(fromHost, toHost), json: toJson(lesson) };
  await trx
    .insertInto('lessons')
    .values(values)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute();
}

/** What has ended needs no lease and no progress any more. */
async function letRest(trx: Transaction<Tables>, id: string): Promise<void> {
  await trx.deleteFrom('leases').where('id', '=', id).execute();
  await trx.deleteFrom('progress').where('id', '=', id).execute();
}

function wayOf(a: string, b: string): string {
  return JSON.stringify([a, b].toSorted());
}

function isUnended({ phase }: MigrationRow): boolean {
  return unended.some((one) => one === phase);
}
