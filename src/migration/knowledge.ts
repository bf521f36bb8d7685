import { type Knowledge, type Lesson, priorFrom } from '../forecast/learn.ts';
import type { Prior, Sounded } from '../forecast/prior.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { Keeping, LessonsOf } from './keeping.ts';
import type { Cleared } from './preflight.ts';

/** What is known of a guest and its way before it moves. */
export interface Known {
  readonly prior: Prior;
  /** Where each part of it comes from, for a person. */
  readonly sources: readonly string[];
  /** What the prior was made of. */
  readonly knowledge: Knowledge;
}

/** The newest of each kind are enough. */
const mostLessons = 5;

/** Gathers what earlier migrations and the hypervisor say. */
export async function knownBefore(
  cleared: Pick<Cleared, 'domain' | 'source' | 'destination' | 'sourceFacts'>,
  slaClass: SlaClass,
  all: {
    readonly keeping: Pick<Keeping, 'lessons'>;
    readonly measured: readonly SeenWrites[];
    readonly capBytesPerSecond: number | undefined;
  },
): Promise<Known> {
  const { domain, source, destination, sourceFacts } = cleared;
  const { uuid } = domain;
  const lessons = (of: LessonsOf): Promise<readonly Lesson[]> =>
    all.keeping.lessons(of, mostLessons);
  const [ofGuest, ofWay, ofClass] = await Promise.all([
    lessons({ of: 'guest', vmUuid: uuid }),
    lessons({ of: 'way', hosts: [source.name, destination.name] }),
    lessons({ of: 'class', slaClass, butVmUuid: uuid }),
  ]);
  const resident = await source.residentBytes(domain.uuid);
  const residentBytes = resident === undefined ? undefined : Math.min(resident, domain.memoryBytes);
  return knownBy({
    ofGuest,
    ofWay,
    ofClass,
    measured: all.measured,
    capBytesPerSecond: all.capBytesPerSecond,
    residentBytes,
    syncing: sourceFacts.syncing,
  });
}

/** The same with what was found out since. */
export function knownBy(knowledge: Knowledge, sounded?: Sounded): Known {
  const prior = priorFrom(knowledge);
  const sources = sourcesOf(prior, knowledge);
  if (sounded === undefined) return { prior, sources, knowledge };
  const shrinks = 'what its memory shrinks to from a look at some of it';
  return {
    prior: { ...prior, sounded },
    sources: sounded.ratio === undefined ? sources : [...sources, shrinks],
    knowledge,
  };
}

function sourcesOf(prior: Prior, { ofGuest, ofWay, ofClass, measured }: Knowledge): string[] {
  const link =
    ofWay.length > 0
      ? `the link from ${counted(ofWay)} between these hosts`
      : 'the link from what the admin allows';
  const own = [
    ...(measured.length > 0 ? ['a measurement just now'] : []),
    ...(ofGuest.length > 0 ? [`${counted(ofGuest)} of this VM`] : []),
  ];
  const others = ofClass.length > 0 ? `${counted(ofClass)} of other VMs of its class` : undefined;
  const guest = own.length > 0 ? own.join(' and ') : others;
  return [
    prior.bandwidthBytesPerSecond === undefined ? 'nothing is known of the link' : link,
    guest === undefined
      ? 'nothing is known of what the guest writes'
      : `what it writes from ${guest}`,
  ];
}

function counted(lessons: readonly Lesson[]): string {
  return lessons.length === 1 ? 'an earlier migration' : `${lessons.length} earlier migrations`;
}
