import type { Lesson } from '../forecast/learn.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { Beginning } from './beginning.ts';

/** Past migrations of one kind. */
export type LessonsOf =
  | { readonly of: 'guest'; readonly vmUuid: string }
  /** Either way round: a link carries as much back as forth. */
  | { readonly of: 'way'; readonly hosts: readonly [string, string] }
  | { readonly of: 'class'; readonly slaClass: SlaClass; readonly butVmUuid: string };

/** Where migrations are kept, for the next ones and for whoever has to take one over. */
export interface Keeping {
  /** What the newest `limit` taught, newest first. */
  lessons(of: LessonsOf, limit: number): Promise<readonly Lesson[]>;
  /** What the guest was just seen to write, before its migration was asked for; nothing where nobody looked. */
  measured?(): readonly SeenWrites[];
  /** Durable before the first order goes to a host. Where it rejects, nothing is begun. */
  begin(beginning: Beginning): Promise<void>;
  /** Durable before post-copy is started. Where it rejects, it is not started. */
  passReturn(): Promise<void>;
}

/** Remembers nothing. */
export const keepsNothing: Keeping = {
  lessons: () => Promise.resolve([]),
  begin: () => Promise.resolve(),
  passReturn: () => Promise.resolve(),
};
