import { expect } from 'vitest';
import type { NewAudit } from '../../../src/store/rows.ts';
import { everyPage, oneOf } from '../rows.ts';
import type { Scenario } from './scenario.ts';

function entryAt(index: number, change: Partial<NewAudit> = {}): NewAudit {
  return {
    at: 1_000 + index,
    who: index % 2 === 0 ? 'alice' : 'bob',
    what: 'host.set',
    subject: `h${index % 3}`,
    from: '192.0.2.7',
    details: { index },
    outcome: 'ok',
    ...change,
  };
}

/** Each with the numbers of those among 0 to 11 that it finds, newest first. */
const auditFilters = [
  [{}, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
  [{ who: 'alice' }, [10, 8, 6, 4, 2, 0]],
  [{ who: 'nobody' }, []],
  [{ subject: 'h1' }, [10, 7, 4, 1]],
  [{ since: 1_009 }, [11, 10, 9]],
  [{ since: 2_000 }, []],
  [{ who: 'bob', subject: 'h1' }, [7, 1]],
  [{ who: 'alice', subject: 'h2', since: 1_003 }, [8]],
] as const;

/** What a text can hold; the keys and values come from people. */
const strange = {
  null: null,
  unicode: 'Müller 🐄 \u202e \u0000 \ud800',
  quotes: `'"\\; drop table audit; --`,
  deep: [{ a: [1.5, -0.25, 2 ** 53 - 1] }, []],
  infinite: Infinity,
};

const keyOf = (key: string) => ({ who: 'alice', key, fingerprint: `print of ${key}` });
const token = {
  id: 't1',
  name: 'ci',
  role: 'operator',
  createdAt: 1_000,
  expiresAt: 5_000,
} as const;

export const peopleScenarios: readonly Scenario[] = [
  {
    name: 'audit: every filter finds what it says, newest first, in pages of any size',
    run: async (open) => {
      const { audit } = await open();
      for (let index = 0; index < 12; index += 1) await audit.append(entryAt(index));
      for (const [filter, found] of auditFilters)
        for (const limit of [1, 4, 12, 50]) {
          const all = await everyPage((after) => audit.list(filter, { limit, after }));
          const indexes = all.map(({ at }) => at - 1_000);
          expect({ filter, limit, indexes }).toEqual({ filter, limit, indexes: found });
        }
    },
  },
  {
    name: 'audit: an entry is kept as it was told, whatever is in it',
    run: async (open) => {
      const store = await open();
      const entry = entryAt(1, { details: strange, outcome: 'store.unavailable', subject: 'ü🐄' });
      await store.audit.append(entry);
      await store.audit.append(entryAt(2, { details: undefined }));
      const { items } = await (await open()).audit.list({}, { limit: 5 });
      expect(items).toEqual([
        { ...entryAt(2), details: null, seq: expect.any(Number) },
        { ...entry, seq: expect.any(Number) },
      ]);
    },
  },
  {
    name: 'audit: of entries at once none is lost; pages stay as they are while others come',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const append = (index: number): Promise<void> =>
        oneOf(stores, index).audit.append(entryAt(index));
      await Promise.all(Array.from({ length: 60 }, (_, index) => append(index)));
      let late = 60;
      const all = await everyPage(async (after) => {
        const page = await stores[0].audit.list({}, { limit: 7, after });
        await append((late += 1));
        return page;
      });
      const indexes = all.map(({ at }) => at - 1_000);
      expect(indexes.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 60 }, (_, index) => index),
      );
    },
  },
  {
    name: 'tokens: found by their hash alone, and told without it',
    run: async (open) => {
      const { tokens } = await open();
      const row = { ...token, lastUsedAt: undefined, revokedAt: undefined };
      expect(await tokens.create(token, 'hash-1')).toEqual(row);
      const eternal = { ...token, id: 't2', name: 'root', role: 'admin', createdAt: 900 } as const;
      await tokens.create({ ...eternal, expiresAt: undefined }, 'hash-2');
      expect(await tokens.byHash('hash-1')).toEqual(row);
      expect(await tokens.byHash('hash-2')).toMatchObject({ id: 't2', expiresAt: undefined });
      for (const none of ['hash', 'hash-11', 'HASH-1', 't1', ''])
        expect(await tokens.byHash(none)).toBeUndefined();
      expect((await tokens.list()).map(({ id }) => id)).toEqual(['t2', 't1']);
      expect(JSON.stringify(await tokens.list())).not.toContain('hash-');
    },
  },
  {
    name: 'tokens: a use and a revocation are seen by everybody at once, and the first holds',
    run: async (open) => {
      const [ours, theirs] = await Promise.all([open(), open()]);
      await ours.tokens.create(token, 'hash-1');
      expect(await theirs.tokens.byHash('hash-1')).toMatchObject({ revokedAt: undefined });
      await theirs.tokens.used('t1', 2_000);
      expect(await ours.tokens.byHash('hash-1')).toMatchObject({ lastUsedAt: 2_000 });
      expect(await ours.tokens.revoke('t1', 3_000)).toMatchObject({ id: 't1', revokedAt: 3_000 });
      expect(await theirs.tokens.byHash('hash-1')).toMatchObject({ revokedAt: 3_000 });
      expect(await theirs.tokens.revoke('t1', 4_000)).toMatchObject({ revokedAt: 3_000 });
      await theirs.tokens.used('t1', 5_000);
      expect(await ours.tokens.list()).toMatchObject([{ revokedAt: 3_000, lastUsedAt: 5_000 }]);
      expect(await ours.tokens.revoke('none', 1)).toBeUndefined();
    },
  },
  {
    name: 'requests: a key is taken once; its answer is kept as it was',
    run: async (open) => {
      const { requests } = await open();
      expect(await requests.take(keyOf('k'), 1_000)).toBe('taken');
      const unanswered = { fingerprint: 'print of k', answer: undefined };
      expect(await requests.take({ ...keyOf('k'), fingerprint: 'another' }, 1_001)).toEqual(
        unanswered,
      );
      // The same key of somebody else, and another key, are other requests.
      expect(await requests.take({ ...keyOf('k'), who: 'bob' }, 1_002)).toBe('taken');
      expect(await requests.take(keyOf('K'), 1_003)).toBe('taken');
      const answer = { status: 201, body: JSON.stringify(strange) };
      await requests.answer('alice', 'k', answer);
      const again = await (await open()).requests.take(keyOf('k'), 9_000);
      expect(again).toEqual({ fingerprint: 'print of k', answer });
      expect(await requests.take(keyOf('K'), 1_004)).toMatchObject({ answer: undefined });
      await requests.answer('alice', 'never taken', answer);
      expect(await requests.take(keyOf('never taken'), 1_005)).toBe('taken');
      await requests.answer('alice', 'K', { status: 204, body: '' });
      expect(await requests.take(keyOf('K'), 1_006)).toMatchObject({
        answer: { status: 204, body: '' },
      });
    },
  },
  {
    name: 'requests: a key that was given back is free',
    run: async (open) => {
      const { requests } = await open();
      await requests.take(keyOf('k'), 1_000);
      await requests.drop('bob', 'k');
      expect(await requests.take(keyOf('k'), 1_001)).toMatchObject({ answer: undefined });
      await requests.drop('alice', 'k');
      expect(await requests.take({ ...keyOf('k'), fingerprint: 'new' }, 1_002)).toBe('taken');
      expect(await requests.take(keyOf('k'), 1_003)).toMatchObject({ fingerprint: 'new' });
    },
  },
  {
    name: 'requests: of many that take one key at once one has it, also while it is given back',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      let holders = 0;
      const held: number[] = [];
      const takeOften = async (index: number): Promise<void> => {
        const { requests } = oneOf(stores, index);
        for (let turn = 0; turn < 40; turn += 1) {
          if ((await requests.take(keyOf('k'), turn)) !== 'taken') continue;
          holders += 1;
          held.push(holders);
          expect(await requests.take(keyOf('k'), turn)).toMatchObject({ answer: undefined });
          holders -= 1;
          await requests.drop('alice', 'k');
        }
      };
      await Promise.all(Array.from({ length: 16 }, (_, index) => takeOften(index)));
      expect(held.length).toBeGreaterThan(0);
      expect(new Set(held)).toEqual(new Set([1]));
    },
  },
];
