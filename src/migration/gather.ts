import type { Sample } from '../forecast/telemetry.ts';
import type { Decision } from '../steering/decision.ts';
import type { RunEvent } from './events.ts';
import type { Story } from './result.ts';

/** More samples than this are thinned to every other one: a curve needs no more. */
const mostSamples = 2_000;

/** Puts a migration's story together from what is told of it. */
export class Gathering implements Story {
  readonly decisions: Decision[] = [];
  readonly why: string[] = [];
  telemetry: Sample[] = [];

  /** Listens beside another listener. */
  beside(onEvent: (event: RunEvent) => void): (event: RunEvent) => void {
    return (event) => {
      onEvent(event);
      this.#heed(event);
    };
  }

  #heed(event: RunEvent): void {
    switch (event.kind) {
      case 'progress':
        this.#keep(event.sample);
        return;
      case 'decision':
        this.decisions.push(event.decision);
        if (event.decision.action.kind !== 'wait') this.why.push(event.decision.why);
        return;
      case 'notice':
      case 'why':
        this.why.push(event.message);
        return;
      case 'phase':
      case 'landed':
        return;
    }
  }

  /** As it is by now: it may grow later, what is returned does not. */
  story(): Story {
    const { decisions, why, telemetry } = this;
    return { decisions: [...decisions], why: [...why], telemetry: [...telemetry] };
  }

  #keep(sample: Sample): void {
    this.telemetry.push(sample);
    if (this.telemetry.length <= mostSamples) return;
    this.telemetry = this.telemetry.filter((_, index) => index % 2 === 0);
  }
}
