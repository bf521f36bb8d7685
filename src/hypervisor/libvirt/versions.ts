import type { Permission } from '../../steering/decision.ts';

/** A version as libvirt counts it: 1,000,000 x major + 1,000 x minor + release. */
export type VersionNumber = number;

const version = (major: number, minor: number): VersionNumber => major * 1_000_000 + minor * 1_000;

/** Post-copy in QEMU, and VIR_MIGRATE_POSTCOPY in libvirt. */
const qemuWithPostCopy = version(2, 6);
const libvirtWithPostCopy = version(1, 3);
/** VIR_MIGRATE_POSTCOPY_RESUME. */
const libvirtWithResume = version(8, 5);
/** In these the destination's daemon crashes when a broken post-copy is resumed. */
const crashingFrom = version(11, 2);
const crashingBefore = version(11, 4);

export function versionText(number: VersionNumber): string {
  const major = Math.floor(number / 1_000_000);
  const minor = Math.floor(number / 1_000) % 1_000;
  return `${major}.${minor}.${number % 1_000}`;
}

export function postCopyOf(libvirt: VersionNumber, qemu: VersionNumber): Permission {
  if (qemu < qemuWithPostCopy) {
    return { allowed: false, because: `QEMU ${versionText(qemu)} has no post-copy` };
  }
  if (libvirt < libvirtWithPostCopy) {
    return { allowed: false, because: `libvirt ${versionText(libvirt)} has no post-copy` };
  }
  return { allowed: true };
}

export function postCopyRecoveryOf(libvirt: VersionNumber): Permission {
  if (libvirt < libvirtWithResume) {
    const because = `libvirt ${versionText(libvirt)} cannot resume a broken post-copy`;
    return { allowed: false, because };
  }
  if (libvirt >= crashingFrom && libvirt < crashingBefore) {
    const because = `the daemon of libvirt ${versionText(libvirt)} crashes when it resumes a broken post-copy`;
    return { allowed: false, because };
  }
  return { allowed: true };
}
