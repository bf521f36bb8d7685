import { connect as connectTcp } from 'node:net';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { daemonCertificate } from './certificates.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { placeOf } from './place.ts';

const loopback = /^(localhost|127\.|::1$)/i;
const answerMs = 3_000;

/** How a host is reached by the others, as far as that shows from here. */
export async function examineWays({ name, ways }: ResolvedHost): Promise<readonly Finding[]> {
  if (ways.length === 0)
    return [
      {
        ...findingsAt(name)('error', 'way', 'how other hosts reach it is not known'),
        hint: 'Set peerUri, such as qemu+tls://HOST/system: the daemon of the source connects there.',
      },
    ];
  const daemons = [...new Set(ways.map(({ uri }) => uri))];
  return (await Promise.all(daemons.map((uri) => examineWay(name, uri)))).flat();
}

async function examineWay(name: string, uri: string): Promise<readonly Finding[]> {
  const found = findingsAt(name);
  const place = placeOf(uri);
  if (place === undefined)
    return [found('unseen', 'way', `whether ${uri} can be reached by other hosts`)];
  const { transport, host, port } = place;
  const loop = loopback.test(host) ? [ownLoop(name, host)] : [];
  const problem = await knock(host, port);
  const way =
    problem === undefined
      ? found('ok', 'way', `${host}:${port} answers this machine`)
      : {
          ...found('warning', 'way', `${host}:${port} does not answer this machine: ${problem}`),
          hint: 'What counts is whether the other hosts get through: try from one of them.',
        };
  const certificate =
    transport === 'tls' && problem === undefined ? await daemonCertificate(name, host, port) : [];
  return [way, ...loop, ...certificate];
}

function ownLoop(name: string, host: string): Finding {
  return {
    ...findingsAt(name)('warning', 'way', `${host} is to every other host that host itself`),
    hint: 'Set peerUri to an address by which the others reach it.',
  };
}

/** Why nobody answers there; `undefined`: somebody does. */
function knock(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: answerMs });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer within ${answerMs / 1000} s`));
    socket.once('error', (error) => end(error.message));
  });
}
