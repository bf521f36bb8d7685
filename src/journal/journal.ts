import type { Recording } from '../recording/recording.ts';

/** Is told of a recording that cannot be read, and why. */
export type TellUnreadable = (problem: string) => void;

/** Remembers migrations. */
export interface Journal {
  /** Keeps a recording, in place of an earlier one of the same id. */
  keep(recording: Recording): Promise<void>;
  /** Those kept, newest first, of the newest `count`; what cannot be read is told and left out. */
  recent(count: number, tell: TellUnreadable): Promise<readonly Recording[]>;
}

/** Remembers nothing. */
export const noJournal: Journal = {
  keep: () => Promise.resolve(),
  recent: () => Promise.resolve([]),
};
