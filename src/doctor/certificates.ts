import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls';
import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { ownCertificate } from '../hypervisor/libvirt/own-certificate.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';

const check = 'certificate';
const answerMs = 3_000;
const soonDays = 30;
const dayMs = 86_400_000;

type Validity = Pick<PeerCertificate, 'valid_from' | 'valid_to'>;

/** Of this machine, which it shows to hosts that it reaches by TLS: each once. */
export async function ownCertificates(hosts: readonly ResolvedHost[]): Promise<readonly Finding[]> {
  const found = await Promise.all(hosts.map(ownFor));
  return [...new Map(found.flat().map((one) => [one.message, one])).values()];
}

async function ownFor({ name, uri }: ResolvedHost): Promise<readonly Finding[]> {
  try {
    const file = await ownCertificate(name, uri);
    return file === undefined ? [] : [ownAge(file.path, file.content)];
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return [findingsAt(name)('warning', check, `of this machine: ${error.message}`)];
  }
}

function ownAge(path: string, content: Buffer): Finding {
  const validity = validityOf(content);
  if (typeof validity === 'string') return ofThisMachine('error', `${path}: ${validity}`);
  return age(validity, (severity, message) => ofThisMachine(severity, `${path}: ${message}`));
}

function ofThisMachine(severity: Finding['severity'], message: string): Finding {
  return { severity, check, where: undefined, message };
}

/** How long a certificate is valid, or why it is none. */
function validityOf(content: Buffer): Validity | string {
  try {
    const { validFrom, validTo } = new X509Certificate(content);
    return { valid_from: validFrom, valid_to: validTo };
  } catch (error) {
    return `it is no certificate: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Of the daemon that listens there: how long it is valid, and for which name. */
export function daemonCertificate(
  name: string,
  host: string,
  port: number,
): Promise<readonly Finding[]> {
  const found = findingsAt(name);
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: answerMs });
    const end = (findings: readonly Finding[]): void => {
      socket.destroy();
      resolve(findings);
    };
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      const wrongName = checkServerIdentity(host, certificate);
      end([
        age(certificate, (severity, message) => found(severity, check, message)),
        ...(wrongName === undefined ? [] : [nameMismatch(name, wrongName)]),
      ]);
    });
    socket.once('timeout', () => end([found('warning', check, 'no TLS answer')]));
    socket.once('error', (error) =>
      end([found('warning', check, `its certificate cannot be read: ${error.message}`)]),
    );
  });
}

function age(
  { valid_from: from, valid_to: to }: Validity,
  found: (severity: Finding['severity'], message: string) => Finding,
): Finding {
  const days = Math.floor((Date.parse(to) - Date.now()) / dayMs);
  if (days < 0) return { ...found('error', `expired on ${to}`), hint: 'Renew it.' };
  if (Date.parse(from) > Date.now()) {
    return {
      ...found('error', `valid only from ${from} on`),
      hint: 'Is the clock of this machine right?',
    };
  }
  const severity = days < soonDays ? 'warning' : 'ok';
  const finding = found(severity, `valid for ${days} days`);
  return severity === 'ok' ? finding : { ...finding, hint: 'Renew it in time.' };
}

function nameMismatch(name: string, { message }: Error): Finding {
  return {
    ...findingsAt(name)('error', check, message),
    hint: 'The name in peerUri must be one that the certificate has.',
  };
}
