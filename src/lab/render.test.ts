import { describe, expect, it } from 'vitest';
import { renderLibvirtdConf, renderQemuConf } from './daemon-config.ts';
import { renderCuts } from './network.ts';
import { isExpired } from './root-tree.ts';

const facts = { name: 'h1', uuid: '1b4e28ba-2fa1-41d2-883f-0016d3cca427', address: '10.1.2.1' };

describe('the configuration of a daemon', () => {
  it('has one setting a line, in the syntax of libvirt', () => {
    for (const text of [renderLibvirtdConf(facts), renderQemuConf(facts)]) {
      for (const line of text.trimEnd().split('\n')) {
        expect(line).toMatch(/^[a-z_]+ = (?:\d+|"[^"\n]*"|\[ \])$/);
      }
    }
  });

  it('is told who and where it is', () => {
    expect(renderLibvirtdConf(facts)).toContain(`host_uuid = "${facts.uuid}"`);
    expect(renderLibvirtdConf(facts)).toContain('listen_addr = "10.1.2.1"');
    expect(renderQemuConf(facts)).toContain('migration_host = "10.1.2.1"');
  });
});

function rulesOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.endsWith(' drop') ? [line.trim()] : []));
}

describe('the rules of the switch', () => {
  const hosts = [1, 2, 3].map((index) => ({ name: `h${index}`, index }));
  it('replace those that there were', () => {
    const text = renderCuts(hosts, []);
    expect(text.indexOf('delete table bridge cuts')).toBeGreaterThan(
      text.indexOf('table bridge cuts'),
    );
    expect(rulesOf(text)).toEqual([]);
  });

  it('drop both directions', () => {
    expect(rulesOf(renderCuts(hosts, [{ host: 'h1', from: 'h3' }]))).toEqual([
      'iifname "p1" oifname "p3" drop',
      'iifname "p3" oifname "p1" drop',
    ]);
    expect(rulesOf(renderCuts(hosts, [{ host: 'h2', from: null }]))).toEqual([
      'iifname "p2" drop',
      'oifname "p2" drop',
    ]);
  });
});

describe('an index past its date', () => {
  it('is told from other failures of apt', () => {
    const expired =
      'E: Release file for http://m/debian/dists/sid/InRelease is expired (invalid since 17d 3h 2min 1s). Updates for this repository will not be applied.';
    expect(isExpired(`Get:1 http://m/debian sid InRelease\n${expired}\n`)).toBe(true);
    expect(isExpired('E: The repository is not signed.')).toBe(false);
    expect(isExpired('W: Release file for x is expired (invalid since 1d)')).toBe(false);
  });
});
