import type { Sample } from '../forecast/telemetry.ts';
import { Bell } from '../hypervisor/bell.ts';
import type { Clock, Waker } from '../hypervisor/clock.ts';
import type { DomainChange, JobReading, MigrateOptions, Way } from '../hypervisor/port.ts';
import type { Action, Decision } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { Steersman } from '../steering/steersman.ts';
import { whyNotNow } from './before-switch.ts';
import type { FormerLimits } from './beginning.ts';
import { conclude } from './conclusion.ts';
import { Controls } from './controls.ts';
import type { RunEvent } from './events.ts';
import { InTurnWatch } from './in-turn-watch.ts';
import type { RunIntent, RunPorts, UnderWay, Wanted } from './intent.ts';
import { lookAtBoth, messageOf } from './look.ts';
import { type Cleared, Mending } from './mending.ts';
import { Once } from './once.ts';
import { capabilitiesOf, formerOf, limitsAfter, type Opening } from './opening.ts';
import { optionsOf } from './options.ts';
import { pauseMs } from './pace.ts';
import { arrivesInMs, restMs } from './progress.ts';
import { Record } from './record.ts';
import type { Conclusion } from './result.ts';
import { callNow, Settling } from './settling.ts';
import { Silence } from './silence.ts';
import {
  type Effect,
  initialState,
  type MigrationEvent,
  type MigrationState,
  type Place,
  places,
  transition,
} from './transition.ts';
import { type Look, whereabouts } from './whereabouts.ts';

/** While split over two hosts the guest's state is looked at this often. */
const lookMs = 400;
/** What spoke against post-copy may have passed after this, ms. */
const askAgainMs = 2_000;

/** An order on its way to a host. Most readings lead to none, and thousands come each second: then nothing is made. */
type Acting = Promise<void> | undefined;

/** One migration until both hosts show how it ended, from its start on or from where it is. */
export class Attempt {
  readonly #intent: RunIntent;
  readonly #ports: RunPorts;
  readonly #clock: Clock;
  readonly #letGo: Waker;
  readonly #record: Record;
  readonly #steersman: Steersman;
  readonly #settling: Settling;
  readonly #silence = new Silence();
  readonly #once = new Once((message) => this.#notice(message));
  readonly #mending: Mending;
  readonly #controls: Controls;
  readonly #plan: StartPlan;
  /** Whether it was not begun by somebody else. */
  readonly fromTheStart: boolean;
  /** The limits of the domain before, to be put back. */
  readonly former: FormerLimits;
  readonly #tookUpUnknown: boolean;
  readonly #unwatch: { [place in Place]?: () => Promise<void> } = {};
  #state: MigrationState = initialState;
  #startedAtMs: number;
  #callsPending = 0;
  #callError: unknown;
  #lookDue = false;
  #lookedAtMs = -Infinity;
  #cancelSeen = false;
  #beginsAgain = false;
  #postCopySeen = false;
  /** Since when it has run split, by what was seen. */
  #splitAtMs = -Infinity;
  /** How long it was expected to take at the last decision. */
  #arrivesInMs: number | undefined;
  readonly #inTurn = new InTurnWatch();
  readonly #bell = new Bell();

