/**
 * What happens on a host, until Ctrl-C or until the daemon goes away.
 * Usage: node examples/libvirt/watch.ts [URI]
 */
import { connect } from '../../src/libvirt/index.ts';

const connection = await connect(process.argv[2] ?? 'qemu:///system');
process.once('SIGINT', () => void connection.close());

await connection.subscribe('lifecycle', ({ domain, event, detail }) => {
  console.log(`${domain.name}: ${event} (${detail})`);
});
await connection.subscribe('migration-iteration', ({ domain, iteration }) => {
  console.log(`${domain.name}: pass ${iteration} over its memory`);
});
await connection.subscribe('job-completed', ({ domain, stats }) => {
  console.log(`${domain.name}: job completed, paused for ${stats.downtimeMs} ms`);
});
console.log('watching');

// A connection that ends tells so here, with the reason, also when no call is under way.
const reason = await connection.closed;
if (reason !== undefined) {
  console.error(`the connection is lost: ${reason.message}`);
  process.exitCode = 1;
}
