import { expect, it, vi } from 'vitest';
import type { Client } from '../client/client.ts';
import { hostOf } from './vm-host.ts';

it('asks for a VM on all hosts, and nobody where its host is named', async () => {
  const found = { name: 'web', host: 'h2' } as Awaited<ReturnType<Client['vm']>>;
  const vm = vi.fn<Client['vm']>().mockResolvedValue(found);
  expect(await hostOf({ vm }, 'web', 'h1')).toBe('h1');
  expect(vm).not.toHaveBeenCalled();
  expect(await hostOf({ vm }, 'web', undefined)).toBe('h2');
  expect(vm).toHaveBeenCalledWith('web', { look: true });
});
