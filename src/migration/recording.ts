import type { Prior } from '../forecast/prior.ts';
import type { HostFacts } from '../hypervisor/port.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Recording } from '../recording/recording.ts';
import type { Approach } from './approach.ts';
import type { MigrateRequest } from './request.ts';
import type { MigrationResult, SoFar } from './result.ts';

/** A migration as it begins: what was asked and what is known. */
export function beginRecording(all: {
  readonly request: MigrateRequest;
  readonly approached: Approach;
  readonly matrix: Matrix;
  readonly prior: Prior;
  readonly id: string;
  readonly startedAt: string;
}): Recording {
  const { request, approached, matrix, prior, id, startedAt } = all;
  const { cleared, standing, importance } = approached;
  const { name, uuid, memoryBytes, virtualCpus } = cleared.domain;
  return {
    format: 1,
    id,
    startedAt,
    vm: { name, uuid, memoryBytes, virtualCpus },
    slaClass: standing.slaClass,
    importance,
    reason: request.reason,
    deadlineMs: request.deadlineMs,
    from: hostOf(cleared.source.name, cleared.sourceFacts),
    to: hostOf(cleared.destination.name, cleared.destinationFacts),
    capabilities: approached.allowed.capabilities,
    capBytesPerSecond: approached.capBytesPerSecond,
    budget: budgetFor(standing.slaClass, importance, matrix),
    prior,
    samples: [],
    decisions: [],
    why: [],
    end: undefined,
  };
}

/** The same on its way. What is passed may grow later, the recording does not. */
export function recordingSoFar(begun: Recording, { telemetry, decisions, why }: SoFar): Recording {
  return { ...begun, samples: [...telemetry], decisions: [...decisions], why: [...why] };
}

/** The same at its end. */
export function endRecording(begun: Recording, result: MigrationResult): Recording {
  const { outcome, runsOn, totalMs, blackout, sentBytes, switchedToPostCopy } = result;
  return {
    ...recordingSoFar(begun, result),
    end: { outcome, runsOn, totalMs, blackout, sentBytes, switchedToPostCopy },
  };
}

function hostOf(name: string, facts: HostFacts): Recording['from'] {
  const { libvirtVersion, hypervisorVersion } = facts;
  return { name, libvirtVersion, hypervisorVersion };
}
