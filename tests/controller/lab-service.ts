import { serve } from '../../src/server/serve.ts';

/** `drover serve` as a process that a test can kill: CONFIG DATABASE SOCKET. */
const [config, database, socket] = process.argv.slice(2);
const served = await serve({
  config,
  database,
  socket,
  listen: '127.0.0.1:0',
  version: 'test',
  say: (text) => process.stdout.write(`${text}\n`),
});
process.once('SIGTERM', () => void served.stop());
