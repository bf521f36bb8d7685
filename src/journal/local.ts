import { join } from 'node:path';
import { FileJournal } from './files.ts';
import { stateDir } from './state-dir.ts';

/** The journal of this machine. */
export function localJournal(): FileJournal {
  return new FileJournal(join(stateDir(), 'migrations'));
}
