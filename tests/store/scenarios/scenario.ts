import type { Store } from '../../../src/store/store.ts';

/** What both engines have to do alike. */
export interface Scenario {
  readonly name: string;
  /** `open` opens the same store again and again, each time over connections of its own. */
  readonly run: (open: () => Promise<Store>) => Promise<void>;
}
