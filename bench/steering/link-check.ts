import type { Lab } from '../../src/lab/index.ts';

/** What TCP leaves of an Ethernet link for what it carries: 1448 bytes of 1514. */
export const carriedShare = 1448 / 1514;
/** A link that carries more or less than it should by this share is not measured on. */
const offShare = 0.03;
const tries = 5;
const port = 20_000;
const lastsMs = 1_000;
/** The shaper's bucket is full at the start, and TCP has to find its pace. */
const skippedShare = 0.3;

/** Takes one connection, and prints the moments at which so many bytes had come, and all, s. */
const receiver = `
use strict; use IO::Socket::INET;
my ($port, $skip) = @ARGV;
my $door = IO::Socket::INET->new(Listen => 1, LocalPort => $port, ReuseAddr => 1) or die "$!";
my $caller = $door->accept or die "$!";
open STDIN, '<&', $caller or die "$!";
exec 'bash', '-c', 'head -c "$1" >/dev/null; from=$EPOCHREALTIME; cat >/dev/null; echo "$from $EPOCHREALTIME"', 'receiver', $skip;
`;
/** Sends so many bytes as soon as somebody listens. */
const sender = `
for try in $(seq 100); do
  if exec 3>/dev/tcp/"$1"/"$2"; then head -c "$3" /dev/zero >&3; exit; fi
  sleep 0.05
done 2>/dev/null
exit 1
`;

/**
 * What the link from one host to the other carries, Mbit/s, within 3 % of what a link of `mbitPerSecond` should.
 * Rejects where it carries more or less, five times: then this machine has no time for it.
 */
export async function checkLink(
  lab: Lab,
  [from, to]: readonly [from: string, to: string],
  mbitPerSecond: number,
): Promise<number> {
  const shouldMbit = mbitPerSecond * carriedShare;
  const seen: number[] = [];
  while (seen.length < tries) {
    const carriedMbit = await carried(lab, from, to, mbitPerSecond);
    if (Math.abs(carriedMbit / shouldMbit - 1) <= offShare) return carriedMbit;
    seen.push(carriedMbit);
  }
  throw new Error(
    `the link from ${from} to ${to} should carry ${shouldMbit.toFixed(0)} Mbit/s and carried ${seen.map((one) => one.toFixed(0)).join(', ')}: measure while this machine has less to do`,
  );
}

async function carried(lab: Lab, from: string, to: string, mbitPerSecond: number): Promise<number> {
  const bytes = Math.round((mbitPerSecond * 1e6 * lastsMs) / 8 / 1000);
  const skippedBytes = Math.round(bytes * skippedShare);
  const options = { timeoutMs: lastsMs * 20 };
  const [source, destination] = [lab.host(from), lab.host(to)];
  const listen = ['perl', '-e', receiver, String(port), String(skippedBytes)];
  const receiving = destination.exec(listen, options);
  const send = ['bash', '-c', sender, 'sender', destination.ip, String(port), String(bytes)];
  const sent = await source.exec(send, options);
  const { code, stdout, stderr } = await receiving;
  if (sent.code !== 0 || code !== 0)
    throw new Error(`the link cannot be measured: ${sent.stderr}${stderr}`);
  const [startS = 0, endS = 0] = stdout.split(' ').map(Number);
  return ((bytes - skippedBytes) * 8) / 1e6 / (endS - startS);
}
