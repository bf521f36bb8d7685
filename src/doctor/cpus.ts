import { DroverError } from '../errors/catalogue.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { namesOf, orderedPairs, type Surveyed } from './surveyed.ts';

const check = 'cpu';

/** Hosts that would give a guest the same CPU. */
interface Group {
  readonly members: readonly Surveyed[];
  /** Whichever is asked: they answer alike. */
  readonly speaker: Surveyed;
  readonly cpu: { readonly model: string; readonly definition: string };
}

/**
 * Whether guests that have all of the CPU of one host could have it on the others. Emulated guests
 * bring theirs along.
 */
export async function compareCpus(surveyed: readonly Surveyed[]): Promise<readonly Finding[]> {
  if (surveyed.length < 2) return [];
  const real = surveyed.filter(({ survey }) => survey.accelerator === 'kvm');
  const emulating = surveyed.filter(({ survey }) => survey.accelerator === 'emulation');
  const silent = real.filter(({ survey }) => survey.cpu === undefined);
  const kinds = [...Map.groupBy(real, ({ survey }) => survey.architecture).values()];
  const compared = await Promise.all(kinds.map((kind) => compareAlike(groupsOf(kind))));
  return [
    ...mixture(real, emulating),
    ...silent.map(({ name }) => findingsAt(name)('unseen', check, 'what CPU its guests can have')),
    ...compared.flat(),
  ];
}

function mixture(real: readonly Surveyed[], emulating: readonly Surveyed[]): readonly Finding[] {
  if (emulating.length === 0) return [];
  if (real.length === 0) {
    return [
      findingsAt(namesOf(emulating))('ok', check, 'no KVM: guests bring an emulated CPU along'),
    ];
  }
  const where = `${namesOf(real)} to ${namesOf(emulating)}`;
  return [
    {
      ...findingsAt(where)(
        'warning',
        check,
        'there is no KVM: guests that run under it cannot move',
      ),
      hint: 'Is virtualisation switched on in its firmware, and the module kvm loaded?',
    },
  ];
}

function groupsOf(alike: readonly Surveyed[]): readonly Group[] {
  const groups = Map.groupBy(alike, ({ survey }) => survey.cpu?.definition);
  return [...groups.values()].flatMap((members) => {
    const [speaker] = members;
    const cpu = speaker?.survey.cpu;
    return speaker === undefined || cpu === undefined ? [] : [{ members, speaker, cpu }];
  });
}

async function compareAlike(groups: readonly Group[]): Promise<readonly Finding[]> {
  const members = groups.flatMap((group) => group.members);
  const models = [...new Set(groups.map(({ cpu }) => cpu.model))].join(', ');
  const asked = await Promise.all(orderedPairs(groups).map(([from, to]) => difference(from, to)));
  const findings = asked.flat();
  if (members.length < 2 || findings.length > 0) return findings;
  return [
    findingsAt(namesOf(members))('ok', check, `guests of each can run on the others (${models})`),
  ];
}

async function difference(from: Group, to: Group): Promise<readonly Finding[]> {
  const found = findingsAt(`${namesOf(from.members)} to ${namesOf(to.members)}`);
  try {
    if (await to.speaker.host.offersCpu(from.cpu.definition)) return [];
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return [
      found('unseen', check, `whether guests with all of the CPU can move: ${error.message}`),
    ];
  }
  return [
    {
      ...found('warning', check, `guests with all of the CPU (${from.cpu.model}) cannot move`),
      hint: 'Give guests that are to move a CPU that both have: virsh hypervisor-cpu-baseline names it.',
    },
  ];
}
