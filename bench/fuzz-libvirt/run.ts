/**
 * Feeds damaged messages to the libvirt client's decoder.
 * Usage: node bench/fuzz-libvirt/run.ts [--frames 1000000] [--seed 1]
 * Exits with 1 when anything but a typed error came out, when memory grew or when a frame hung.
 */
import { parseArgs } from 'node:util';
import { Fuzzer } from '../../src/libvirt/testing/fuzz.ts';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
// Nobody reads a million stack traces, and they take most of the time.
Error.stackTraceLimit = 0;
const began = performance.now();
const report = await new Fuzzer(Number(values.seed)).run(Number(values.frames));
const lines = {
  seed: values.seed,
  frames: report.frames,
  'protocol errors': report.protocolErrors,
  'calls answered': report.answered,
  'calls refused': report.refused,
  'calls left incomplete': report.incomplete,
  events: report.events,
  'memory kept, MiB': (report.keptGrowthBytes / 2 ** 20).toFixed(1),
  'slowest frame, ms': report.slowestFrameMs.toFixed(2),
  'time, s': ((performance.now() - began) / 1000).toFixed(1),
  violations: report.violations.length,
};
for (const [name, value] of Object.entries(lines)) console.log(`${name}: ${value}`);
for (const violation of report.violations) console.error(violation);
process.exitCode = report.violations.length === 0 ? 0 : 1;
