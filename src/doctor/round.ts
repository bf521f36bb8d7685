import { DroverError } from '../errors/catalogue.ts';
import { type HostSkew, skewOf } from './clocks.ts';
import { canRun, type Kind, kindFor } from './kind.ts';
import { longestLifeMs } from './left-over.ts';
import { interrupted, moveProbe } from './move.ts';
import type { Leg, LegOutcome, ProbeReport } from './probe-report.ts';
import { type Absent, isPlace, type Place, type Probing } from './probing.ts';
import { orderedPairs } from './surveyed.ts';
import { toursOver } from './tour.ts';

/** From host to host, as they are wanted. */
type Ways = readonly (readonly [from: Place | Absent, to: Place | Absent])[];

const noMachine = 'the hosts tell of no machine that a guest could have';

interface Guest {
  readonly uuid: string;
  readonly at: Place;
  readonly bornMs: number;
}

/** One walk over all ways. */
export class Round {
  readonly #visited: readonly (Place | Absent)[];
  readonly #kind: Kind | undefined;
  readonly #probing: Probing;
  readonly #legs: Leg[] = [];
  readonly #skews: HostSkew[] = [];
  readonly #noClock: ProbeReport['noClock'][number][] = [];
  /** Hosts on which no guest starts, and why: it is tried once. */
  readonly #barren = new Map<string, string>();
  #guest: Guest | undefined;

  constructor(visited: readonly (Place | Absent)[], kind: Kind | undefined, probing: Probing) {
    this.#visited = visited;
    this.#kind = kind;
    this.#probing = probing;
  }

  get seen(): Omit<ProbeReport, 'besides'> {
    return { legs: this.#legs, skews: this.#skews, noClock: this.#noClock };
  }

  async walk(): Promise<void> {
    const ways = this.#wanted();
    const judged = ways.map(([from, to]) => ({ from, to, because: this.#against(from, to) }));
    const open = judged.filter(({ because }) => because === undefined);
    for (const { from, to, because } of judged)
      if (because !== undefined) this.#note(from, to, { kind: 'left', because });
    const places = new Map(
      this.#visited.filter(isPlace).map((place) => [place.resolved.name, place]),
    );
    for (const tour of toursOver(open.map(({ from, to }) => [nameOf(from), nameOf(to)])))
      await this.#go(tour.map((name) => places.get(name)).filter((place) => place !== undefined));
    for (const one of this.#visited) await this.#clockOf(one, ways);
    await this.#leave();
  }

  async #go(stops: readonly Place[]): Promise<void> {
    for (const [index, to] of stops.entries()) {
      const from = stops[index - 1];
      if (from === undefined) continue;
      if (!this.#probing.signal.aborted)
        this.#probing.tell(`A probe guest goes from ${nameOf(from)} to ${nameOf(to)}`);
      this.#note(from, to, await this.#leg(from, to));
    }
  }

  #wanted(): Ways {
    const { from: fromOnly, to: toOnly } = this.#probing;
    return orderedPairs(this.#visited).filter(
      ([from, to]) =>
        (fromOnly?.includes(nameOf(from)) ?? true) && (toOnly?.includes(nameOf(to)) ?? true),
    );
  }

  /** Why no guest is sent that way. */
  #against(from: Place | Absent, to: Place | Absent): string | undefined {
    for (const one of [from, to]) {
      if (!isPlace(one)) return one.because;
      const { name } = one.resolved;
      if (this.#kind === undefined) return noMachine;
      if (!canRun(one.survey, this.#kind))
        return `${name} lacks the machine type that most hosts have (${this.#kind.machineType})`;
    }
    const { name, ways } = to.resolved;
    return ways.length === 0 ? `how other hosts reach ${name} is not known` : undefined;
  }

  #note({ resolved: from }: Place | Absent, { resolved: to }: Place | Absent, outcome: LegOutcome) {
    this.#legs.push({ from, to, outcome });
  }

  async #leg(from: Place, to: Place): Promise<LegOutcome> {
    const { signal } = this.#probing;
    if (signal.aborted) return interrupted;
    const guest = await this.#guestAt(from);
    if (typeof guest === 'string') return { kind: 'left', because: guest };
    const outcome = await moveProbe(guest.uuid, from, to, this.#probing);
    if (outcome.kind === 'arrived') {
      this.#guest = { ...guest, at: to };
      await this.#readClock(this.#guest);
      return outcome;
    }
    await Promise.all([from, to].map(({ host }) => quietly(host.endProbe(guest.uuid))));
    this.#guest = undefined;
    return outcome;
  }

  /** The guest, where it is there and not too old; else a new one, or why there is none. */
  async #guestAt(place: Place): Promise<Guest | string> {
    const { clock, wallMs, mark, newName } = this.#probing;
    const { name } = place.resolved;
    const guest = this.#guest;
    if (guest?.at === place && clock.nowMs() - guest.bornMs < longestLifeMs / 2) return guest;
    await this.#leave();
    const barren = this.#barren.get(name);
    if (barren !== undefined) return barren;
    const kind = this.#kindOn(place);
    if (kind === undefined) return noMachine;
    try {
      const marked = { ...mark, sinceMs: wallMs() };
      const uuid = await place.host.startProbe({ name: newName(), mark: marked, ...kind });
      this.#guest = { uuid, at: place, bornMs: clock.nowMs() };
      await this.#readClock(this.#guest);
      return this.#guest;
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      const because = `no probe guest starts on ${name}: ${error.message}`;
      this.#barren.set(name, because);
      return because;
    }
  }

  /** One that goes nowhere else, to show the clock, need be nothing that other hosts can run. */
  #kindOn({ survey }: Place): Kind | undefined {
    const common = this.#kind !== undefined && canRun(survey, this.#kind);
    return common ? this.#kind : kindFor([survey]);
  }

  async #leave(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    if (guest !== undefined) await quietly(guest.at.host.endProbe(guest.uuid));
  }

  /** Of a host on the way it has been read already. */
  async #clockOf(one: Place | Absent, ways: Ways): Promise<void> {
    const { name } = one.resolved;
    const limited = this.#probing.from !== undefined || this.#probing.to !== undefined;
    if (limited && !ways.flat().includes(one)) return;
    if (this.#skews.some(({ host }) => host === name)) return;
    if (this.#noClock.some(({ host }) => host === name)) return;
    const because = isPlace(one) ? await this.#clockAt(one) : one.because;
    if (because !== undefined) this.#noClock.push({ host: name, because: `its clock: ${because}` });
  }

  async #clockAt(place: Place): Promise<string | undefined> {
    if (this.#probing.signal.aborted) return interrupted.because;
    const guest = await this.#guestAt(place);
    return typeof guest === 'string' ? guest : undefined;
  }

  /** Once on each host. */
  async #readClock({ uuid, at }: Guest): Promise<void> {
    const { name: host } = at.resolved;
    if ([...this.#skews, ...this.#noClock].some((one) => one.host === host)) return;
    try {
      const skew = skewOf(await at.host.readClock(uuid, this.#probing.wallMs));
      if (skew !== undefined) this.#skews.push({ host, skew });
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      this.#noClock.push({ host, because: `its clock: ${error.message}` });
    }
  }
}

function nameOf({ resolved }: Place | Absent): string {
  return resolved.name;
}

/** What could not be ended now is looked for once more at the end, and then told. */
async function quietly(ending: Promise<void>): Promise<void> {
  try {
    await ending;
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
  }
}
