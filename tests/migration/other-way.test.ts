import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/fleet/config.ts';
import { play, type Stage, setStage, slowBits } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

/** A network for memory alone, over the same cards. */
const second = { h1: '10.222.0.1', h2: '10.222.0.2' } as const;

test('a post-copy whose network is gone for good is resumed over another one', async () => {
  const { card, address } = await cardOf('h2');
  const first = address.replace(/\/.*/, '');
  for (const [name, other] of Object.entries(second))
    await ip(name, 'addr', 'add', `${other}/24`, 'dev', (await cardOf(name)).card);
  let gone: Promise<unknown> | undefined;
  const { result, report } = await play(stage, {
    name: 'furious-pet',
    slaClass: 'pet',
    workload: 'random:rate=100MiB/s,set=96MiB,scrub=4s',
    memoryMiB: 112,
    linkBits: slowBits,
    request: { importance: 'high' },
    config: overTheSecond(stage.config, first),
    onEvent: (event) => {
      if (event.kind !== 'phase' || event.phase !== 'post-copy') return;
      gone ??= ip('h2', 'addr', 'del', `${second.h2}/24`, 'dev', card);
    },
  });
  await gone;
  expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', verifiedWhole: true });
  expect(result).toMatchObject({ outcome: 'completed', runsOn: ['h2'], switchedToPostCopy: true });
  expect(result.postCopyBreaks).toBeGreaterThan(0);
  expect(result.stalledMs).toBeGreaterThan(0);
  expect(result.why.join('\n')).toContain(`resuming it over ${first} `);
});

/** The card of a host, and its address with the length of its prefix. */
async function cardOf(name: string): Promise<{ readonly card: string; readonly address: string }> {
  const said = await ip(name, '-o', '-4', 'addr', 'show', 'scope', 'global');
  const [, card, address] = /^\d+: (\S+)\s+inet (\S+)/.exec(said) ?? [];
  if (card === undefined || address === undefined) throw new Error(`${name} has no card: ${said}`);
  return { card, address };
}

async function ip(name: string, ...words: readonly string[]): Promise<string> {
  return (await stage.lab.exec(name, ['ip', ...words])).stdout;
}

/** Memory goes over the second network, or over the first where that does not do. */
function overTheSecond(config: Config, first: string): Config {
  const h2 = config.hosts['h2'];
  if (h2 === undefined) throw new Error('there is no h2');
  const ways = { migrationAddress: second.h2, otherWays: [{ migrationAddress: first }] };
  return { ...config, hosts: { ...config.hosts, h2: { ...h2, ...ways } } };
}
