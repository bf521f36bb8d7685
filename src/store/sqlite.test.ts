import { expect, test } from 'vitest';
import { explainSqlite, type Room } from './sqlite.ts';

const roomy: Room = { freeBytes: 2 ** 30, takesFiles: true };

function failure(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { errcode });
}

/** SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_READ, SQLITE_FULL and SQLITE_CANTOPEN, from sqlite3.h. */
test.each([
  [4874, { freeBytes: 4096, takesFiles: true }, /^Disk full: .*\/s\/drover\.db .*4 KiB free$/],
  [266, roomy, /\/s\/drover\.db cannot be read or written: SQLite says "its words"$/],
  [266, undefined, /SQLite says "its words"$/],
  [13, roomy, /^Disk full: .*1 GiB free$/],
  [13, undefined, /^Disk full: .*file system$/],
  [14, { freeBytes: 2 ** 30, takesFiles: false }, /^Disk full: .*no room for one more file$/],
  [14, roomy, /cannot be opened$/],
])('SQLite’s %i is explained by what the file system has left', (code, room, message) => {
  const explained = explainSqlite(failure(code, 'its words'), '/s/drover.db', () => room);
  expect(explained?.message).toMatch(message);
});
