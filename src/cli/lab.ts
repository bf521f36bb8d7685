import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { DroverError, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import {
  type Accelerator,
  accelerators,
  configEntryOf,
  createLab,
  defaultLabDirectory,
  defaultSuite,
  downLab,
  examineMachine,
  type Finding,
  formatRate,
  type HostStatus,
  hostEnvironment,
  type Lab,
  missingPackages,
  openLab,
  parseRate,
  type Victim,
  victims,
} from '../lab/index.ts';
import type { Io } from './io.ts';
import { labGuestCommand } from './lab-guest.ts';
import { type OutputFormat, outputOption, print } from './output.ts';
import { type Column, formatTable } from './table.ts';

const examples = `
Examples:
  drover lab doctor
  drover lab up --hosts 3 --link 1gbit
  drover lab guest add g1 --host h1 --class panda --workload random:rate=40MiB/s,set=96MiB
  drover lab guest set-workload g1 idle
  drover lab guest list
  drover lab guest remove g1
  drover lab config > lab.yaml
  drover lab status
  drover lab uri h1
  drover lab exec h1 -- virsh list
  drover lab shape h1 --rate 200mbit
  drover lab cut h1 --from h2
  drover lab heal
  drover lab break-postcopy h1
  drover lab kill h1 qemu
  drover lab start h1
  drover lab down`;

/** `drover lab`: real libvirt hosts on this one machine. */
export function labCommand(io: Io): Command {
  const lab = new Command('lab')
    .description('Real libvirt hosts and guests on this one machine, in namespaces of their own.')
    .option(
      '--lab-dir <dir>',
      `where the lab keeps its state (also: DROVER_LAB_DIR; else ${defaultLabDirectory})`,
    )
    .addHelpText('afterAll', examples);
  addLife(lab, io);
  addHostCommands(lab, io);
  addFaults(lab, io);
  addDoctor(lab, io);
  lab.addCommand(labGuestCommand(io));
  return lab;
}

interface LabOptions {
  readonly labDir?: string;
}

async function open(command: Command): Promise<Lab> {
  return await openLab(command.optsWithGlobals<LabOptions>().labDir);
}

interface UpOptions extends LabOptions {
  readonly hosts: number;
  readonly link: string;
  readonly suite: readonly string[];
  readonly accelerator: Accelerator;
}

function addLife(lab: Command, io: Io): void {
  lab
    .command('up')
    .description('start a lab; the first time this builds the root tree of its hosts')
    .option('--hosts <count>', 'how many hosts: h1, h2, ...', parseCount, 3)
    .option('--link <rate>', "the rate of every host's link: 200mbit, 1gbit or none", '1gbit')
    .option(
      '--suite <suite...>',
      `the Debian suite that hosts run: one for all, or NAME=SUITE (default: ${defaultSuite})`,
      collect,
      [],
    )
    .addOption(
      new Option('--accelerator <kind>', 'kvm only where KVM really runs guests')
        .choices(accelerators)
        .default('tcg'),
    )
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<UpOptions>();
      const created = await createLab({
        ...(options.labDir === undefined ? {} : { dir: options.labDir }),
        hosts: planHosts(options.hosts, options.suite),
        link: parseRate(options.link) ?? 'none',
        accelerator: options.accelerator,
        onProgress: (message) => io.err.write(`${message}\n`),
      });
      for (const { name, uri } of created.hosts) io.out.write(`${name}  ${uri}\n`);
    });
  lab
    .command('down')
    .description('end the lab; nothing of it is left, whatever state it was in')
    .action(async (_options, command: Command) => {
      const found = await downLab(command.optsWithGlobals<LabOptions>().labDir);
      if (!found) io.err.write('there was no lab\n');
    });
  lab
    .command('status')
    .description('how the hosts do')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .action(async (options: { output: OutputFormat }, command: Command) => {
      const opened = await open(command);
      const result = { dir: opened.dir, id: opened.id, hosts: await opened.status() };
      await print(io, options.output, result, {
        table: ({ hosts }) => formatTable(statusColumns, hosts),
        name: ({ hosts }) => hosts.map(({ name }) => `${name}\n`).join(''),
      });
    });
}

const statusColumns: readonly Column<HostStatus>[] = [
  { title: 'HOST', cell: ({ name }) => name },
  { title: 'POWER', cell: ({ power }) => power },
  { title: 'LIBVIRTD', cell: ({ daemon, libvirtVersion }) => `${libvirtVersion} ${daemon}` },
  { title: 'QEMU', cell: ({ qemuVersion }) => qemuVersion },
  { title: 'LINK', cell: ({ link }) => formatRate(link ?? undefined) },
  {
    title: 'CUT FROM',
    cell: ({ cutFrom }) => (typeof cutFrom === 'string' ? cutFrom : cutFrom.join(' ')),
  },
  { title: 'GUESTS', cell: ({ guests }) => guests.join(' ') },
];

