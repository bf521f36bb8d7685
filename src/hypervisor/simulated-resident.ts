import type { Tags } from '../policy/tags.ts';
import type { CompletedJob, DomainFacts, DomainState, DomainSummary } from './port.ts';
import type { ProbeMark } from './probe.ts';
import type { GuestModel } from './simulated-guest.ts';
import type { SimulatedJob } from './simulated-job.ts';
import type { Toll } from './simulated-toll.ts';

/** A guest as one simulated host has it. */
export interface Resident {
  readonly guest: GuestModel;
  readonly uuid: string;
  state: DomainState;
  tags: Tags;
  downtimeMs: number;
  maxSpeedBytesPerSecond: number;
  job: SimulatedJob | undefined;
  completed: CompletedJob | undefined;
  toll: Toll | undefined;
  /** Set where it is a probe guest. */
  readonly probe?: ProbeMark | undefined;
}

/** What QEMU starts with. */
const qemuDefaultDowntimeMs = 300;
export function newResident(
  guest: GuestModel,
  uuid: string,
  state: DomainState,
  tags: Tags,
): Resident {
  return {
    guest,
    uuid,
    state,
    tags,
    downtimeMs: qemuDefaultDowntimeMs,
    maxSpeedBytesPerSecond: Infinity,
    job: undefined,
    completed: undefined,
    toll: undefined,
  };
}

/** It writes nothing. */
export function probeModel(name: string): GuestModel {
  const memoryBytes = 16 * 2 ** 20;
  return {
    name,
    memoryBytes,
    touchedBytes: 2 ** 20,
    workingSetBytes: 0,
    writeBytesPerSecond: 0,
    throttleEffect: 1,
  };
}

export function factsOf(resident: Resident): DomainFacts {
  return {
    name: resident.guest.name,
    uuid: resident.uuid,
    memoryBytes: resident.guest.memoryBytes,
    virtualCpus: 1,
    machineType: 'pc-q35-10.0',
    architecture: 'x86_64',
    persistent: false,
    state: resident.state,
    immovable: [],
    postCopyObstacles: [],
    doubts: [],
    busyWith: resident.job === undefined ? undefined : 'a migration',
    definition: `<domain><name>${resident.guest.name}</name></domain>`,
  };
}

/** One that writes so fast keeps its CPU busy, bytes/s. */
const busyBytesPerSecond = 400 * 2 ** 20;

export function summaryOf(resident: Resident, nowMs: number): DomainSummary {
  const { guest, uuid, state, tags, job } = resident;
  return {
    name: guest.name,
    uuid,
    state: state.state,
    memoryBytes: guest.memoryBytes,
    virtualCpus: 1,
    cpuMs: nowMs * Math.min(1, guest.writeBytesPerSecond / busyBytesPerSecond),
    tags,
    outgoingJob: job !== undefined,
    arriving: job === undefined && state.state === 'paused' && state.reason === 'migration',
  };
}
