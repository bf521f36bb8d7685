import { openStore } from '../../src/store/open.ts';

/** Writes so many entries of one person into the audit log: PATH WHO COUNT. */
const [path = '', who = '', count = '0'] = process.argv.slice(2);
const store = await openStore({ kind: 'sqlite', path });
for (let index = 0; index < Number(count); index += 1)
  await store.audit.append({
    at: index,
    who,
    what: 'x',
    subject: 's',
    from: 'local',
    details: index,
    outcome: 'ok',
  });
await store.close();
