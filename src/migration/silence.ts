import type { Sighting } from './whereabouts.ts';

/** Which hosts do not answer, so that each silence is told when it begins and when it ends. */
export class Silence {
  readonly #silent = new Set<string>();

  /** What to tell after this sighting; `undefined` where nothing has changed. */
  after(host: string, sighting: Sighting): string | undefined {
    if (sighting.seen === 'nothing') {
      if (this.#silent.has(host)) return undefined;
      this.#silent.add(host);
      return `${host} does not answer (${sighting.because}); its guests and migrations go on without us.`;
    }
    return this.#silent.delete(host) ? `${host} answers again.` : undefined;
  }
}
