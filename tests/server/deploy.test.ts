import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { outcomes } from '../../src/migration/transition.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { livePhases } from '../../src/store/rows.ts';

const deploy = new URL('../../deploy/', import.meta.url);

async function textOf(path: string): Promise<string> {
  return readFile(new URL(path, deploy), 'utf8');
}

const alerts = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const dashboard = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});

const asked = {
  'prometheus/alerts.yaml': async (text: string) =>
    alerts.parse(parse(text)).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  'grafana/drover.json': async (text: string) =>
    dashboard
      .parse(JSON.parse(text))
      .panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
};

test.for(Object.entries(asked))(
  '%s asks for nothing that is not measured',
  async ([path, read]) => {
    const { registry } = new Metrics();
    const described = (await registry.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
    const measured = new Set(
      [...described].map(([, name, kind]) => (kind === 'histogram' ? `${name}_bucket` : name)),
    );
    const expressions = await read(await textOf(path));
    const names = expressions.flatMap((expr) => expr.match(/drover_\w+/g) ?? []);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !measured.has(name))).toEqual([]);
    const phases = expressions
      .flatMap((expr) => [...expr.matchAll(/phase=~?"([^"]+)"/g)])
      .flatMap(([, words = '']) => words.split('|'));
    const known: readonly string[] = [...livePhases, ...outcomes];
    expect(phases.filter((phase) => !known.includes(phase))).toEqual([]);
  },
);
