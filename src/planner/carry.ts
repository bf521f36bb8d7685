import { idle, writtenWithin } from '../forecast/working-set.ts';
import type { Budget } from '../policy/budget.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance } from '../policy/vocabulary.ts';
import { firstTold, isWritingMuch } from '../steering/early.ts';
import type { Vm } from './inventory.ts';

/** What decides how a VM may be moved. */
export interface Terms {
  readonly importance: Importance;
  readonly matrix: Matrix;
  /** Whether both hosts allow that it runs split over them. */
  readonly postCopy: boolean;
}

/** Passes that shrink by less than this are not going to fit: something else ends the migration. */
const shrinkingShare = 0.95;
const mostPasses = 40;

/**
 * What moving a VM puts on the way at a steady rate, bytes: x(0) its touched memory, x(k+1) = W(x(k) / C),
 * until the rest fits the pause that its budget allows, or until more passes do not help; then what is
 * left is carried once. It falls as the rate rises. Who is not waited for, and does not fit after one pass, is
 * switched within it. Those that move already carry what they have left.
 */
export function bytesToCarry(
  vm: Vm,
  bytesPerSecond: number,
  { importance, matrix, postCopy }: Terms,
): number {
  if (vm.moving !== undefined) return vm.moving.leftBytes;
  const set = vm.workingSet ?? idle;
  const budget = budgetFor(vm.slaClass, importance, matrix);
  const fitsBytes = (bytesPerSecond * budget.blackoutMs) / 1000;
  if (postCopy && isHurried(budget)) {
    const told = toldOf(vm, bytesPerSecond);
    const fits = writtenWithin(set, (vm.touchedBytes / bytesPerSecond) * 1000) <= fitsBytes;
    if (!fits && isWritingMuch(told)) return vm.touchedBytes + told.againBytes;
  }
  let left = vm.touchedBytes;
  let sent = left;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const next = writtenWithin(set, (left / bytesPerSecond) * 1000);
    sent += next;
    if (next <= fitsBytes || next > left * shrinkingShare) break;
    left = next;
  }
  return sent;
}

/**
 * Whether passes over what it writes shrink at such a rate until the rest fits its pause. Whoever moves
 * already is judged by what it has left.
 */
export function converges(
  vm: Vm,
  bytesPerSecond: number,
  importance: Importance,
  matrix: Matrix,
): boolean {
  const set = vm.workingSet ?? idle;
  const { blackoutMs } = budgetFor(vm.slaClass, importance, matrix);
  const fitsBytes = (bytesPerSecond * blackoutMs) / 1000;
  let left = vm.moving?.leftBytes ?? vm.touchedBytes;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const next = writtenWithin(set, (left / bytesPerSecond) * 1000);
    if (next <= fitsBytes) return true;
    if (next > left * shrinkingShare) return false;
    left = next;
  }
  return false;
}

/** It is not waited for beyond the first pass. */
function isHurried({ patiencePasses, pointOfNoReturn }: Budget): boolean {
  return patiencePasses === 0 && pointOfNoReturn !== 'never';
}

function toldOf({ touchedBytes, workingSet }: Vm, bytesPerSecond: number) {
  return firstTold(touchedBytes, (touchedBytes / bytesPerSecond) * 1000, workingSet ?? idle);
}

/**
 * What no way of moving a VM carries less than, where no way is faster, bytes: the least of what `bytesToCarry`
 * says at any rate up to this one, whether or not its hosts allow post-copy. (It does not only fall as the rate
 * rises: passes that do not pay at a slow rate are taken at a fast one.)
 */
export function leastBytes(
  vm: Vm,
  bytesPerSecond: number,
  { importance, matrix }: Omit<Terms, 'postCopy'>,
): number {
  if (vm.moving !== undefined) return vm.moving.leftBytes;
  const budget = budgetFor(vm.slaClass, importance, matrix);
  // What is told until a switch within the first pass falls as the rate rises.
  const switched = isHurried(budget)
    ? vm.touchedBytes + toldOf(vm, bytesPerSecond).againBytes
    : Infinity;
  let least = switched;
  let rate = bytesPerSecond;
  for (let band = 0; band < bands; band += 1, rate *= bandShare)
    least = Math.min(least, leastOfPasses(vm, budget, rate * bandShare, rate));
  return Math.min(least, leastOfPasses(vm, budget, 0, rate));
}

/** Rates are looked at in so many bands, each of them from this share of its highest rate; then all below. */
const bands = 40;
const bandShare = 0.9;

/**
 * The least that passes carry at any rate between two, bytes. Each pass carries least at the highest rate, and
 * the rest fits its pause first there. The share that a pass leaves is largest for the least memory at the
 * lowest rate: passes that may not pay anywhere between are taken to be the last.
 */
function leastOfPasses(vm: Vm, { blackoutMs }: Budget, lowest: number, highest: number): number {
  const set = vm.workingSet ?? idle;
  const fitsBytes = (highest * blackoutMs) / 1000;
  let left = vm.touchedBytes;
  let sent = left;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const next = writtenWithin(set, (left / highest) * 1000);
    sent += next;
    const mostNext = writtenWithin(set, (left / lowest) * 1000);
    if (next <= fitsBytes || mostNext > left * shrinkingShare) break;
    left = next;
  }
  return sent;
}
