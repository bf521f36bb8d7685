import { type GuestModel, modelOf } from '../forecast/guest-model.ts';
import { observe } from '../forecast/model.ts';
import { nothingKnown, type Prior } from '../forecast/prior.ts';
import { ratioOf } from '../forecast/shrinking.ts';
import type { Sample } from '../forecast/telemetry.ts';
import { budgetFor } from '../policy/budget-for.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { beforeStart } from './before-start.ts';
import { priorWith, type Start } from './begun.ts';
import { capabilitiesOnce, chooseCompression } from './compress.ts';
import type { Decision, MigrationCapabilities, Permission } from './decision.ts';
import { expect } from './expect.ts';
import { wantsWritingOrder } from './in-turn.ts';
import { planStart, type StartPlan } from './plan-start.ts';
import { type AskedPause, asPauses, asReckoned, lowered } from './reckoned.ts';
import { steerRest } from './rest.ts';
import type { Situation, SteeringState } from './situation.ts';
import { steer } from './steer.ts';
import { chooseAtStart } from './weigh-compression.ts';

/** Who decides for one migration. It sees samples and the time, and touches nothing. */
export interface Steersman {
  plan(capabilities: MigrationCapabilities): StartPlan;
  observe(sample: Sample): void;
  /** Whether it would be of use to know by now in which order the guest writes. */
  wantsWritingOrder(): boolean;
  /** `state` is what has taken effect, not what was decided: an act can fail. */
  decide(atMs: number, state: SteeringState): Decision;
  /** The same while the guest runs split; `undefined`: it goes on as it does. */
  decideSplit(atMs: number, state: SteeringState): Decision | undefined;
}

/** What is moved, how much it matters, by when, and what the admins say. All of it may change. */
export interface Intent {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  /** Since the start of the migration, ms. */
  readonly deadlineMs: number | undefined;
  /** What the admins of both hosts say of post-copy by now; as at the start where it is not given. */
  readonly postCopy?: Permission;
}

/** What a steersman goes by. */
export interface Briefing {
  /** Asked anew for every decision. */
  readonly intent: () => Intent;
  readonly matrix?: Matrix;
  /** What is known of the guest and the way before. */
  readonly prior?: Prior;
  readonly memoryBytes?: number;
}

/** A steersman who keeps the model of the guest between two decisions. */
export function steersmanFor(briefing: Briefing): Steersman {
  return new ModelSteersman(briefing);
}

class ModelSteersman implements Steersman {
  readonly #briefing: Briefing;
  #model: GuestModel;
  #atStart: MigrationCapabilities | undefined;
  #before: Intent | undefined;
  /** The pause that was last asked for. */
  #asked: AskedPause | undefined;
  /** What has changed since the last act. */
  #news: string | undefined;

  constructor(briefing: Briefing) {
    this.#briefing = briefing;
    this.#model = modelOf(this.#prior);
  }

  get #prior(): Prior {
    return this.#briefing.prior ?? nothingKnown;
  }

  plan(capabilities: MigrationCapabilities): StartPlan {
    const { matrix = defaultMatrix } = this.#briefing;
    const { slaClass, importance } = this.#briefing.intent();
    const budget = budgetFor(slaClass, importance, matrix);
    const known = startOf(this.#briefing, capabilities, matrix);
    const choice =
      known === undefined
        ? chooseCompression(budget, capabilities, this.#prior.bandwidthBytesPerSecond)
        : chooseAtStart(known);
    const start = planStart(budget, capabilities, converges(known), choice);
    this.#atStart = capabilitiesOnce(capabilities, start.compression);
    this.#model = modelOf(priorWith(this.#prior, this.#atStart));
    return start;
  }

  observe(sample: Sample): void {
    this.#model = observe(this.#model, sample);
  }

  wantsWritingOrder(): boolean {
    const { slaClass, importance } = this.#briefing.intent();
    const budget = budgetFor(slaClass, importance, this.#briefing.matrix);
    const [capabilities, model] = [this.#atStart, this.#model];
    return (
      capabilities !== undefined &&
      wantsWritingOrder({ slaClass, importance, budget, capabilities, model })
    );
  }

  decide(atMs: number, state: SteeringState): Decision {
    const intent = this.#briefing.intent();
    this.#news = newsOf(this.#before, intent) ?? this.#news;
    this.#before = intent;
    const pauses = asPauses(state, ratioOf(this.#model.shrinking));
    const decision = this.#reckoned(steer(this.#situation(intent, atMs, pauses)), state);
    if (this.#news === undefined || decision.action.kind === 'wait') return decision;
    const told = { ...decision, why: `${this.#news} ${decision.why}` };
    this.#news = undefined;
    return told;
  }

  decideSplit(atMs: number, state: SteeringState): Decision | undefined {
    const { split } = this.#model;
    if (split === undefined) return undefined;
    return steerRest(this.#situation(this.#briefing.intent(), atMs, state), split);
  }

  #situation(intent: Intent, atMs: number, state: SteeringState): Situation {
    if (this.#atStart === undefined) throw new Error('a steersman decides only after his plan');
    const { slaClass, importance, deadlineMs, postCopy } = intent;
    const budget = budgetFor(slaClass, importance, this.#briefing.matrix);
    const capabilities = withAdmins(this.#atStart, postCopy);
    const model = this.#model;
    const known = { slaClass, importance, budget, capabilities, model, state, atMs };
    return deadlineMs === undefined ? known : { ...known, deadlineMs };
  }

  /** With the limits that make the pauses, where what is sent is compressed. */
  #reckoned(steered: Decision, state: SteeringState): Decision {
    const ratio = ratioOf(this.#model.shrinking);
    const meant = lowered(steered, this.#asked, state, ratio);
    const decision = asReckoned(meant, ratio);
    if (meant.action.kind === 'set-max-downtime' && decision.action.kind === 'set-max-downtime')
      this.#asked = { ms: meant.action.ms, limitMs: decision.action.ms };
    return decision;
  }
}

/** What a person should know of a change of orders, with the act that follows it. */
function newsOf(before: Intent | undefined, now: Intent): string | undefined {
  if (before === undefined) return undefined;
  if (now.importance !== before.importance)
    return `The importance was changed from ${before.importance} to ${now.importance}.`;
  if (now.postCopy?.allowed === false && before.postCopy?.allowed !== false)
    return `Post-copy is closed by now: ${now.postCopy.because}.`;
  return undefined;
}

/** What the start ruled out stays so: the flags of a migration hold for as long as it runs. */
function withAdmins(
  atStart: MigrationCapabilities,
  postCopy: Permission | undefined,
): MigrationCapabilities {
  if (postCopy === undefined || postCopy.allowed) return atStart;
  return { ...atStart, postCopy, again: postCopy };
}

/** `undefined` where nobody has said how much memory there is: then nothing is foreseen. */
function startOf(
  briefing: Briefing,
  capabilities: MigrationCapabilities,
  matrix: Matrix,
): Start | undefined {
  const { prior = nothingKnown, memoryBytes } = briefing;
  if (memoryBytes === undefined) return undefined;
  return { ...briefing.intent(), capabilities, matrix, prior, memoryBytes };
}

/** Whether it is expected to fit by itself; `undefined` where too little is known before the start. */
function converges(start: Start | undefined): boolean | undefined {
  if (start === undefined) return undefined;
  const { bandwidthBytesPerSecond, written } = start.prior;
  if (bandwidthBytesPerSecond === undefined || written.length === 0) return undefined;
  const { situation, view } = beforeStart(start);
  return expect(situation, view).ending === 'switch-over';
}