  constructor(
    intent: RunIntent,
    ports: RunPorts,
    clock: Clock,
    onEvent: (event: RunEvent) => void,
    letGo: Waker,
    opening: Opening,
  ) {
    this.#intent = intent;
    this.#ports = ports;
    this.#clock = clock;
    this.#letGo = letGo;
    this.fromTheStart = opening.kind === 'start';
    this.former = formerOf(opening);
    this.#tookUpUnknown = opening.kind === 'take-up' && opening.underWay.state.phase === 'ended';
    this.#settling = new Settling(this.fromTheStart);
    this.#steersman = ports.newSteersman();
    const tell = (message: string): void => this.#notice(message);
    this.#mending = new Mending({ intent, ports, clock, fromTheStart: this.fromTheStart, tell });
    const planned = this.#steersman.plan(capabilitiesOf(intent, opening));
    this.#plan = opening.kind === 'start' ? planned : opening.underWay.plan;
    this.#startedAtMs = clock.nowMs();
    let decided: Decision | undefined;
    if (opening.kind === 'take-up') decided = this.#takeUp(opening.underWay);
    this.#record = new Record(onEvent, decided?.action.kind);
    this.#controls = new Controls({
      source: ports.source,
      uuid: intent.domain.uuid,
      clock,
      // What is wanted may have changed since it was decided what it starts with: the first turn sets it.
      limits: limitsAfter(
        opening,
        this.#plan,
        this.fromTheStart ? intent.bandwidthBytesPerSecond : this.#wanted().shareBytesPerSecond,
      ),
      ports,
      tell,
    });
  }

  /** What the call that carried the migration ended with: for the story, never for the outcome. */
  get callError(): unknown {
    return this.#callError;
  }

  /** Whether it was cancelled to begin again in another way: it may have arrived before that, or been cancelled for good. */
  get beginsAgain(): boolean {
    return this.#beginsAgain;
  }

  async run(): Promise<Conclusion> {
    const wake = (): void => this.#bell.ring();
    this.#letGo.addEventListener('abort', wake);
    try {
      if (this.fromTheStart) await this.#start();
      // It waits here for nearly all of its time, and in no other function's call.
      while (!this.#ended() && !this.#detached()) {
        await this.#turn();
        if (this.#ended()) break;
        await this.#clock.sleep(this.#pauseMs(), this.#bell);
        this.#bell.hush();
      }
    } finally {
      this.#letGo.removeEventListener('abort', wake);
      this.#inTurn.end();
      await Promise.allSettled(Object.values(this.#unwatch).map((end) => end()));
    }
    return this.#finish();
  }

  /** Knows again what was known, and looks before anything else. */
  #takeUp({ startedAtMs, state, seen, decisions }: UnderWay): Decision | undefined {
    this.#startedAtMs = startedAtMs;
    this.#state = state;
    this.#postCopySeen =
      state.phase === 'post-copy' ||
      state.phase === 'recovering' ||
      seen.some(({ phase }) => phase === 'post-copy');
    for (const sample of seen) this.#steersman.observe(sample);
    this.#lookDue = true;
    return decisions.at(-1);
  }

  async #start(): Promise<void> {
    const { source } = this.#ports;
    await this.#watch('source');
    await this.#watch('destination');
    await this.#ports.begin?.({ plan: this.#plan, former: this.former });
    await source.setMaxDowntime(this.#intent.domain.uuid, this.#plan.maxDowntimeMs);
    await this.#dispatch({ kind: 'preflight-passed' });
  }

  async #watch(place: Place): Promise<void> {
    if (this.#unwatch[place] !== undefined) return;
    const { uuid } = this.#intent.domain;
    const end = await this.#ports[place].watchDomain(uuid, (change) =>
      this.#changed(change, place),
    );
    this.#unwatch[place] = end;
  }

  async #turn(): Promise<void> {
    if (this.#cancelIsNew()) await this.#dispatch({ kind: 'cancel', because: 'abort' });
    await this.#read();
    if (this.#lookNeeded()) await this.#look();
  }

  #wanted(): Wanted {
    const wanted = this.#ports.wanted?.();
    if (wanted !== undefined) return wanted;
    const { bandwidthBytesPerSecond } = this.#intent;
    return { cancelled: false, shareBytesPerSecond: bandwidthBytesPerSecond, spare: 1 };
  }

  /** Reads the job, tells what it says, and lets the steersman decide. */
  async #read(): Promise<void> {
    let reading: JobReading | undefined;
    try {
      reading = await this.#ports.source.readJob(this.#intent.domain.uuid);
    } catch {
      // The look at both hosts that follows says what is wrong.
    }
    if (reading === undefined) {
      this.#lookDue = true;
      return;
    }
    const sample = { ...reading.sample, ...this.#inTurn.learnt, atMs: this.#elapsedMs() };
    this.#steersman.observe(sample);
    // A reading alone asks for nothing to be done.
    this.#step({ kind: 'sampled', phase: sample.phase });
    const acting = this.#state.phase === 'copying' ? this.#steerOrLeave(sample) : undefined;
    if (acting !== undefined) await acting;
    if (this.#state.phase === 'post-copy') await this.#steerSplit(sample);
    this.#record.sample(sample, this.#etaMs(sample));
  }

  #steerOrLeave(sample: Sample): Acting {
    const leaving = this.#state.phase === 'copying' && this.#state.leaving !== undefined;
    if (leaving) return this.#controls.cancel();
    if (this.#mending.standsStill(sample))
      return this.#dispatch({ kind: 'cancel', because: 'standstill' });
    return this.#steer(sample);
  }

  #steer(sample: Sample): Acting {
    const allowing = this.#controls.allowShare(this.#wanted().shareBytesPerSecond, sample.phase);
    return allowing?.then(() => this.#decide(sample)) ?? this.#decide(sample);
  }

  #decide(sample: Sample): Acting {
    const state = this.#controls.state(this.#startedAtMs);
    const decision = this.#steersman.decide(this.#elapsedMs(), state);
    this.#arrivesInMs = arrivesInMs(decision);
    this.#record.decision(decision);
    return this.#act(decision.action, sample);
  }

  async #steerSplit(sample: Sample): Promise<void> {
    await this.#mending.heedFlow(sample);
    const state = this.#controls.state(this.#startedAtMs);
    const decision = this.#steersman.decideSplit(this.#elapsedMs(), state);
    if (decision === undefined) return;
    this.#record.decision(decision);
    await this.#act(decision.action, sample);
  }

  #act(action: Action, sample: Sample): Acting {
    switch (action.kind) {
      case 'wait':
        return;
      case 'set-max-downtime':
        return this.#controls.allowDowntime(action.ms);
      case 'set-max-speed':
        return this.#controls.capSpeed(action.bytesPerSecond);
      case 'set-post-copy-speed':
        return this.#controls.capRest(action.bytesPerSecond);
      case 'freeze':
        return this.#controls.freeze(action.reckonedMs ?? action.expectedMs);
      case 'start-post-copy':
        return this.#startPostCopy(sample);
      case 'begin-again':
        this.#beginsAgain = true;
        return this.#dispatch({ kind: 'cancel', because: 'again' });
      case 'stay':
        return this.#dispatch({ kind: 'cancel', because: 'stay' });
    }
  }

  /** What speaks against it now is weighed by the next decision. */
  async #startPostCopy(now: Sample): Promise<void> {
    const { source, destination, door } = this.#ports;
    const { uuid } = this.#intent.domain;
    const before = this.#record.latest;
    const because = await whyNotNow(source, destination, uuid, { now, before });
    if (because === undefined) {
      await this.#controls.startPostCopy();
      return;
    }
    door?.hold(because, this.#clock.nowMs() + askAgainMs);
    this.#once.tell(`Post-copy has to wait: ${because}.`);
  }

  #notice(message: string): void {
    this.#record.notice(message, this.#elapsedMs());
  }

  #lookNeeded(): boolean {
    if (this.#lookDue) return true;
    const split = this.#state.phase !== 'copying';
    return split && this.#clock.nowMs() - this.#lookedAtMs >= lookMs;
  }

  async #look(): Promise<void> {
    this.#lookDue = false;
    this.#lookedAtMs = this.#clock.nowMs();
    // What was seen while the call was under way says nothing of its end, however late the answers are.
    const call = callNow(this.#callsPending, this.#callError);
    const { source, destination } = this.#ports;
    const look = await lookAtBoth(source, destination, this.#intent.domain.uuid);
    const verdict = whereabouts(look);
    this.#mending.saw(look, verdict);
    for (const message of this.#silence.after(this.#ports, look)) this.#notice(message);
    await this.#watchSeen(look);
    // What ended is looked at again until it has ended for certain.
    if (verdict !== 'copying' && this.#callsPending === 0) this.#lookDue = true;
    const settled = this.#settling.judge(verdict, look, this.#lookedAtMs, call);
    const hopeless = verdict === 'post-copy-failed' && this.#mending.mustNotResume();
    await this.#dispatch({ kind: 'looked', verdict, settled: settled || hopeless });
  }

  /** Events of a host that did not answer when this was taken up are asked for as soon as it does. */
  async #watchSeen(look: Look): Promise<void> {
    for (const place of places) {
      if (look[place].seen === 'nothing') continue;
      await this.#watch(place).catch((error: unknown) =>
        this.#notice(`No events come from ${this.#ports[place].name}: ${messageOf(error)}`),
      );
    }
  }

  async #dispatch(event: MigrationEvent): Promise<void> {
    for (const effect of this.#step(event)) await this.#carryOut(effect);
  }

  /** Takes the state on by one event; what has to be done for it is left to the caller. */
  #step(event: MigrationEvent): readonly Effect[] {
    const before = this.#state.phase;
    const { state, effects } = transition(this.#state, event);
    this.#state = state;
    if (state.phase === 'post-copy') this.#postCopySeen = true;
    if (state.phase === before) return effects;
    if (state.phase !== 'copying') this.#inTurn.end();
    if (state.phase === 'post-copy') this.#splitAtMs = this.#clock.nowMs();
    this.#mending.changedPhase(before, state.phase);
    this.#record.phase(state.phase, this.#elapsedMs());
    return effects;
  }

  async #carryOut(effect: Effect): Promise<void> {
    switch (effect) {
      case 'start-migration':
        this.#startedAtMs = this.#clock.nowMs();
        this.#record.why(this.#plan.why);
        this.#call(
          this.#ports.source.migrate(this.#intent.domain.uuid, this.#options(this.#mending.way)),
        );
        // Where many run, their hosts and Drover have no time for what spares one of them a second.
        if (this.#plan.postCopy && this.#wanted().spare === 1) this.#watchOrder();
        return;
      case 'look-at-both-hosts':
        this.#lookDue = true;
        return;
      case 'cancel-job':
        return this.#controls.cancel();
      case 'refuse-cancel':
        this.#notice(
          'It can no longer be cancelled: the guest runs at its destination with part of its memory still at the source.',
        );
        return;
      case 'resume-post-copy':
        return this.#resumePostCopy();
      case 'discard-source':
        return this.#clearUp(this.#mending.discardSource());
      case 'resume-source':
        return this.#clearUp(this.#mending.resumeSource());
    }
  }

  #watchOrder(): void {
    const { source } = this.#ports;
    const [steersman, clock, bell] = [this.#steersman, this.#clock, this.#bell];
    const tell = (message: string): void => this.#notice(message);
    const { uuid } = this.#intent.domain;
    this.#inTurn.begin({ source, uuid, steersman, clock, bell, tell });
  }

  #options(way: Way): MigrateOptions {
    const tellClear = (message: string): void => this.#once.tell(message);
    return { ...optionsOf(this.#intent, this.#plan, way), tellClear };
  }

  #resumePostCopy(): void {
    if (this.#callsPending > 0) return;
    const call = this.#mending.resume((way) => this.#options(way));
    if (call !== undefined) this.#call(call);
  }

  async #clearUp(clearing: Promise<Cleared>): Promise<void> {
    const cleared = await clearing;
    if (cleared === 'done') this.#lookDue = true;
    if (cleared === 'helpless') await this.#dispatch({ kind: 'helpless' });
  }

  /** Lets a carrying call run beside us; its end only wakes us up to look. */
  #call(call: Promise<void>): void {
    this.#callsPending += 1;
    const ended = (error: unknown): void => {
      this.#callsPending -= 1;
      this.#callError = error;
      this.#lookDue = true;
      this.#bell.ring();
    };
    call.then(() => ended(undefined), ended);
  }

  #cancelIsNew(): boolean {
    if (this.#cancelSeen || !this.#wanted().cancelled) return false;
    this.#cancelSeen = true;
    return true;
  }

  /** What nobody knew the end of when it was taken up is watched until it shows. */
  #ended(): boolean {
    if (this.#state.phase !== 'ended') return false;
    return this.#state.outcome !== 'unknown' || !this.#tookUpUnknown;
  }

  #detached(): boolean {
    return this.#letGo.aborted;
  }

  #changed(change: DomainChange, at: Place): void {
    this.#record.change(change, at);
    this.#mending.heard(change, at);
    if (change.kind === 'iteration' || change.kind === 'other') return;
    if (change.kind === 'suspended-for-switch-over') this.#step({ kind: change.kind });
    this.#lookDue = true;
    this.#bell.ring();
  }

  #pauseMs(): number {
    const splitMs = this.#clock.nowMs() - this.#splitAtMs;
    return pauseMs(this.#state, this.#record.latest, this.#wanted().spare, splitMs);
  }

  #finish(): Promise<Conclusion> {
    return conclude({
      intent: this.#intent,
      ports: this.#ports,
      record: this.#record,
      state: this.#state,
      plan: this.#plan,
      totalMs: this.#elapsedMs(),
      postCopySeen: this.#postCopySeen,
      callError: this.#callError,
      formerDowntimeMs: this.former.downtimeMs,
      releaseSpeed: () => this.#controls.releaseSpeed(),
      helpless: this.#mending.helpless,
      breaks: this.#mending.breaks,
      clock: this.#clock,
    });
  }

  #etaMs(sample: Sample): number | undefined {
    if (this.#state.phase === 'copying') return this.#arrivesInMs;
    return restMs(sample, this.#record.latest);
  }

  #elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedAtMs;
  }
}
