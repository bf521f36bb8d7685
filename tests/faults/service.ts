import { serve } from '../../src/server/serve.ts';

/**
 * `drover serve` as a process that can be killed, and whose clock can be stepped: CONFIG DATABASE
 * SOCKET. A message `{ stepMs }` steps the time of day that it sees, and nobody else's.
 */
let steppedMs = 0;
const now = Date.now.bind(Date);
Date.now = () => now() + steppedMs;
process.on('message', (message) => {
  if (typeof message !== 'object' || message === null || !('stepMs' in message)) return;
  steppedMs += Number(message.stepMs);
});

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
