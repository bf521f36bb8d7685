import type { Budget } from '../policy/budget.ts';
import { formatDuration } from '../units/format.ts';
import type { Compression, CompressionChoice } from './compress.ts';
import type { MigrationCapabilities, Permission } from './decision.ts';
import { postCopyOpen } from './post-copy-open.ts';

/** How a migration begins. Its flags hold for as long as it runs. */
export interface StartPlan {
  readonly postCopy: boolean;
  /** Without it: one connection, and memory as it is. Never together with `postCopy`. */
  readonly compression?: Compression | undefined;
  readonly autoConverge:
    | { readonly initialPercent: number; readonly incrementPercent: number }
    | undefined;
  readonly maxDowntimeMs: number;
  /** For a person: why it begins this way. */
  readonly why: string;
}

/**
 * QEMU switches over as soon as the rest fits the limit, so a guest that converges is paused for as
 * long as it allows, needed or not. It begins small: what more is needed is seen after one pass. With 50 the
 * pause was longer by 25, and it was over 25 ms sooner.
 */
const usualFirstMs = 25;
/** Leaves room in a small blackout for what a switch-over costs beside memory. */
const firstShare = 1 / 3;

/** The downtime limit that a migration begins with, ms. */
export function firstDowntimeMs({ blackoutMs }: Budget): number {
  return Math.max(1, Math.round(Math.min(usualFirstMs, blackoutMs * firstShare)));
}

/**
 * QEMU's own steps, percent. Only its end stops a throttle from rising, so that a budget with no
 * room for two steps would be broken before anything came of it: there it is not used.
 */
const usualThrottle = { initialPercent: 20, incrementPercent: 10 } as const;
const leastPercent = usualThrottle.initialPercent + usualThrottle.incrementPercent;

/**
 * Every migration starts able to switch to post-copy where hosts and admin allow it: being able
 * costs nothing but compression. Where it is closed, compression and the throttle are the only help for a
 * guest that outruns the link, and they can only be switched on now. `converges` says whether the throttle is
 * expected to be needed: `undefined` where that is not known.
 */
export function planStart(
  budget: Budget,
  capabilities: MigrationCapabilities,
  converges: boolean | undefined,
  choice: CompressionChoice,
): StartPlan {
  const compression = choice.taken ? choice.compression : undefined;
  const postCopy = capabilities.postCopy.allowed && !choice.taken;
  const open = postCopyOpen(budget, capabilities);
  const needless = open.allowed || converges === true;
  const throttle = needless ? undefined : throttleFor(budget, capabilities);
  const maxDowntimeMs = firstDowntimeMs(budget);
  const ability = choice.taken ? compressedText(choice) : abilityText(capabilities, choice);
  const slowing =
    throttle === undefined
      ? because(capabilities.autoConverge, ', without a throttle')
      : `, with a throttle of at most ${Math.round(budget.slowdownShare * 100)} %`;
  return {
    postCopy,
    ...(compression === undefined ? {} : { compression }),
    autoConverge: throttle,
    maxDowntimeMs,
    why: `It starts ${ability}${slowing}, and may pause the guest ${formatDuration(maxDowntimeMs)} to begin with.`,
  };
}

type Taken = Extract<CompressionChoice, { taken: true }>;

function compressedText({ compression: { connections }, because: grounds }: Taken): string {
  return `with its memory compressed (zstd, ${connections} connections), which rules post-copy out: ${grounds}`;
}

type NotTaken = Extract<CompressionChoice, { taken: false }>;

function abilityText(
  { postCopy }: MigrationCapabilities,
  { because: uncompressed, told }: NotTaken,
): string {
  const ability = postCopy.allowed
    ? 'able to switch to post-copy'
    : because(postCopy, 'without post-copy');
  return told ? `${ability}, uncompressed (${uncompressed})` : ability;
}

function throttleFor(
  budget: Budget,
  capabilities: MigrationCapabilities,
): StartPlan['autoConverge'] {
  const allowedPercent = Math.floor(budget.slowdownShare * 100);
  if (allowedPercent < leastPercent || !capabilities.autoConverge.allowed) return undefined;
  return usualThrottle;
}

function because(permission: Permission, consequence: string): string {
  return permission.allowed ? '' : `${consequence} (${permission.because})`;
}
