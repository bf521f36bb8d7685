import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CamelCasePlugin,
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  sql,
} from 'kysely';
import { formatBytes } from '../units/format.ts';
import type { Engine } from './engine.ts';
import { Gathered } from './gathered.ts';
import type { Tables } from './tables.ts';

/** How long a writer waits for another process on the same file, ms. */
const busyMs = 5_000;
/** Statements are few and come again and again. */
const mostPrepared = 500;

/**
 * Opens the file, and makes it and its folder where they are missing. `turn` ends when those who
 * write in the same moment have come: they are written together.
 */
export function sqliteEngine(
  path: string,
  turn: () => Promise<void> = atOnce,
  leaseMs: () => number = machineMs,
): Engine {
  makeFolder(dirname(path));
  const database = openDatabase(path);
  const db = new Kysely<Tables>({
    dialect: new ImmediateDialect({ database: new Prepared(database) }, database),
    plugins: [new CamelCasePlugin()],
  });
  const gathered = new Gathered(db, turn);
  return {
    kind: 'sqlite',
    db,
    transaction: (work, urgent = false) => gathered.write(work, urgent),
    leaseNow: () => sql.val(leaseMs()),
    dayNow: () => sql.val(Date.now()),
    boot: bootId(),
    // A transaction that begins as a writer has the whole file to itself.
    gate: () => Promise.resolve(),
    skipLocked: sql``,
    forUpdate: sql``,
    rows: (name, columns, values) => {
      const fields = Object.keys(columns).map(
        (field) => sql`value ->> ${sql.lit(`$.${field}`)} as ${sql.ref(field)}`,
      );
      return sql`(select ${sql.join(fields)} from json_each(${JSON.stringify(values)})) as ${sql.ref(name)}`;
    },
    explain: (error) => explainSqlite(error, path),
  };
}

function atOnce(): Promise<void> {
  return Promise.resolve();
}

/**
 * What is committed survives a power cut; readers and the writer do not wait for each other. The
 * cache and the log hold what a whole fleet writes within a moment.
 */
const pragmas =
  'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -16384; pragma wal_autocheckpoint = 8192';

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    database.exec(pragmas);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** One after another: Node's own way to make several does not end where the kernel takes none. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error;
  }
}

/** A clock that nobody can step, and that all processes of this machine share. */
function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Every transaction here writes: one that began as a reader could find that it may not. */
class ImmediateDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  readonly #database: DatabaseSync;

  constructor(config: SqliteDialectConfig, database: DatabaseSync) {
    super(config);
    this.#config = config;
    this.#database = database;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#config, this.#database);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite undoes changes of the schema, too: who dies amid them, or comes second, leaves no half. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(config: SqliteDialectConfig, database: DatabaseSync) {
    super(config);
    this.#database = database;
  }

  /** A full disk has SQLite undo a transaction by itself: to ask for it again would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Node's own SQLite in the form that Kysely knows, with its statements kept. */
class Prepared {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, PreparedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(text: string): PreparedStatement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const prepared = new PreparedStatement(this.#database.prepare(text));
    if (this.#statements.size >= mostPrepared) this.#statements.clear();
    this.#statements.set(text, prepared);
    return prepared;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

class PreparedStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...parameters.map(inputOf));
  }

  run(parameters: readonly unknown[]): ReturnType<StatementSync['run']> {
    return this.#statement.run(...parameters.map(inputOf));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...parameters.map(inputOf));
  }
}

function inputOf(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  throw new TypeError(`SQLite keeps no ${typeof value}`);
}

/** SQLite's own result codes, from sqlite3.h; what is said of a full disk is said by `fullDisk`. */
const troubles: Readonly<Record<number, readonly [message: string, hint: string]>> = {
  3: ['may not be opened', 'Give its folder and file to whoever runs Drover.'],
  5: ['is held by another process', 'Another Drover writes to it and does not come to an end.'],
  6: ['is held by another process', 'Another Drover writes to it and does not come to an end.'],
  8: ['is read-only', 'Make the file, its folder and its file system writable.'],
  10: ['cannot be read or written', 'Look at the disk: the system log has its error.'],
  11: ['is damaged', 'Put a copy of before in its place; nothing was changed.'],
  14: ['cannot be opened', 'Its folder must be there and be writable.'],
  26: ['is no SQLite file', 'Name another file, or move this one away.'],
};
const resultInputOutput = 10;
const resultFull = 13;
/** What SQLite says of a full disk where that kept it from more than a write of the file itself. */
const maybeFull: readonly number[] = [resultInputOutput, 14];

/** What the file system of a store has left for it. */
export interface Room {
  readonly freeBytes: number;
  /** Whether it takes one more file. */
  readonly takesFiles: boolean;
}

/**
 * The index of its log is the most that SQLite asks of a disk at once, 32 KiB; where that fails it speaks
 * of an I/O error. Twice that is full: others write to the same disk.
 */
const leastFreeBytes = 65_536;

export function explainSqlite(
  error: unknown,
  path: string,
  room: (path: string) => Room | undefined = roomAt,
): ReturnType<Engine['explain']> {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number')
    return explainResult(error.errcode & 0xff, error.message, path, room);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ENOSPC') return fullDisk(path, room(path));
  if (unmakeable.includes(code))
    return { message: `The store ${path} cannot be made: ${error.message}`, hint: placeHint };
  if (code === 'ERR_INVALID_STATE') return { message: `The store ${path} is closed`, hint: '' };
  return undefined;
}

function explainResult(
  result: number,
  said: string,
  path: string,
  room: (path: string) => Room | undefined,
): ReturnType<Engine['explain']> {
  if (result === resultFull) return fullDisk(path, room(path));
  if (maybeFull.includes(result)) {
    const left = room(path);
    if (left !== undefined && isFull(left)) return fullDisk(path, left);
  }
  const [what, hint] = troubles[result] ?? [`fails: SQLite says "${said}"`, ''];
  const words = result === resultInputOutput ? `: SQLite says "${said}"` : '';
  return { message: `The store ${path} ${what}${words}`, hint };
}

function isFull({ freeBytes, takesFiles }: Room): boolean {
  return freeBytes < leastFreeBytes || !takesFiles;
}

function fullDisk(path: string, room: Room | undefined): ReturnType<Engine['explain']> {
  const left = room === undefined ? '' : `: ${leftIn(room)}`;
  return {
    message: `Disk full: the store ${path} has no space left on its file system${left}`,
    hint: 'Free space there, or name another place with DROVER_STATE_DIR. What was kept is whole, and what runs goes on meanwhile.',
  };
}

function leftIn({ freeBytes, takesFiles }: Room): string {
  return takesFiles
    ? `${formatBytes(freeBytes)} free`
    : `${formatBytes(freeBytes)} free, but no room for one more file`;
}

/** Asked of the nearest folder that there is; `undefined` where the file system does not tell. */
function roomAt(path: string): Room | undefined {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(existingFolder(dirname(path)));
    // Some file systems count no files: btrfs says 0 of both.
    return { freeBytes: bavail * bsize, takesFiles: files === 0 || ffree > 0 };
  } catch {
    return undefined;
  }
}

function existingFolder(folder: string): string {
  return existsSync(folder) ? folder : existingFolder(dirname(folder));
}

/** What a file system says where it takes no new folder. */
const unmakeable: readonly string[] = ['EACCES', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS'];
const placeHint = 'DROVER_STATE_DIR names another place for it.';
