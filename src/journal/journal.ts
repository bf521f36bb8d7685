import type { Recording } from '../recording/recording.ts';

/** Remembers migrations. */
export interface Journal {
  /** Keeps a recording, in place of an earlier one of the same id. */
  keep(recording: Recording): Promise<void>;
  /** Those kept, newest first, at most `count` of them. */
  recent(count: number): Promise<readonly Recording[]>;
}

/** Remembers nothing. */
export const noJournal: Journal = {
  keep: () => Promise.resolve(),
  recent: () => Promise.resolve([]),
};
