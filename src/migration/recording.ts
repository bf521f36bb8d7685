import type { Prior } from '../forecast/prior.ts';
import type { HostFacts } from '../hypervisor/port.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Recording } from '../recording/recording.ts';
import type { Approach } from './approach.ts';
import type { Head } from './beginning.ts';
import type { MigrateRequest } from './request.ts';
import type { Conclusion } from './result.ts';

/** A migration as it begins: what was asked and what is known. */
export function headOf(all: {
  readonly request: Pick<MigrateRequest, 'reason' | 'deadlineMs'>;
  readonly approached: Pick<
    Approach,
    'cleared' | 'standing' | 'importance' | 'allowed' | 'capBytesPerSecond'
  >;
  readonly matrix: Matrix;
  readonly prior: Prior;
}): Head {
  const { request, approached, matrix, prior } = all;
  const { cleared, standing, importance } = approached;
  const { name, uuid, memoryBytes, virtualCpus } = cleared.domain;
  return {
    format: 1,
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
  };
}

/** The end of a migration as it is kept. */
export function endOf(conclusion: Conclusion): NonNullable<Recording['end']> {
  const { outcome, runsOn, totalMs, blackout, sentBytes, switchedToPostCopy } = conclusion;
  const { postCopyBreaks, stalledMs } = conclusion;
  return {
    outcome,
    runsOn,
    totalMs,
    blackout,
    sentBytes,
    switchedToPostCopy,
    postCopyBreaks,
    stalledMs,
  };
}

function hostOf(name: string, facts: HostFacts): Recording['from'] {
  const { libvirtVersion, hypervisorVersion } = facts;
  return { name, libvirtVersion, hypervisorVersion };
}
