import type { Syncing } from '../../forecast/prior.ts';
import type { Version } from '../../libvirt/index.ts';
import type { Permission } from '../../steering/decision.ts';

type Release = Pick<Version, 'major' | 'minor'>;

/** Post-copy in QEMU, and VIR_MIGRATE_POSTCOPY in libvirt. */
const qemuWithPostCopy: Release = { major: 2, minor: 6 };
const libvirtWithPostCopy: Release = { major: 1, minor: 3 };
/** VIR_MIGRATE_POSTCOPY_RESUME. */
const libvirtWithResume: Release = { major: 8, minor: 5 };
/** In these the destination's daemon crashes when a broken post-copy is resumed. */
const crashingFrom: Release = { major: 11, minor: 2 };
const crashingBefore: Release = { major: 11, minor: 4 };

export function postCopyOf(libvirt: Version, qemu: Version): Permission {
  if (isOlder(qemu, qemuWithPostCopy)) return forbidden(`QEMU ${qemu.text} has no post-copy`);
  if (isOlder(libvirt, libvirtWithPostCopy)) {
    return forbidden(`libvirt ${libvirt.text} has no post-copy`);
  }
  return { allowed: true };
}

export function postCopyRecoveryOf(libvirt: Version): Permission {
  if (isOlder(libvirt, libvirtWithResume)) {
    return forbidden(`libvirt ${libvirt.text} cannot resume a broken post-copy`);
  }
  if (!isOlder(libvirt, crashingFrom) && isOlder(libvirt, crashingBefore)) {
    return forbidden(`the daemon of libvirt ${libvirt.text} crashes when it resumes one`);
  }
  return { allowed: true };
}

/** QEMU's multifd, without its x- of trial, and VIR_MIGRATE_PARALLEL. */
const qemuWithParallel: Release = { major: 4, minor: 0 };
const libvirtWithParallel: Release = { major: 5, minor: 2 };
/** QEMU's multifd-compression, and VIR_MIGRATE_PARAM_COMPRESSION_ZLIB_LEVEL. */
const qemuWithCompression: Release = { major: 5, minor: 0 };
const libvirtWithCompression: Release = { major: 9, minor: 4 };

export function parallelStreamsOf(libvirt: Version, qemu: Version): Permission {
  if (isOlder(qemu, qemuWithParallel)) return forbidden(`QEMU ${qemu.text} has no multifd`);
  if (isOlder(libvirt, libvirtWithParallel)) {
    return forbidden(`libvirt ${libvirt.text} has no parallel migration`);
  }
  return { allowed: true };
}

export function compressionOf(libvirt: Version, qemu: Version): Permission {
  if (isOlder(qemu, qemuWithCompression)) {
    return forbidden(`QEMU ${qemu.text} compresses no parallel streams`);
  }
  if (isOlder(libvirt, libvirtWithCompression)) {
    return forbidden(`libvirt ${libvirt.text} compresses no parallel streams`);
  }
  return { allowed: true };
}

/** Seen: 10.0 looks at the end of each pass, 11.1 sixteen times a second. */
const qemuAlwaysLooking: Release = { major: 11, minor: 1 };

export function syncingOf(qemu: Version): Syncing {
  return isOlder(qemu, qemuAlwaysLooking) ? 'passes' : 'continuous';
}

function isOlder(version: Release, than: Release): boolean {
  if (version.major !== than.major) return version.major < than.major;
  return version.minor < than.minor;
}

function forbidden(because: string): Permission {
  return { allowed: false, because };
}
