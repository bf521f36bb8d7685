import { Command, Option } from 'commander';
import { DroverError } from '../errors/catalogue.ts';
import {
  addGuest,
  type GuestKind,
  guestKinds,
  parseWorkload,
  removeGuest,
  setWorkload,
} from '../lab/guest/index.ts';
import { type Lab, openLab } from '../lab/index.ts';
import type { Exclusion } from '../policy/exclusions.ts';
import { defaultSlaClass, type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import { parseSize } from '../units/size.ts';
import { fields } from './fields.ts';
import type { Io } from './io.ts';
import { type OutputFormat, outputOption, print } from './output.ts';
import { formatTable } from './table.ts';

const workloads = `
A workload says what the guest does to its memory, while its class says what it is worth:
  idle                                    writes nothing
  sequential:rate=40MiB/s,set=96MiB       rewrites 96 MiB, in order
  random:rate=40MiB/s,set=96MiB           anywhere in 96 MiB
  hot:rate=200MiB/s,hot=20%               most writes in a fifth of its memory
  phased:rate=80MiB/s,burst=5s,quiet=10s  in bursts
  spin:set=64MiB                          as fast as the processor can`;

/** `drover lab guest`: small guests whose work and health can be watched from outside. */
export function labGuestCommand(io: Io): Command {
  const guest = new Command('guest').description('guests that write memory, check it and report');
  guest
    .command('add')
    .description('start a guest on a host')
    .argument('<name>')
    .requiredOption('--host <host>', 'where it starts')
    .addOption(
      new Option('--class <class>', 'what it is worth')
        .choices(slaClasses)
        .default(defaultSlaClass),
    )
    .addOption(fields.never())
    .addOption(fields.label())
    .option('--memory <size>', 'all of it is written and checked', '64MiB')
    .option('--workload <workload>', 'what it does to its memory', 'idle')
    .addOption(
      new Option('--kind <kind>', 'beat: bare metal, starts at once; linux: a Debian kernel')
        .choices(guestKinds)
        .default('beat'),
    )
    .addHelpText('after', workloads)
    .action(async (name: string, _options, command: Command) => await add(io, name, command));
  guest
    .command('list')
    .description('the guests of the lab and where they run')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .action(async ({ output }: { output: OutputFormat }, command: Command) => {
      await list(io, output, await openLab(command.optsWithGlobals<{ labDir?: string }>().labDir));
    });
  guest
    .command('remove')
    .description('end a guest')
    .argument('<name>')
    .action(async (name: string, _options, command: Command) => {
      await removeGuest(await hostOf(command, name), name);
    });
  guest
    .command('set-workload')
    .description('give a running guest another workload')
    .argument('<name>')
    .argument('<workload>')
    .addHelpText('after', workloads)
    .action(async (name: string, text: string, _options, command: Command) => {
      const workload = parseWorkload(text);
      await setWorkload(await hostOf(command, name), name, workload);
    });
  return guest;
}

interface AddOptions {
  readonly labDir?: string;
  readonly host: string;
  readonly class: SlaClass;
  readonly never?: readonly Exclusion[];
  readonly label?: readonly string[];
  readonly memory: string;
  readonly workload: string;
  readonly kind: GuestKind;
}

async function add(io: Io, name: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<AddOptions>();
  const memoryBytes = parseSize(options.memory);
  if (memoryBytes === undefined) {
    throw new DroverError('usage.invalid', `'${options.memory}' is not an amount of memory`, {
      hint: 'for example 256MiB',
    });
  }
  const workload = parseWorkload(options.workload);
  const lab = await openLab(options.labDir);
  const taken = (await guestsOf(lab)).find((guest) => guest.name === name);
  if (taken !== undefined) {
    throw new DroverError('lab.conflict', `there is a guest '${name}' on ${taken.host} already`);
  }
  const spec = {
    name,
    class: options.class,
    never: options.never ?? [],
    labels: options.label ?? [],
    memoryBytes,
    workload,
    kind: options.kind,
  };
  await addGuest(lab.host(options.host), spec);
  io.err.write(`${name} runs on ${options.host}\n`);
}

/** A guest's QEMU and the host it runs on; during a migration there is one on each of two hosts. */
interface PlacedGuest {
  readonly name: string;
  readonly host: string;
}

async function guestsOf(lab: Lab): Promise<readonly PlacedGuest[]> {
  const hosts = await lab.status();
  return hosts.flatMap((host) => host.guests.map((name) => ({ name, host: host.name })));
}

async function list(io: Io, output: OutputFormat, lab: Lab): Promise<void> {
  await print(io, output, await guestsOf(lab), {
    table: (guests) =>
      formatTable(
        [
          { title: 'GUEST', cell: ({ name }) => name },
          { title: 'HOST', cell: ({ host }) => host },
        ],
        guests,
      ),
    name: (guests) => guests.map(({ name }) => `${name}\n`).join(''),
  });
}

async function hostOf(command: Command, name: string) {
  const lab = await openLab(command.optsWithGlobals<{ labDir?: string }>().labDir);
  const places = (await guestsOf(lab)).filter((guest) => guest.name === name);
  const [place, second] = places;
  if (place === undefined) throw new DroverError('lab.not-found', `the lab has no guest '${name}'`);
  if (second === undefined) return lab.host(place.host);
  throw new DroverError('lab.conflict', `${name} is between ${place.host} and ${second.host}`, {
    hint: 'wait until its migration has ended',
  });
}
