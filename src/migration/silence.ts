import type { Host } from '../hypervisor/port.ts';
import { type Place, places } from './transition.ts';
import type { Look, Sighting } from './whereabouts.ts';

const nobody: readonly string[] = [];

/** Which hosts do not answer, so that each silence is told when it begins and when it ends. */
export class Silence {
  #silent: readonly string[] = nobody;

  /** What to tell after a look at both hosts; nothing where nothing has changed. */
  after(hosts: Readonly<Record<Place, Pick<Host, 'name'>>>, look: Look): readonly string[] {
    return places.flatMap((place) => this.#news(hosts[place].name, look[place]) ?? []);
  }

  #news(host: string, sighting: Sighting): string | undefined {
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
