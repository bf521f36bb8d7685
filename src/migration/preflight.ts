import type { DroverError, ErrorCode } from '../errors/catalogue.ts';
import type { ArrivalProblem, DomainFacts, Host, HostFacts, Ways } from '../hypervisor/port.ts';

/** One thing that pre-flight found, for a person. */
export interface Finding {
  /** `blocks`: it cannot go. `doubt`: whether it can is only seen by trying. */
  readonly severity: 'blocks' | 'doubt';
  readonly code: FindingCode;
  readonly message: string;
}

export type FindingCode =
  | 'unreachable'
  | 'same-host'
  | 'not-found'
  | 'not-running'
  | 'busy'
  | 'immovable'
  | 'no-way-between'
  | 'way-between'
  | 'unseen'
  | 'post-copy'
  | ArrivalProblem['code'];

/** A host, or why it could not be reached. */
export type Contact =
  | { readonly host: Host }
  | { readonly name: string; readonly unreachable: DroverError };

export interface Preflight {
  readonly findings: readonly Finding[];
  /** All that was learnt; `undefined` where a finding blocks. */
  readonly cleared: Cleared | undefined;
}

export interface Cleared {
  readonly source: Host;
  readonly destination: Host;
  readonly domain: DomainFacts;
  readonly sourceFacts: HostFacts;
  readonly destinationFacts: HostFacts;
  readonly ways: Ways;
}

/** Whether the domain can go from one host to the other: every reason why not. Touches nothing. */
export async function preflight(from: Contact, to: Contact, vm: string): Promise<Preflight> {
  const silent = [from, to].flatMap(unreachable);
  if (!('host' in from) || !('host' in to)) return { findings: silent, cleared: undefined };
  const source = from.host;
  const destination = to.host;
  const [sourceFacts, destinationFacts, domain] = await Promise.all([
    source.facts(),
    destination.facts(),
    source.findDomain(vm),
  ]);
  const findings = [
    ...sameHost(source, sourceFacts, destinationFacts),
    ...way(source, destination),
  ];
  if (domain === undefined) findings.push(blocks('not-found', `${source.name} has no VM ${vm}`));
  else findings.push(...(await judgeDomain(source, destination, domain)));
  findings.push(...unknowns(source, sourceFacts), ...unknowns(destination, destinationFacts));
  const [first, ...others] = destination.ways;
  const blocked = findings.some(({ severity }) => severity === 'blocks');
  if (blocked || domain === undefined || first === undefined) {
    return { findings, cleared: undefined };
  }
  const ways: Ways = [first, ...others];
  const cleared = { source, destination, domain, sourceFacts, destinationFacts, ways };
  return { findings, cleared };
}

function unreachable(contact: Contact): Finding[] {
  if ('host' in contact) return [];
  const { name, unreachable: error } = contact;
  return [blocks('unreachable', `${name} cannot be reached: ${error.message}`)];
}

function sameHost(source: Host, here: HostFacts, there: HostFacts): Finding[] {
  if (here.hostUuid === there.hostUuid) {
    return [
      blocks('same-host', `It is on ${source.name} already: both are the host ${here.hostUuid}`),
    ];
  }
  if (here.hostname !== there.hostname) return [];
  const message = `Both hosts call themselves ${here.hostname}, and would take each other for themselves`;
  return [blocks('same-host', message)];
}

/** The source's daemon opens the way to the destination, with its own credentials. */
function way(source: Host, destination: Host): Finding[] {
  const peer = destination.ways[0]?.uri;
  if (peer === undefined) {
    const message = `How ${source.name} reaches ${destination.name} is not known: ${destination.address} only works from here; set peerUri for it in the configuration`;
    return [blocks('no-way-between', message)];
  }
  const message = `whether the libvirt daemon of ${source.name} gets through to ${peer}, with its own credentials`;
  return [doubt('way-between', message)];
}

async function judgeDomain(
  source: Host,
  destination: Host,
  domain: DomainFacts,
): Promise<Finding[]> {
  const findings = [
    ...running(source, domain),
    ...domain.immovable.map((because) => blocks('immovable', `It cannot move: ${because}`)),
    ...domain.doubts.map((what) => doubt('unseen', what)),
  ];
  const problems = await destination.judgeArrival(domain);
  return [...findings, ...problems.map(({ code, message }) => blocks(code, message))];
}

function running(source: Host, domain: DomainFacts): Finding[] {
  if (domain.busyWith !== undefined) {
    return [blocks('busy', `${domain.name} is busy with ${domain.busyWith} on ${source.name}`)];
  }
  if (domain.state.state === 'running') return [];
  const message = `${domain.name} does not run on ${source.name}: it is ${domain.state.state}`;
  return [blocks('not-running', message)];
}

function unknowns(host: Host, facts: HostFacts): Finding[] {
  return facts.unknowns.map((what) => doubt('post-copy', `${host.name}: ${what}`));
}

/** The error code that says most of what blocked it. */
export function codeOfRefusal(findings: readonly Finding[]): ErrorCode {
  const [only, ...others] = findings.filter(({ severity }) => severity === 'blocks');
  if (only === undefined || others.length > 0) return 'preflight.refused';
  return refusalCodes[only.code] ?? 'preflight.refused';
}

const refusalCodes: Partial<Record<FindingCode, ErrorCode>> = {
  unreachable: 'host.unreachable',
  'not-found': 'domain.not-found',
  'not-running': 'domain.not-running',
  busy: 'domain.busy',
};

function blocks(code: FindingCode, message: string): Finding {
  return { severity: 'blocks', code, message };
}

function doubt(code: FindingCode, message: string): Finding {
  return { severity: 'doubt', code, message };
}
