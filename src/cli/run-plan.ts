import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import type { Inventory } from '../planner/inventory.ts';
import { inventoryFrom, inventorySchema } from '../planner/inventory-file.ts';
import {
  type Plan,
  type PlannedMove,
  type PlanOptions,
  planMoves,
  type Remaining,
} from '../planner/plan.ts';
import type { Wanted } from '../planner/wanted.ts';
import { importanceOfReason } from '../policy/vocabulary.ts';
import { improvedPlan } from '../solver/improve.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type { PlanFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Column, formatTable } from './table.ts';

/** `drover plan`: of a file, without any host or server. */
export async function runPlan(io: Io, flags: PlanFlags): Promise<void> {
  const inventory = await readInventory(flags.inventory);
  const { reason = 'evacuation', importance = importanceOfReason[reason] } = flags;
  const wanted: Wanted = {
    drain: flags.drain,
    importance,
    ...(flags.to === undefined ? {} : { onlyTo: flags.to }),
    ...(flags.deadline === undefined ? {} : { deadlineMs: flags.deadline }),
  };
  const plan = await planned(inventory, wanted, flags);
  await print(io, flags.output, plan, { table: planText });
}

async function readInventory(file: string): Promise<Inventory> {
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const read = inventorySchema.safeParse(content);
  if (!read.success) throw invalid(`${file}:\n${z.prettifyError(read.error)}`, read.error);
  return inventoryFrom(read.data);
}

async function planned(inventory: Inventory, wanted: Wanted, flags: PlanFlags): Promise<Plan> {
  const options = (): PlanOptions => ({ random: randomFrom(flags.seed) });
  try {
    if (flags.improve === undefined) return planMoves(inventory, wanted, options());
    return await improvedPlan(inventory, wanted, options, flags.improve);
  } catch (cause) {
    if (cause instanceof RangeError) throw invalid(`${flags.inventory}: ${cause.message}`, cause);
    throw cause;
  }
}

function invalid(message: string, cause: unknown): DroverError {
  return new DroverError('config.invalid', message, { cause });
}

export function planText(plan: Plan): string {
  const { moves, remaining } = plan;
  return [
    formatTable(
      columns,
      [...moves.entries()].toSorted(([, a], [, b]) => a.startMs - b.startMs),
    ),
    `\n${totalsText(plan)}\n`,
    ...remaining.map((one) => `\n${remainingText(one)}`),
  ].join('');
}

const columns: readonly Column<readonly [number, PlannedMove]>[] = [
  { title: '#', cell: ([place]) => String(place + 1), align: 'right' },
  { title: 'VM', cell: ([, { vm }]) => vm },
  { title: 'FROM', cell: ([, { from }]) => from },
  { title: 'TO', cell: ([, { to }]) => to },
  { title: 'AFTER', cell: ([, { after }]) => after.map((one) => one + 1).join(',') || '-' },
  { title: 'START', cell: ([, { startMs }]) => formatDuration(startMs) },
  {
    title: 'END',
    cell: ([, { endMs }]) => `${formatDuration(endMs.p50)} (up to ${formatDuration(endMs.p90)})`,
  },
  { title: 'SHARE', cell: ([, move]) => formatRate(move.shareBytesPerSecond), align: 'right' },
  { title: 'BYTES', cell: ([, { bytes }]) => formatBytes(bytes), align: 'right' },
  {
    title: 'PAUSE',
    cell: ([, { expected }]) =>
      expected.forecast.completes ? formatDuration(expected.forecast.blackoutMs.p50) : '-',
  },
  { title: 'BY', cell: ([, { expected }]) => expected.ending },
  { title: 'WHY', cell: ([, { why }]) => why },
];

function totalsText(plan: Plan): string {
  const { moves, makespanMs, boundMs, placementBoundMs, gap } = plan;
  const { schedule, harm, late, remaining } = plan;
  const time =
    moves.length === 0
      ? 'Nothing is to be moved.'
      : `${moves.length} moves in ${formatDuration(makespanMs.p50)} (up to ${formatDuration(makespanMs.p90)}); no schedule of them takes less than ${formatDuration(boundMs)}: ${(gap * 100).toFixed(1)} % above that. No placement takes less than ${formatDuration(placementBoundMs)}.`;
  return [
    time,
    `Schedule: ${schedule}. Harm: ${Math.round(harm)}.`,
    ...(late.length === 0 ? [] : [`After the deadline: ${late.join(', ')}.`]),
    ...(remaining.length === 0 ? [] : [`${remaining.length} VMs have no place to go:`]),
  ].join('\n');
}

function remainingText({ vm, host, obstacles }: Remaining): string {
  const why = obstacles.map((one) => `  ${one.hosts.join(', ')}: ${one.why}\n`);
  return `${vm} stays on ${host}:\n${why.join('')}`;
}
