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
 * left is carried once. It falls as the rate rises. Who may be switched to post-copy, and does not fit before its
 * patience is over, is waited for that long and then fetches what a pass leaves; who is not waited for at all is
 * switched within the first pass; and so is who would fit after more than that carries (or half of a way would seem
 * to carry less, where it does not fit). Those that move already carry what they have left.
 */
export function bytesToCarry(
  vm: Vm,
  bytesPerSecond: number,
  { importance, matrix, postCopy }: Terms,
): number {
  if (vm.moving !== undefined) return vm.moving.leftBytes;
  const budget = budgetFor(vm.slaClass, importance, matrix);
  const maySwitch = postCopy && budget.pointOfNoReturn !== 'never';
  const patientBytes = maySwitch ? bytesOfPatience(vm, budget, importance) : Infinity;
  const { sentBytes, fits } = passesOf(vm, bytesPerSecond, budget, patientBytes);
  if (!maySwitch) return sentBytes;
  const switchedBytes = bytesSwitched(vm, bytesPerSecond, budget, importance);
  return fits ? Math.min(sentBytes, switchedBytes) : switchedBytes;
}

/** Passes until one fits the pause, does not help any more, or is over only when patience is. */
function passesOf(
  { touchedBytes, workingSet = idle }: Vm,
  bytesPerSecond: number,
  { blackoutMs }: Budget,
  patientBytes: number,
): { readonly sentBytes: number; readonly fits: boolean } {
  const fitsBytes = (bytesPerSecond * blackoutMs) / 1000;
  let left = touchedBytes;
  let sentBytes = left;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const next = writtenWithin(workingSet, (left / bytesPerSecond) * 1000);
    sentBytes += next;
    if (next <= fitsBytes) return { sentBytes, fits: true };
    if (sentBytes > patientBytes || next > left * shrinkingShare) break;
    left = next;
  }
  return { sentBytes, fits: false };
}

/** Of one that is switched to post-copy, because it does not fit. */
function bytesSwitched(
  vm: Vm,
  bytesPerSecond: number,
  budget: Budget,
  importance: Importance,
): number {
  const { touchedBytes, workingSet = idle } = vm;
  if (isHurried(budget)) {
    const told = toldOf(vm, bytesPerSecond);
    if (isWritingMuch(told)) return touchedBytes + told.againBytes;
  }
  const leftBytes = writtenWithin(workingSet, (touchedBytes / bytesPerSecond) * 1000);
  return touchedBytes * (1 + waitedPasses(budget, importance)) + leftBytes;
}

/** What the way carries until nobody waits any more for it to fit: the first pass, the patience, and one on its way. */
function bytesOfPatience({ touchedBytes }: Vm, budget: Budget, importance: Importance): number {
  return touchedBytes * (2 + waitedPasses(budget, importance));
}

/** Where all have to leave, who does not fit is not waited for: all who come after it would pay. */
function waitedPasses({ patiencePasses }: Budget, importance: Importance): number {
  return importance === 'high' ? 0 : patiencePasses;
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
  const left = { ...vm, touchedBytes: vm.moving?.leftBytes ?? vm.touchedBytes };
  return passesOf(left, bytesPerSecond, budgetFor(vm.slaClass, importance, matrix), Infinity).fits;
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
  let least = Infinity;
  let rate = bytesPerSecond;
  for (let band = 0; band < bands; band += 1, rate *= bandShare)
    least = Math.min(least, leastBetween(vm, budget, importance, rate * bandShare, rate));
  return Math.min(least, leastBetween(vm, budget, importance, 0, rate));
}

/** At any rate between two. What one that is switched carries falls as the rate rises. */
function leastBetween(
  vm: Vm,
  budget: Budget,
  importance: Importance,
  lowest: number,
  highest: number,
): number {
  const least = leastOfPasses(vm, budget, lowest, highest);
  if (budget.pointOfNoReturn === 'never') return least;
  const early = isHurried(budget) ? vm.touchedBytes + toldOf(vm, highest).againBytes : Infinity;
  return Math.min(least, early, bytesSwitched(vm, highest, budget, importance));
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
