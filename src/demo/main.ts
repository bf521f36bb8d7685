import { once } from 'node:events';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describeFailure, exitCodeOfHelp, printFailure } from '../cli/failure.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { type Io, styleFor } from '../cli/io.ts';
import { type OutputFormat, outputOption, print } from '../cli/output.ts';
import { packageVersion } from '../cli/version.ts';
import { type ExitCode, exitCodes } from '../errors/catalogue.ts';
import { createLab, downLab, type Lab } from '../lab/index.ts';
import { reportText } from './report.ts';
import { Interrupted, runDemo } from './run.ts';
import { linkBitsPerSecond } from './scene.ts';
import { type LabService, serveLab } from './service.ts';

interface DemoOptions {
  readonly keep: boolean;
  readonly output: OutputFormat;
}

const notes = `
Three libvirt hosts come up in network namespaces of this machine, joined by slow links. Six guests
run on the first, from quiet to furious writers. Drover empties that host. What each guest felt is
measured from its own heartbeat. It can be watched in a browser, by the link that is shown. Ends with
0 only if each guest runs on exactly one other host with its memory intact. Nothing is left behind.`;

/** Reads the arguments; ends the process where they ask for help or are wrong. */
function readOptions(io: Io): DemoOptions | ExitCode {
  const command = new Command('demo')
    .description('Empties a libvirt host of six virtual machines, on this one machine.')
    .option('--keep', 'show the dashboard until Ctrl-C, and leave the hosts and guests up', false)
    .addOption(outputOption('table', 'json', 'yaml'))
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', notes)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  try {
    return command.parse().opts<DemoOptions>();
  } catch (error) {
    const shown = exitCodeOfHelp(error);
    if (shown !== undefined) return shown;
    const failure = describeFailure(error, './demo --help');
    printFailure(io, failure, error, false);
    return failure.exitCode;
  }
}

/** The demo from nothing to nothing: whatever happens, the lab it made is gone, unless it is kept. */
async function demo(io: Io, options: DemoOptions): Promise<ExitCode> {
  const stop = new AbortController();
  let kept = false;
  const release = onInterrupt(
    () => {
      if (!kept) io.err.write('\nStopping, and clearing the hosts away ...\n');
      stop.abort();
    },
    () => {
      if (!kept) io.err.write('The hosts are being cleared away; a moment.\n');
    },
  );
  const dir = await mkdtemp(join(tmpdir(), 'drover-demo-'));
  let service: LabService | undefined;
  try {
    const onProgress = (message: string): unknown => io.err.write(`${message}\n`);
    const lab = await createLab({ dir, hosts: 3, link: linkBitsPerSecond, onProgress });
    service = await serve(lab, io);
    const report = await runDemo(lab, service, io, stop.signal);
    kept = options.keep;
    await print(io, options.output, report, {
      table: (shown) => reportText(shown, styleFor(io.out, io.env)),
    });
    if (kept) {
      io.err.write(keptText(dir, service.link()));
      await aborted(stop.signal);
    }
    return report.ok ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    // Ctrl-C also ends the programs that were just at work: what they say then is no news.
    throw stop.signal.aborted ? new Interrupted() : error;
  } finally {
    await service?.stop();
    if (!kept) await clearAway(dir);
    release();
  }
}

function serve(lab: Lab, io: Io): Promise<LabService> {
  const log = (message: string, error: unknown): unknown =>
    io.env['DROVER_DEBUG'] && io.err.write(`${message}: ${String(error)}\n`);
  return serveLab(lab, { linkBitsPerSecond, version: packageVersion(), log });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Ends the lab, also one that never came up, and removes the folder that was made for it. */
async function clearAway(dir: string): Promise<void> {
  try {
    await downLab(dir);
  } catch {
    // A second Ctrl-C ends the programs that were clearing away: the next attempt finishes it.
    await downLab(dir);
  } finally {
    if (existsSync(dir) && readdirSync(dir).length === 0) rmdirSync(dir);
  }
}

function keptText(dir: string, link: string): string {
  return `
Until Ctrl-C the dashboard is at ${link}
(the link opens once, within 10 minutes). The hosts and guests are still up, also afterwards:
  export DROVER_LAB_DIR=${dir}
  bin/drover.js lab status
  bin/drover.js lab config > lab.yaml
  bin/drover.js migrate wiki --from h2 --to h1 --reason maintenance --config lab.yaml
  bin/drover.js lab down          ends and removes all of it

`;
}

async function main(): Promise<void> {
  const io: Io = {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    endWith: (code) => {
      process.exitCode = code;
    },
  };
  const options = readOptions(io);
  if (typeof options === 'number') {
    io.endWith(options);
    return;
  }
  try {
    io.endWith(await demo(io, options));
  } catch (error) {
    if (error instanceof Interrupted) {
      io.endWith(exitCodes.interrupted);
      return;
    }
    const failure = describeFailure(error, './demo --help');
    printFailure(io, failure, error, options.output === 'json');
    io.endWith(failure.exitCode);
  }
}

await main();
