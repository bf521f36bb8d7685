import type { Figures } from '../steering/cost.ts';
import type { Row } from './rows.ts';

export const figures: Figures = {
  arrived: true,
  totalMs: 10_000,
  blackoutMs: 100,
  lostWorkMs: 80,
  sentBytes: 0,
  postCopy: false,
  throttlePercent: 0,
};

/** A run of virsh that took 10 s and 100 ms of harm, but for what is said of it. */
export function row(changes: Partial<Row>): Row {
  return {
    at: '2026-01-01T00:00:00Z',
    machine: 'm',
    suite: 'forky',
    qemu: '11',
    libvirt: '12',
    timers: 'scaled',
    round: 0,
    seed: 1,
    scene: 's',
    does: 'idle',
    memoryMib: 64,
    guests: 1,
    guest: 'beat',
    linkMbitPerSecond: 300,
    linkCheckedMbitPerSecond: 287,
    sentMbitPerSecond: null,
    postCopyRecoverable: true,
    arm: 'virsh',
    system: 'virsh',
    pair: null,
    harm: null,
    cpuMs: 0,
    figures,
    ...changes,
  };
}

export const drover = row({
  arm: 'drover-pet-high',
  system: 'Drover',
  pair: { slaClass: 'pet', importance: 'high' },
});
