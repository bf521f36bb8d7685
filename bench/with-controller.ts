import type { Controller } from '../src/controller/controller.ts';
import { makeController } from '../src/controller/make.ts';
import type { Config } from '../src/fleet/config.ts';
import { openStore } from '../src/store/open.ts';

/** A controller with a store in memory, as `drover serve` has it, for as long as the work takes. */
export async function withController<T>(
  config: Config,
  work: (controller: Controller) => Promise<T>,
): Promise<T> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  const controller = makeController({
    store,
    config,
    name: 'bench',
    scope: 'all',
    log: (message, error) => {
      if (process.env['DROVER_DEBUG']) console.error(message, error);
    },
  });
  await controller.start();
  try {
    return await work(controller);
  } finally {
    await controller.stop();
    await store.close();
  }
}