function addHostCommands(lab: Command, io: Io): void {
  lab
    .command('exec')
    .description('run a program on a host')
    .argument('<host>')
    .argument('<program...>', 'the program and its arguments, after --')
    .action(async (host: string, argv: readonly string[], _options, command: Command) => {
      const prefix = await (await open(command)).execPrefix(host);
      // The code is the program's own, which need not be one of Drover's.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      io.endWith((await runAttached([...prefix, ...argv])) as ExitCode);
    });
  lab
    .command('uri')
    .description('the URI by which a controller on this machine reaches a host')
    .argument('<host>')
    .option('--peer', "the URI by which another host's daemon reaches it")
    .action(async (host: string, options: { peer?: true }, command: Command) => {
      const { uri, peerUri } = (await open(command)).host(host);
      io.out.write(`${options.peer ? peerUri : uri}\n`);
    });
  lab
    .command('config')
    .description("the config file by which Drover's other commands know these hosts by name")
    .action(async (_options, command: Command) => {
      const { hosts } = await open(command);
      const entries = hosts.map((host) => [host.name, configEntryOf(host)]);
      io.out.write(stringify({ hosts: Object.fromEntries(entries) }, { lineWidth: 0 }));
    });
}

/** Runs a program on this one's own terminal; it alone hears Ctrl-C. */
async function runAttached([program = '', ...args]: readonly string[]): Promise<number> {
  process.on('SIGINT', doNothing);
  try {
    const child = spawn(program, args, { stdio: 'inherit', env: hostEnvironment });
    const [code]: unknown[] = await once(child, 'exit');
    return typeof code === 'number' ? code : 1;
  } finally {
    process.off('SIGINT', doNothing);
  }
}

function doNothing(): void {}

function addFaults(lab: Command, io: Io): void {
  lab
    .command('shape')
    .description("change the rate of a host's link, in both directions")
    .argument('<host>')
    .requiredOption('--rate <rate>', '200mbit, 1gbit or none')
    .action(async (host: string, options: { rate: string }, command: Command) => {
      const rate = parseRate(options.rate);
      await (await open(command)).shape(host, rate);
    });
  lab
    .command('cut')
    .description('drop all traffic of a host, or only that between two')
    .argument('<host>')
    .option('--from <host>', 'only the traffic between these two')
    .action(async (host: string, options: { from?: string }, command: Command) => {
      await (await open(command)).cut(host, options.from);
    });
  lab
    .command('heal')
    .description('end the cuts of a host, or all')
    .argument('[host]')
    .action(async (host: string | undefined, _options, command: Command) => {
      await (await open(command)).heal(host);
    });
  lab
    .command('break-postcopy')
    .description('kill the TCP connections of the migrations from and to a host')
    .argument('<host>')
    .action(async (host: string, _options, command: Command) => {
      const count = await (await open(command)).breakMigrationConnection(host);
      if (count === 0)
        throw new DroverError('lab.conflict', `no migration runs from or to ${host}`);
      io.out.write(`killed ${count} ${count === 1 ? 'connection' : 'connections'}\n`);
    });
  lab
    .command('kill')
    .description('kill -9 of libvirtd or of QEMU, or a power cut of the whole host')
    .argument('<host>')
    .addArgument(lab.createArgument('<what>', victims.join(', ')).choices(victims))
    .option('--guest <name>', 'with qemu: only that of this guest')
    .action(async (host: string, what: Victim, options: { guest?: string }, command: Command) => {
      await (await open(command)).kill(host, what, options.guest);
    });
  lab
    .command('start')
    .description('start what is not running: the host, its libvirtd')
    .argument('<host>')
    .action(async (host: string, _options, command: Command) => {
      await (await open(command)).start(host);
    });
}

function addDoctor(lab: Command, io: Io): void {
  lab
    .command('doctor')
    .description('what this machine lacks for a lab')
    .option('--packages', 'print only the Debian packages to install')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(async ({ packages, output }: { packages?: true; output: OutputFormat }) => {
      if (packages) {
        io.out.write(
          missingPackages()
            .map((name) => `${name}\n`)
            .join(''),
        );
        return;
      }
      const findings = await examineMachine();
      await print(io, output, findings, { table: (rows) => formatTable(findingColumns, rows) });
      const lacking = findings.some(({ verdict }) => verdict === 'lacking');
      if (lacking) io.endWith(exitCodes.conflict);
    });
}

const findingColumns: readonly Column<Finding>[] = [
  { title: 'NEED', cell: ({ name }) => name },
  { title: '', cell: ({ verdict }) => verdict },
  { title: 'DETAIL', cell: ({ detail }) => detail },
];

function parseCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new DroverError('usage.invalid', `'${text}' is not a number of hosts`);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/** `--suite trixie` is for all hosts, `--suite h1=trixie` for one. */
function planHosts(count: number, suites: readonly string[]) {
  const own = new Map<string, string>();
  let common = defaultSuite;
  for (const text of suites) {
    const [name = '', suite] = text.split('=', 2);
    if (suite === undefined) common = name;
    else own.set(name, suite);
  }
  const plan = Array.from({ length: count }, (_, index) => {
    const name = `h${index + 1}`;
    return { name, suite: own.get(name) ?? common };
  });
  const stranger = [...own.keys()].find((name) => !plan.some((host) => host.name === name));
  if (stranger === undefined) return plan;
  throw new DroverError(
    'usage.invalid',
    `--suite names '${stranger}', which is no host of this lab`,
    {
      hint: `its hosts: ${plan.map(({ name }) => name).join(', ')}`,
    },
  );
}
