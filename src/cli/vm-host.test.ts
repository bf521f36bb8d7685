import { expect, it, vi } from 'vitest';
import { hostOf } from './vm-host.ts';

it('asks for a VM on all hosts, and nobody where its host is named', async () => {
  const vm = vi.fn<() => Promise<{ host: string }>>(async () => ({ host: 'h2' }));
  expect(await hostOf({ vm }, 'web', 'h1')).toBe('h1');
  expect(vm).not.toHaveBeenCalled();
  expect(await hostOf({ vm }, 'web', undefined)).toBe('h2');
  expect(vm).toHaveBeenCalledWith('web', { look: true });
});
