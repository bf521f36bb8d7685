import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  checkHostName,
  defaultLabDirectory,
  hostAddress,
  hostNamespace,
  labDirectory,
  labId,
  maximumHosts,
  switchNamespace,
} from './names.ts';
import { checkDirectory } from './placement.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('where a lab is', () => {
  it('says the argument, then the environment, then the default', () => {
    vi.stubEnv('DROVER_LAB_DIR', '/srv/from-environment');
    expect(labDirectory('/srv/argument')).toBe('/srv/argument');
    expect(labDirectory()).toBe('/srv/from-environment');
    vi.stubEnv('DROVER_LAB_DIR', undefined);
    expect(labDirectory()).toBe(defaultLabDirectory);
  });

  it('is one place by whatever way it is reached, also before it is there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'names-'));
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    const direct = labDirectory(join(folder, 'real/lab'));
    expect(labDirectory(join(folder, 'link/../link/lab'))).toBe(direct);
    mkdirSync(direct);
    expect(labDirectory(join(folder, 'link/lab'))).toBe(direct);
    rmSync(folder, { recursive: true });
  });
});

describe('names of a lab', () => {
  it('differ between two directories and stay the same for one', () => {
    expect(labId('/srv/a')).toBe(labId('/srv/a'));
    expect(labId('/srv/a')).not.toBe(labId('/srv/b'));
    expect(labId('/srv/a')).toMatch(/^[0-9a-f]{8}$/);
  });

  it('are no two alike within a lab', () => {
    const id = labId('/srv/a');
    expect(() => checkHostName('SWITCH')).toThrow("'SWITCH' is not a name");
    expect(switchNamespace(id)).not.toBe(hostNamespace(id, 'switch'));
  });

  it.each(['', 'H1', '1h', 'h 1', 'h/1', '../h', 'h;ls', '-h', 'h'.repeat(33), 'hôte'])(
    "'%s' is no host's",
    (name) => {
      expect(() => checkHostName(name)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    },
  );
});

describe('addresses', () => {
  it('are private and valid for every lab and host', () => {
    for (const id of ['00000000', 'ffffffff', '7fff0000', labId('/srv/a')]) {
      for (const index of [1, maximumHosts]) {
        const parts = hostAddress(id, index).split('.').map(Number);
        expect(parts).toHaveLength(4);
        expect(parts[0]).toBe(10);
        expect(parts.every((part) => part >= 0 && part <= 255)).toBe(true);
      }
    }
  });
});

describe('the directory of a lab', () => {
  it.each(['/', '/usr/lab', '/etc', '/proc/lab', '/dev/shm/lab', '/sys'])('is not %s', (dir) => {
    expect(() => checkDirectory(dir, ['h1'])).toThrow('cannot keep its state');
  });

  it.each(['/var/lib/drover/lab', '/srv/etc/lab', '/tmp/usr'])('may be %s', (dir) => {
    expect(checkDirectory(dir, ['h1'])).toBe(dir);
  });

  it('leaves room for the path of a socket, counted in bytes', () => {
    const room = 107 - '/hosts/h1/run/libvirt/libvirt-sock'.length;
    const longest = `/srv/${'x'.repeat(room - 5)}`;
    expect(checkDirectory(longest, ['h1'])).toBe(longest);
    expect(() => checkDirectory(`${longest}x`, ['h1'])).toThrow('too long');
    expect(() => checkDirectory(longest, ['h1', 'h10'])).toThrow('too long');
    expect(() => checkDirectory(`${longest.slice(0, -1)}é`, ['h1'])).toThrow('too long');
  });
});
