import type { Clock } from '../hypervisor/clock.ts';
import type { DomainChange, MigrateOptions } from '../hypervisor/port.ts';
import type { Action, Decision } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { Steersman } from '../steering/steersman.ts';
import { conclude } from './conclusion.ts';
import { Controls } from './controls.ts';
import type { RunEvent } from './events.ts';
import type { RunIntent, RunPorts } from './intent.ts';
import { lookAtBoth } from './look.ts';
import { pauseMs } from './pace.ts';
import { Record } from './record.ts';
import { Recovery } from './recovery.ts';
import type { MigrationResult } from './result.ts';
import { Settling } from './settling.ts';
import { Silence } from './silence.ts';
import {
  type Effect,
  initialState,
  type MigrationEvent,
  type MigrationState,
  transition,
} from './transition.ts';
import { type Look, whereabouts } from './whereabouts.ts';

/** While split over two hosts the guest's state is looked at this often. */
const lookMs = 400;

/** One start of a migration and all that follows from it, until both hosts show how it ended. */
export class Attempt {
  readonly #intent: RunIntent;
  readonly #ports: RunPorts;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #record: Record;
  readonly #steersman: Steersman;
  readonly #settling = new Settling();
  readonly #silence = new Silence();
  readonly #recovery: Recovery;
  readonly #controls: Controls;
  readonly #plan: StartPlan;
  #state: MigrationState = initialState;
  #startedAtMs: number;
  #callsPending = 0;
  #callError: unknown;
  #lookDue = false;
  #lookedAtMs = -Infinity;
  #abortSeen = false;
  #postCopySeen = false;
  #decision: Decision | undefined;
  #wake = new AbortController();

  constructor(
    intent: RunIntent,
    ports: RunPorts,
    clock: Clock,
    tell: (event: RunEvent) => void,
    signal: AbortSignal,
  ) {
    this.#intent = intent;
    this.#ports = ports;
    this.#clock = clock;
    this.#signal = signal;
    this.#record = new Record(tell);
    this.#steersman = ports.newSteersman();
    this.#recovery = new Recovery(intent.postCopyRecovery);
    this.#plan = this.#steersman.plan(intent.capabilities);
    this.#startedAtMs = clock.nowMs();
    const { uuid } = intent.domain;
    const { maxDowntimeMs } = this.#plan;
    const notice = (message: string): void => this.#record.notice(message, this.#elapsedMs());
    const limits = {
      downtimeMs: maxDowntimeMs,
      maxSpeedBytesPerSecond: intent.bandwidthBytesPerSecond ?? Infinity,
    };
    this.#controls = new Controls(ports.source, uuid, clock, limits, notice);
  }

  /** What the call that carried the migration ended with: for the story, never for the outcome. */
  get callError(): unknown {
    return this.#callError;
  }

  async run(): Promise<MigrationResult> {
    const { source, destination } = this.#ports;
    const { uuid } = this.#intent.domain;
    const formerDowntimeMs = await source.maxDowntimeMs(uuid);
    const unwatch = [
      await source.watchDomain(uuid, (change) => this.#changed(change, 'source')),
      await destination.watchDomain(uuid, (change) => this.#changed(change, 'destination')),
    ];
    const wake = (): void => this.#wake.abort();
    this.#signal.addEventListener('abort', wake);
    try {
      await source.setMaxDowntime(uuid, this.#plan.maxDowntimeMs);
      await this.#dispatch({ kind: 'preflight-passed' });
      await this.#watchToTheEnd();
    } finally {
      this.#signal.removeEventListener('abort', wake);
      await Promise.allSettled(unwatch.map((end) => end()));
    }
    return this.#finish(formerDowntimeMs);
  }

  async #watchToTheEnd(): Promise<void> {
    while (!this.#ended() && !this.#detached()) {
      await this.#heedSignal();
      await this.#read();
      if (this.#lookNeeded()) await this.#look();
      if (!this.#ended()) await this.#pause();
    }
  }

  /** Reads the job, tells what it says, and lets the steersman decide. */
  async #read(): Promise<void> {
    const reading = await this.#readJob();
    if (reading === undefined) {
      this.#lookDue = true;
      return;
    }
    const sample = { ...reading.sample, atMs: this.#elapsedMs() };
    this.#steersman.observe(sample);
    await this.#dispatch({ kind: 'sampled', phase: sample.phase });
    if (this.#state.phase === 'copying') await this.#steer();
    this.#record.sample(sample, this.#etaMs(sample.memoryRemainingBytes));
  }

  async #readJob(): ReturnType<RunPorts['source']['readJob']> {
    try {
      return await this.#ports.source.readJob(this.#intent.domain.uuid);
    } catch {
      // The look at both hosts that follows says what is wrong.
      return undefined;
    }
  }

  async #steer(): Promise<void> {
    if (this.#state.phase !== 'copying') return;
    if (this.#state.leaving !== undefined) {
      await this.#controls.cancel();
      return;
    }
    this.#decision = this.#steersman.decide(
      this.#elapsedMs(),
      this.#controls.state(this.#startedAtMs),
    );
    this.#record.decision(this.#decision);
    await this.#act(this.#decision.action);
  }

  async #act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'wait':
        return;
      case 'set-max-downtime':
        return this.#controls.allowDowntime(action.ms);
      case 'set-max-speed':
        return this.#controls.capSpeed(action.bytesPerSecond);
      case 'freeze':
        return this.#controls.freeze(action.expectedMs);
      case 'start-post-copy':
        return this.#controls.startPostCopy();
      case 'stay':
        return this.#dispatch({ kind: 'cancel', because: 'stay' });
    }
  }

  #lookNeeded(): boolean {
    if (this.#lookDue) return true;
    const split = this.#state.phase !== 'copying';
    return split && this.#clock.nowMs() - this.#lookedAtMs >= lookMs;
  }

  async #look(): Promise<void> {
    this.#lookDue = false;
    this.#lookedAtMs = this.#clock.nowMs();
    const { source, destination } = this.#ports;
    const look = await lookAtBoth(source, destination, this.#intent.domain.uuid);
    const verdict = whereabouts(look);
    this.#tellSilence(look);
    // What ended is looked at again until it has ended for certain.
    if (verdict !== 'copying' && this.#callsPending === 0) this.#lookDue = true;
    const settled = this.#settling.judge(verdict, look, this.#lookedAtMs, this.#callsPending > 0);
    const exhausted = verdict === 'post-copy-failed' && this.#recovery.exhausted() !== undefined;
    await this.#dispatch({ kind: 'looked', verdict, settled: settled || exhausted });
  }

  #tellSilence(look: Look): void {
    const { source, destination } = this.#ports;
    for (const message of [
      this.#silence.after(source.name, look.source),
      this.#silence.after(destination.name, look.destination),
    ]) {
      if (message !== undefined) this.#record.notice(message, this.#elapsedMs());
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
    if (state.phase !== before) this.#record.phase(state.phase, this.#elapsedMs());
    return effects;
  }

  async #carryOut(effect: Effect): Promise<void> {
    switch (effect) {
      case 'start-migration':
        this.#startedAtMs = this.#clock.nowMs();
        this.#record.why.push(this.#plan.why);
        this.#call(this.#ports.source.migrate(this.#intent.domain.uuid, this.#options()));
        return;
      case 'look-at-both-hosts':
        this.#lookDue = true;
        return;
      case 'cancel-job':
        return this.#controls.cancel();
      case 'refuse-cancel':
        this.#record.notice(
          'It can no longer be cancelled: the guest runs at its destination with part of its memory still at the source.',
          this.#elapsedMs(),
        );
        return;
      case 'resume-post-copy':
        return this.#resumePostCopy();
    }
  }

