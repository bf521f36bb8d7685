import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabService, serveLab } from '../../src/demo/service.ts';
import { addGuest, type GuestSpec } from '../../src/lab/guest/index.ts';
import { createLab, downLab, type Lab } from '../../src/lab/index.ts';

/** The dashboard over real hosts, with guests on the first of them. */
export interface LabSite {
  readonly lab: Lab;
  readonly service: LabService;
  end(): Promise<void>;
}

/** Every host's link, bits/s. */
const linkBitsPerSecond = 200e6;

const log = (message: string, error: unknown): void => console.error(message, error);

export async function openLabSite(guests: readonly GuestSpec[]): Promise<LabSite> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-web-'));
  const clear = async (): Promise<void> => {
    await downLab(dir);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const lab = await createLab({ dir, hosts: 3, link: linkBitsPerSecond });
    await Promise.all(guests.map((guest) => addGuest(lab.host('h1'), guest)));
    const service = await serveLab(lab, { linkBitsPerSecond, version: '0.0.0', log });
    await service.controller.vms({}, true);
    const end = async (): Promise<void> => {
      await service.stop();
      await clear();
    };
    return { lab, service, end };
  } catch (error) {
    await clear();
    throw error;
  }
}
