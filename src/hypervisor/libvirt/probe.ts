import type { Element } from '@xmldom/xmldom';
import { DroverError } from '../../errors/catalogue.ts';
import type { Connection, Domain, MonitorEvent } from '../../libvirt/index.ts';
import {
  type ClockReading,
  type ProbeGuest,
  type ProbeMark,
  type ProbeSeen,
  probeKey,
  probeNamespace,
  probePrefix,
} from '../probe.ts';
import { escapeXml } from '../xml-text.ts';
import { unless } from './errors.ts';
import { at, attribute, children, parseXml, textOf } from './xml.ts';

/** QEMU starts with less; firmware does not always. */
const memoryMiB = 16;
const rounds = 5;
/** QEMU's word comes before the answer to the order that it is about, or not at all. */
const latestMs = 5_000;

/**
 * No disk, no network card, no screen: its firmware finds nothing to start and idles. Without a word on
 * its CPU it gets the plainest one, which every host of its architecture has.
 */
export function probeXml({
  name,
  machineType,
  architecture,
  accelerator,
  mark,
}: ProbeGuest): string {
  const told = [
    ['run', mark.run],
    ['machine', mark.machine],
    ['pid', mark.pid],
    ['since', mark.sinceMs],
  ].map(([key, value]) => ` ${key}='${escapeXml(String(value))}'`);
  return `<domain type='${accelerator === 'kvm' ? 'kvm' : 'qemu'}'>
  <name>${escapeXml(name)}</name>
  <title>A probe of drover doctor: it ends by itself</title>
  <metadata>
    <${probeKey}:probe xmlns:${probeKey}='${probeNamespace}'${told.join('')}/>
  </metadata>
  <memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os><type arch='${escapeXml(architecture)}' machine='${escapeXml(machineType)}'>hvm</type></os>
  <devices>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <video><model type='none'/></video>
  </devices>
</domain>
`;
}

/** The mark of a probe guest; `undefined`: the domain is none. */
export function probeMark(domain: Element): ProbeMark | undefined {
  const mark = children(at(domain, 'metadata')).find(
    ({ namespaceURI, localName }) => namespaceURI === probeNamespace && localName === 'probe',
  );
  if (mark === undefined || !textOf(at(domain, 'name')).startsWith(probePrefix)) return undefined;
  return {
    run: attribute(mark, 'run') ?? '',
    machine: attribute(mark, 'machine') ?? '',
    pid: Number(attribute(mark, 'pid')),
    sinceMs: Number(attribute(mark, 'since')),
  };
}

export async function probesOn(connection: Connection): Promise<readonly ProbeSeen[]> {
  const named = (await connection.listDomains()).filter(({ name }) => name.startsWith(probePrefix));
  const seen = await Promise.all(
    named.map(async (domain) => {
      const mark = await unless(['no-domain'], () => markOf(domain));
      return mark === undefined ? [] : [{ uuid: domain.uuid, name: domain.name, mark }];
    }),
  );
  return seen.flat();
}

/** Ends a probe guest, and nothing else. One that is gone already needs nothing. */
export async function endProbe(
  connection: Connection,
  host: string,
  uuid: string,
  mayAct: () => void,
): Promise<void> {
  await unless(['no-domain', 'operation-invalid'], async () => {
    const domain = await connection.lookupByUuid(uuid);
    if ((await markOf(domain)) === undefined)
      throw new DroverError('hypervisor.failed', `${host}: ${domain.name} is no probe guest`);
    mayAct();
    await domain.destroy();
  });
}

async function markOf(domain: Domain): Promise<ProbeMark | undefined> {
  return probeMark(parseXml(await domain.xml()));
}

/**
 * Stops the guest and has it go on, some times: QEMU tells each with the time of its host's clock, and
 * libvirt passes that on. Of all that libvirt answers nothing else has that time in parts of a second.
 */
export async function readClock(
  connection: Connection,
  host: string,
  uuid: string,
  wallMs: () => number,
): Promise<readonly ClockReading[]> {
  const domain = await connection.lookupByUuid(uuid);
  const told = new Told();
  const subscription = await connection.subscribe(
    'monitor',
    (event) => told.note(event, wallMs()),
    { domain },
  );
  const ask = async (event: string, order: () => Promise<void>): Promise<ClockReading> => {
    const heard = told.next(event);
    const askedMs = wallMs();
    await order();
    const found = await heard;
    if (found !== undefined) return { askedMs, ...found };
    const message = `${host}: QEMU did not tell when the probe guest did what it was told`;
    throw new DroverError('hypervisor.failed', message);
  };
  try {
    const readings: ClockReading[] = [];
    for (let round = 0; round < rounds; round += 1) {
      readings.push(await ask('STOP', () => domain.suspend()));
      readings.push(await ask('RESUME', () => domain.resume()));
    }
    return readings;
  } finally {
    await subscription.unsubscribe();
  }
}

type Heard = Omit<ClockReading, 'askedMs'>;

/** What QEMU tells, for whoever waits for it. */
class Told {
  #wanted = '';
  #hear: (heard: Heard | undefined) => void = () => undefined;

  note({ event, atMs: hostMs }: MonitorEvent, heardMs: number): void {
    if (event === this.#wanted && hostMs !== undefined) this.#hear({ hostMs, heardMs });
  }

  /** `undefined`: it did not come. */
  next(event: string): Promise<Heard | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(undefined), latestMs);
      this.#wanted = event;
      this.#hear = (heard) => {
        clearTimeout(late);
        resolve(heard);
      };
    });
  }
}
