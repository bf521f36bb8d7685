import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DroverError } from '../errors/catalogue.ts';
import type { Recording } from '../recording/recording.ts';
import { parseRecording, recordingText } from '../recording/text.ts';
import type { Journal, TellUnreadable } from './journal.ts';

/** Older recordings than so many newest ones go. */
const mostKept = 1_000;
const suffix = '.json';

/** A journal of one file per migration in a folder. Ids sort by time, so names do. */
export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #mostKept: number;

  constructor(folder: string, kept = mostKept) {
    this.#folder = folder;
    this.#mostKept = kept;
  }

  async keep(recording: Recording): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const path = this.#pathOf(recording.id);
    const draft = `${path}.${process.pid}.new`;
    const file = await open(draft, 'w');
    try {
      await file.writeFile(recordingText(recording));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await this.#prune();
  }

  async recent(count: number, tell: TellUnreadable): Promise<readonly Recording[]> {
    const newest = (await this.#ids()).toReversed().slice(0, count);
    const read = await Promise.all(newest.map((id) => this.#readIfPossible(id, tell)));
    return read.filter((recording) => recording !== undefined);
  }

  /**
   * The recording that a person means: an id, its beginning, or a VM's name, which stands for its
   * latest. Rejects with `recording.not-found`, or `usage.invalid` where the beginning fits several.
   */
  async find(wanted: string): Promise<Recording> {
    const ids = await this.#ids();
    if (ids.includes(wanted)) return this.#read(wanted);
    const unreadable: string[] = [];
    for (const id of ids.toReversed()) {
      const recording = await this.#readIfPossible(id, (problem) => unreadable.push(problem));
      if (recording?.vm.name === wanted || recording?.vm.uuid === wanted) return recording;
    }
    const fitting = ids.filter((id) => id.startsWith(wanted));
    const [first, ...others] = fitting;
    if (first !== undefined && others.length === 0) return this.#read(first);
    if (others.length > 0)
      throw new DroverError('usage.invalid', `${wanted} fits ${fitting.length} migrations`, {
        hint: `Say more of the id: ${fitting.slice(-3).join(', ')}`,
      });
    throw new DroverError('recording.not-found', `No migration ${wanted} is kept here`, {
      hint: ['`drover migrations` lists those that are.', ...unreadable].join(' '),
    });
  }

  async #read(id: string): Promise<Recording> {
    const path = this.#pathOf(id);
    return parseRecording(await readFile(path, 'utf8'), path);
  }

  /** One that another process has let go meanwhile is no problem. */
  async #readIfPossible(id: string, tell: TellUnreadable): Promise<Recording | undefined> {
    try {
      return await this.#read(id);
    } catch (error) {
      if (!isMissing(error)) tell(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .toSorted();
  }

  async #prune(): Promise<void> {
    const ids = await this.#ids();
    const tooOld = ids.slice(0, Math.max(0, ids.length - this.#mostKept));
    await Promise.all(tooOld.map((id) => rm(this.#pathOf(id), { force: true })));
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${id}${suffix}`);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
