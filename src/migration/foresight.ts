import type { Config } from '../fleet/config.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import { matrixWith } from '../policy/overrides.ts';
import { type Foresight, foresee } from '../steering/foresee.ts';
import type { Intent } from '../steering/steersman.ts';
import { approach, hangUp } from './approach.ts';
import { lookBack } from './look-back.ts';
import type { MigrateRequest } from './request.ts';
import { intentOf } from './service.ts';
import { soundOut } from './sounding.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';

/** What a migration would be like, and from what that is known. */
export interface ForecastAnswer extends Foresight {
  readonly domain: { readonly name: string; readonly uuid: string };
  readonly from: string;
  readonly to: string;
  readonly slaClass: Intent['slaClass'];
  readonly importance: Intent['importance'];
  readonly sources: readonly string[];
}

/** Windows over which the guest's writes are measured, seconds: short ones and a long one show W(t). */
const measuredSeconds = [1, 1, 3];

/** What moving the VM would be like. Touches nothing; rejects as `readyToMove` does. */
export async function forecastVm(
  request: MigrateRequest,
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<ForecastAnswer> {
  const approached = await approach(request, config, surroundings);
  try {
    const { cleared, standing, importance, allowed } = approached;
    const { domain, source, destination } = cleared;
    const measured: SeenWrites[] = [];
    for (const seconds of measuredSeconds) {
      const seen = await source.measureWrites(domain.uuid, seconds);
      if (seen !== undefined) measured.push(seen);
    }
    const unread: string[] = [];
    const tell = (problem: string): void => void unread.push(problem);
    const before = await lookBack(approached, surroundings.keeping, measured, tell);
    const { capabilities } = allowed;
    const intent = intentOf(request, approached);
    const matrix = matrixWith(config.policy);
    const asked = { ...intent, capabilities, matrix };
    const { prior, sources } = await soundOut(cleared, asked, before, tell);
    const foresight = foresee({
      intent,
      capabilities,
      matrix,
      prior,
      memoryBytes: domain.memoryBytes,
    });
    return {
      domain: { name: domain.name, uuid: domain.uuid },
      from: source.name,
      to: destination.name,
      slaClass: standing.slaClass,
      importance,
      sources: [...sources, ...unread],
      ...foresight,
    };
  } finally {
    await hangUp(approached);
  }
}
