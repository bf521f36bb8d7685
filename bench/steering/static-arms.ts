import type { Sample } from '../../src/forecast/telemetry.ts';
import type { MigrateOptions } from '../../src/hypervisor/port.ts';
import { type Act, type Driven, type Driver, drive, type Hosts } from './drive.ts';
import type { Packing } from './packed.ts';

export const staticArmNames = [
  'pre-copy',
  'short-pause',
  'auto-converge',
  'post-copy',
  'stop-and-copy',
] as const;
export type StaticArmName = (typeof staticArmNames)[number];
/** For guests with something in their memory: that of a default one shrinks to nothing. */
type PackedArmName = 'multifd-zstd';

/** A mechanism that is chosen at the start, with nobody who steers. */
interface StaticArm {
  readonly maxDowntimeMs: number;
  readonly autoConverge: MigrateOptions['autoConverge'];
  /** Switches to post-copy as soon as all memory has been sent once. */
  readonly postCopyAfterFirstPass: boolean;
  readonly packing?: Packing;
}

/** QEMU's own default. */
export const defaultDowntimeMs = 300;
/** libvirt's and QEMU's default throttle. */
export const defaultAutoConverge = { initialPercent: 20, incrementPercent: 10 };
const preCopy: StaticArm = {
  maxDowntimeMs: defaultDowntimeMs,
  autoConverge: undefined,
  postCopyAfterFirstPass: false,
};

export const staticArms: Readonly<Record<StaticArmName | PackedArmName, StaticArm>> = {
  'pre-copy': preCopy,
  'short-pause': { ...preCopy, maxDowntimeMs: 100 },
  'auto-converge': { ...preCopy, autoConverge: defaultAutoConverge },
  'post-copy': { ...preCopy, postCopyAfterFirstPass: true },
  'stop-and-copy': { ...preCopy, maxDowntimeMs: 600_000 },
  // `--parallel --compressed --comp-methods zstd`: QEMU's two channels and its level, 1.
  'multifd-zstd': { ...preCopy, packing: { method: 'zstd', connections: 2 } },
};

const readEveryMs = 60;

export function staticDriver(name: StaticArmName | PackedArmName): Driver {
  const { maxDowntimeMs, autoConverge, postCopyAfterFirstPass, packing } = staticArms[name];
  const step = (sample: Sample): readonly Act[] =>
    postCopyAfterFirstPass && allSentOnce(sample) ? [{ kind: 'post-copy' }] : [];
  const begun = { maxDowntimeMs, autoConverge, postCopy: postCopyAfterFirstPass, packing };
  return { ...begun, readEveryMs, step };
}

/** Migrates by the arm until it ends, or is cancelled after `limitMs`. */
export async function runStatic(
  name: StaticArmName | PackedArmName,
  hosts: Hosts,
  uuid: string,
  limitMs: number,
): Promise<Driven> {
  return drive(staticDriver(name), hosts, uuid, limitMs);
}

function allSentOnce(sample: Sample): boolean {
  if (sample.phase !== 'pre-copy') return false;
  const sentBytes = (sample.normalPages + sample.constantPages) * sample.pageSizeBytes;
  return sentBytes >= sample.memoryTotalBytes;
}
