/** The longest downtime limit that QEMU takes, ms. */
const qemuMaximumMs = 2_000_000;

/**
 * The downtime limit that makes QEMU stop the guest now: a freeze is a switch-over with a limit
 * above what is left to send, so that QEMU itself starts the guest again when it fails. Doubled,
 * because QEMU compares it with a bandwidth taken over the last 100 ms, and a dip must not hold
 * it up.
 */
export function freezeLimitMs(expectedMs: number): number {
  const doubled = Math.ceil(Math.max(1_000, expectedMs * 2));
  return Number.isFinite(doubled) ? Math.min(doubled, qemuMaximumMs) : qemuMaximumMs;
}
