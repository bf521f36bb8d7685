import { limitMs, type PeerScene } from '../peers/cells.ts';
import { driverOf, usualGib } from '../peers/contender.ts';
import { kubevirtContenders } from '../peers/kubevirt.ts';
import { novaArms } from '../peers/nova/arms.ts';
import { ovirtContenders } from '../peers/ovirt.ts';
import { proxmoxContenders } from '../peers/proxmox.ts';
import type { Driver } from '../steering/drive.ts';
import { staticDriver } from '../steering/static-arms.ts';
import { novaLike } from './nova-like.ts';

/** Who moves the guest, and as whose. */
export interface Arm {
  readonly name: string;
  readonly system: string;
  readonly begin: () => Driver;
}

const staticNames = ['short-pause', 'post-copy', 'stop-and-copy'] as const;

/** All of bench/peers but Drover, with scaled timers; Nova's own code has a stand-in, as it needs a libvirt. */
export function otherArms(scene: PeerScene): readonly Arm[] {
  const timers = usualGib / (scene.memoryMib / 1024);
  const contenders = [
    ...ovirtContenders(timers),
    ...kubevirtContenders(timers),
    ...proxmoxContenders(timers),
    ...novaArms(usualGib, timers, limitMs(scene)).map((arm) => novaLike(arm, usualGib, timers)),
  ];
  return [
    { name: 'virsh', system: 'virsh', begin: () => staticDriver('pre-copy') },
    ...contenders.map((one) => ({
      name: one.name,
      system: one.system,
      begin: () => driverOf(one, usualGib),
    })),
    ...staticNames.map((name) => ({ name, system: 'static', begin: () => staticDriver(name) })),
  ];
}
