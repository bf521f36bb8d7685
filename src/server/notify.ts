import { execFile } from 'node:child_process';

/**
 * Tells systemd how the service does (sd_notify), where it was started by it. Node has no datagram
 * sockets of that kind; systemd's own command has. A service that cannot be heard still serves: what
 * systemd does of a silent one is set in its unit.
 */
export function notifySystemd(...words: readonly string[]): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  execFile('systemd-notify', [`--pid=${process.pid}`, ...words], () => undefined);
}

/** How often a sign of life is wanted, ms; `undefined`: not at all. */
export function watchdogMs(): number | undefined {
  const us = Number(process.env['WATCHDOG_USEC']);
  return Number.isFinite(us) && us > 0 ? us / 1000 / 2 : undefined;
}
