import { DroverError } from '../errors/catalogue.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Look, Sighting } from './whereabouts.ts';

/** Asks both hosts for the domain at once. Never rejects: an unanswered question is an answer. */
export async function lookAtBoth(source: Host, destination: Host, uuid: string): Promise<Look> {
  const [here, there, job] = await Promise.all([
    sight(source, uuid),
    sight(destination, uuid),
    jobAt(source, uuid),
  ]);
  return {
    source: job.known ? here : { seen: 'nothing', because: job.because },
    destination: there,
    jobActive: job.known && job.active,
  };
}

async function sight(host: Host, uuid: string): Promise<Sighting> {
  try {
    const state = await host.domainState(uuid);
    return state === undefined ? { seen: 'absent' } : { seen: 'domain', state };
  } catch (error) {
    return { seen: 'nothing', because: messageOf(error) };
  }
}

type JobSight =
  | { readonly known: true; readonly active: boolean }
  | { readonly known: false; readonly because: string };

async function jobAt(host: Host, uuid: string): Promise<JobSight> {
  try {
    return { known: true, active: (await host.readJob(uuid)) !== undefined };
  } catch (error) {
    return { known: false, because: messageOf(error) };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the error carries this code. */
export function hasCode(error: unknown, code: DroverError['code']): boolean {
  return error instanceof DroverError && error.code === code;
}
