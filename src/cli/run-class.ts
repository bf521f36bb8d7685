import { loadConfig } from '../fleet/config.ts';
import { type ClassAnswer, getClass, setClass } from '../migration/service.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { ClassFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';

/** `drover class get`. */
export async function runClassGet(io: Io, vm: string, flags: ClassFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  await show(io, flags, await getClass({ vm, host: flags.host }, config));
}

/** `drover class set`. */
export async function runClassSet(
  io: Io,
  vm: string,
  slaClass: SlaClass,
  flags: ClassFlags,
): Promise<void> {
  const config = await loadConfig(flags.config);
  await show(io, flags, await setClass({ vm, host: flags.host, slaClass }, config));
}

const origins = {
  metadata: 'set on the VM itself',
  rule: 'from a rule of the config file',
  default: 'what a VM is that says nothing',
} as const satisfies Record<ClassAnswer['from'], string>;

async function show(io: Io, flags: ClassFlags, answer: ClassAnswer): Promise<void> {
  const document = {
    vm: answer.domain.name,
    uuid: answer.domain.uuid,
    host: flags.host,
    class: answer.slaClass,
    from: answer.from,
  };
  await print(io, flags.output, document, {
    table: (shown) => `${shown.vm}  ${shown.class}  (${origins[shown.from]})\n`,
    name: (shown) => `${shown.class}\n`,
  });
}
