import { nothingKnown } from '../../src/forecast/prior.ts';
import type { Host, HostFacts } from '../../src/hypervisor/port.ts';
import { budgetFor } from '../../src/policy/budget-for.ts';
import type { Recording } from '../../src/recording/recording.ts';
import type { Figures } from './cost.ts';
import type { Way } from './stage.ts';
import { type StaticArmName, staticArms } from './static-arms.ts';

/** What a static arm has no say in: it is recorded as what moves by default. */
const slaClass = 'pet';
const importance = 'medium';

/**
 * A static arm's migration in the form in which Drover keeps its own, so that its telemetry can be
 * replayed: without decisions, and with the capabilities that the arm made use of.
 */
export async function beginStaticRecording(way: Way, name: StaticArmName): Promise<Recording> {
  const { vm, uuid, source, destination } = way;
  const [from, to] = await Promise.all([source.facts(), destination.facts()]);
  const domain = await source.findDomain(vm);
  if (domain === undefined) throw new Error(`${source.name} does not have ${vm}`);
  const { memoryBytes, virtualCpus } = domain;
  const { postCopyAfterFirstPass, autoConverge } = staticArms[name];
  const unused = { allowed: false, because: `${name} does not use it` } as const;
  const allowed = { allowed: true } as const;
  return {
    format: 1,
    id: name,
    startedAt: new Date().toISOString(),
    vm: { name: vm, uuid, memoryBytes, virtualCpus },
    slaClass,
    importance,
    reason: undefined,
    deadlineMs: undefined,
    from: hostOf(source, from),
    to: hostOf(destination, to),
    capabilities: {
      postCopy: postCopyAfterFirstPass ? allowed : unused,
      postCopyRecoverable: from.postCopyRecoverable.allowed && to.postCopyRecoverable.allowed,
      autoConverge: autoConverge === undefined ? unused : allowed,
    },
    capBytesPerSecond: undefined,
    budget: budgetFor(slaClass, importance),
    // QEMU looks for dirty pages all the time only where it may switch to post-copy.
    prior: { ...nothingKnown, syncing: postCopyAfterFirstPass ? from.syncing : 'passes' },
    samples: [],
    decisions: [],
    why: [`Moved by ${name}, with nobody who steered.`],
    end: undefined,
  };
}

/** The same at its end; the blackout is the guest's own. */
export function endStaticRecording(begun: Recording, figures: Figures): Recording {
  const { arrived, totalMs, blackoutMs, sentBytes, postCopy } = figures;
  const [from, to] = [begun.from.name, begun.to.name];
  return {
    ...begun,
    end: {
      outcome: arrived ? 'completed' : 'aborted',
      runsOn: [arrived ? to : from],
      totalMs,
      blackout: arrived ? { ms: blackoutMs, measuredBy: 'events' } : undefined,
      sentBytes,
      switchedToPostCopy: postCopy,
      postCopyBreaks: 0,
      stalledMs: 0,
    },
  };
}

function hostOf({ name }: Host, facts: HostFacts): Recording['from'] {
  const { libvirtVersion, hypervisorVersion } = facts;
  return { name, libvirtVersion, hypervisorVersion };
}
