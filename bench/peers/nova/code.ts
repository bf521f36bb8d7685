import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { must, run } from '../../../src/lab/run.ts';
import { whenInterrupted } from '../../interrupted.ts';
import type { Driven } from '../../steering/drive.ts';
import type { Way } from '../../steering/stage.ts';
import { startWaiting } from './waiting.ts';

/** What its code imports besides itself. */
const packages = [
  'python3-libvirt',
  'python3-lxml',
  'python3-oslo.config',
  'python3-oslo.log',
  'python3-oslo.utils',
];
const pythonFolder = 'usr/lib/python3/dist-packages';
/** Longer than a cancel takes, or the end of a post-copy. */
const endingMs = 60_000;

/** One of Nova's options, as its configuration file has it. */
export type NovaOptions = Readonly<Record<`live_migration_${string}`, string | number>>;

export interface NovaRun {
  readonly options: NovaOptions;
  /** The memory that it is told the guest has, and how many times faster its clock goes. */
  readonly memoryGib: number;
  readonly factor: number;
  readonly limitMs: number;
}

const answerSchema = z.object({
  ms: z.number(),
  asked: z.object({ migrateStartPostCopy: z.int().default(0) }),
});

/** Nobody but Nova reads its job: whether it was switched to post-copy, it tells itself. */
export interface DrivenByNova extends Driven {
  readonly postCopy: boolean;
}

/** Nova's own code, from Debian's package, in a folder of its own: the package is not installed. */
export class NovaCode {
  readonly #folder: string;
  readonly #forget: () => void;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#forget = whenInterrupted(() => this.remove());
  }

  static async fetch(): Promise<NovaCode> {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const missing = await missingPackages();
    if (missing.length > 0) {
      console.error(`installing Debian packages: ${missing.join(' ')}`);
      await must(['apt-get', 'update']);
      await must(['apt-get', 'install', '-y', '--no-install-recommends', ...missing], { env });
    }
    const folder = await mkdtemp(join(tmpdir(), 'drover-nova-'));
    const download = 'cd "$1" && apt-get -q download python3-nova && dpkg -x python3-nova_*.deb .';
    await must(['sh', '-c', download, 'sh', folder], { env });
    return new NovaCode(folder);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    this.#forget();
  }

  /** Starts it; what is returned has it move the guest, cancelled after `limitMs`, as every other. */
  async ready(
    { vm, uuid, source, destination, config }: Way,
    wanted: NovaRun,
  ): Promise<() => Promise<DrivenByNova>> {
    const [to] = destination.ways;
    const uri = config.hosts[source.name]?.uri;
    if (to === undefined || uri === undefined) throw new Error('a host has no address');
    const { options, memoryGib, factor, limitMs } = wanted;
    const told = {
      nova: join(this.#folder, pythonFolder),
      config: await this.#write(options),
      uri,
      domain: vm,
      to: to.uri,
      'memory-mib': Math.round(memoryGib * 1024),
      factor,
    };
    const flags = Object.entries(told).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const script = new URL('drive.py', import.meta.url).pathname;
    const goOn = await startWaiting(['/usr/bin/python3', script, ...flags]);
    return async () => {
      const late = setTimeout(() => void source.abortJob(uuid).catch(() => undefined), limitMs);
      const answer = await goOn(limitMs + endingMs).finally(() => clearTimeout(late));
      const { ms, asked } = answerSchema.parse(JSON.parse(answer));
      const postCopy = asked.migrateStartPostCopy > 0;
      return { totalMs: Math.min(ms, limitMs), samples: [], postCopy };
    };
  }

  async #write(options: NovaOptions): Promise<string> {
    const path = join(this.#folder, 'nova.conf');
    const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
    await writeFile(path, ['[libvirt]', ...lines, ''].join('\n'));
    return path;
  }
}

async function missingPackages(): Promise<readonly string[]> {
  if (!existsSync('/usr/bin/dpkg-query'))
    throw new Error("Nova's code comes from a Debian package");
  const query = ['dpkg-query', '--show', '--showformat', '${Package} ${db:Status-Status}\n'];
  const { stdout } = await run([...query, ...packages]);
  return packages.filter((name) => !stdout.includes(`${name} installed\n`));
}
