import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { type Connection, connect, type Domain } from '../../src/libvirt/index.ts';
import { type Call, domainNames, type Measured, quantile, statsGroups, type Task } from './task.ts';

/** Every so many ms a timer looks whether it comes late. */
const resolutionMs = 1;

/** Does each task that comes as a line of JSON on standard input, and answers with its figures. */
export async function serve(uri: string): Promise<void> {
  const connections = await Promise.all(Array.from({ length: 4 }, () => connect(uri)));
  const domains = await Promise.all(
    connections.map((connection) => connection.lookupByName(domainNames[0] ?? '')),
  );
  for await (const line of createInterface({ input: process.stdin })) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parent's own words
    const task = JSON.parse(line) as Task;
    const chosen = connections.slice(0, task.connections);
    const runs = chosen.map((connection, index) => {
      const domain = domains[index];
      if (domain === undefined) throw new TypeError('a connection without a domain');
      return once(task.call, connection, domain);
    });
    process.stdout.write(`${JSON.stringify(await measure(task, runs))}\n`);
  }
  await Promise.all(connections.map((connection) => connection.close()));
}

function once(call: Call, connection: Connection, domain: Domain): () => Promise<unknown> {
  switch (call) {
    case 'hostname':
      return () => connection.hostname();
    case 'domain state':
      return () => domain.state();
    case 'job stats':
      return () => domain.jobStats();
    case 'domain XML':
      return () => domain.xml();
    case 'all-domain stats':
      return () => connection.allDomainStats(statsGroups);
  }
}

async function measure(task: Task, runs: readonly (() => Promise<unknown>)[]): Promise<Measured> {
  await makeCalls(task.inFlight, runs, task.seconds / 4);
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()];
  const latencies = await makeCalls(task.inFlight, runs, task.seconds);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sorted = latencies.toSorted((one, other) => one - other);
  return {
    callsPerSecond: sorted.length / seconds,
    p50Us: quantile(sorted, 0.5) * 1000,
    p99Us: quantile(sorted, 0.99) * 1000,
    cpuUsPerCall: (user + system) / sorted.length,
    loopDelayP99Ms: await loopDelayP99Ms(() => makeCalls(task.inFlight, runs, task.seconds / 4)),
  };
}

/** Apart from the rest: the timer itself wakes the process a thousand times a second. */
async function loopDelayP99Ms(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  await work();
  delay.disable();
  return Math.max(0, delay.percentile(99) / 1e6 - resolutionMs);
}

/** Keeps as many calls under way until the time is over; returns how long each took, in ms. */
async function makeCalls(
  inFlight: number,
  runs: readonly (() => Promise<unknown>)[],
  seconds: number,
): Promise<readonly number[]> {
  const latencies: number[] = [];
  const until = performance.now() + seconds * 1000;
  const loop = async (run: () => Promise<unknown>): Promise<void> => {
    for (let now = performance.now(); now < until; ) {
      await run();
      const after = performance.now();
      latencies.push(after - now);
      now = after;
    }
  };
  const each = inFlight / runs.length;
  await Promise.all(runs.flatMap((run) => Array.from({ length: each }, () => loop(run))));
  return latencies;
}
