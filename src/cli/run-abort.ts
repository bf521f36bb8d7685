import { loadConfig } from '../fleet/config.ts';
import { abortVm } from '../migration/service.ts';
import type { AbortFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';

/** `drover abort`. */
export async function runAbort(io: Io, vm: string, flags: AbortFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  const { domain, runsOn } = await abortVm({ vm, from: flags.from }, config);
  const document = { vm: domain.name, uuid: domain.uuid, outcome: 'aborted', runsOn: [runsOn] };
  await print(io, flags.output, document, {
    table: () => `${domain.name} stays on ${runsOn}: its migration was cancelled\n`,
  });
}
