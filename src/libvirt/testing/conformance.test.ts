import { expect, test } from 'vitest';
import { connectOver } from '../connect-over.ts';
import { scenarios } from './conformance.ts';
import { fakeHypervisor } from './fake-hypervisor.ts';

test.each(scenarios)('$name', async ({ run }) => {
  const { reach } = fakeHypervisor();
  const target = { uri: 'fake', remoteUri: 'qemu:///system', reach };
  const connection = await connectOver(target, {});
  await run(connection);
  await connection.close();
  expect(await connection.closed).toBeUndefined();
});
