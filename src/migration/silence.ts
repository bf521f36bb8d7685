import type { Sighting } from './whereabouts.ts';

const nobody: readonly string[] = [];

/** Which hosts do not answer, so that each silence is told when it begins and when it ends. */
export class Silence {
  #silent: readonly string[] = nobody;

  /** What to tell after this sighting; `undefined` where nothing has changed. */
  after(host: string, sighting: Sighting): string | undefined {
    if (sighting.seen === 'nothing') {
      if (this.#silent.includes(host)) return undefined;
      this.#silent = [...this.#silent, host];
      return `${host} does not answer (${sighting.because}); its guests and migrations go on without us.`;
    }
    if (!this.#silent.includes(host)) return undefined;
    this.#silent = this.#silent.filter((one) => one !== host);
    return `${host} answers again.`;
  }
}