  #resumePostCopy(): void {
    if (this.#callsPending > 0 || !this.#recovery.due(this.#clock.nowMs())) return;
    this.#record.notice(
      `Post-copy broke; resuming it, attempt ${this.#recovery.attempts}.`,
      this.#elapsedMs(),
    );
    this.#call(this.#ports.source.resumePostCopy(this.#intent.domain.uuid, this.#options()));
  }

  /** Lets a carrying call run beside us; its end only wakes us up to look. */
  #call(call: Promise<void>): void {
    this.#callsPending += 1;
    const ended = (error: unknown): void => {
      this.#callsPending -= 1;
      this.#callError = error;
      this.#lookDue = true;
      this.#wake.abort();
    };
    call.then(() => ended(undefined), ended);
  }

  async #heedSignal(): Promise<void> {
    if (!this.#signal.aborted || this.#abortSeen || this.#detached()) return;
    this.#abortSeen = true;
    await this.#dispatch({ kind: 'cancel', because: 'abort' });
  }

  #ended(): boolean {
    return this.#state.phase === 'ended';
  }

  #detached(): boolean {
    return this.#signal.aborted && this.#signal.reason === 'detach';
  }

  #changed(change: DomainChange, at: 'source' | 'destination'): void {
    this.#record.change(change, at);
    if (change.kind === 'iteration' || change.kind === 'other') return;
    if (change.kind === 'suspended-for-switch-over') this.#step({ kind: change.kind });
    this.#lookDue = true;
    this.#wake.abort();
  }

  async #pause(): Promise<void> {
    const ms = pauseMs(this.#state, this.#record.telemetry.at(-1));
    await this.#clock.sleep(ms, this.#wake.signal);
    this.#wake = new AbortController();
  }

  async #finish(formerDowntimeMs: number): Promise<MigrationResult> {
    const totalMs = this.#elapsedMs();
    return conclude({
      intent: this.#intent,
      ports: this.#ports,
      record: this.#record,
      state: this.#state,
      plan: this.#plan,
      totalMs,
      postCopySeen: this.#postCopySeen,
      callError: this.#callError,
      formerDowntimeMs,
      releaseSpeed: () => this.#controls.releaseSpeed(),
      hopeless: this.#recovery.exhausted(),
    });
  }

  #options(): MigrateOptions {
    return {
      destinationUri: this.#intent.destinationUri,
      postCopy: this.#plan.postCopy,
      autoConverge: this.#plan.autoConverge,
      bandwidthBytesPerSecond: this.#intent.bandwidthBytesPerSecond,
      persistent: this.#intent.domain.persistent,
    };
  }

  #etaMs(remainingBytes: number): number | undefined {
    if (this.#state.phase === 'copying') return this.#decision?.forecast.timeMs.p50;
    const last = this.#record.telemetry.at(-1)?.throughputBytesPerSecond ?? 0;
    return last > 0 ? (remainingBytes / last) * 1000 : undefined;
  }

  #elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedAtMs;
  }
}
