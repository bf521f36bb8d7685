import { z } from 'zod';
import { type RunResult, run } from '../../src/lab/run.ts';

/** What is said of the dependencies' known weaknesses. */
export type Audit =
  | { readonly kind: 'audited'; readonly grave: readonly string[] }
  | { readonly kind: 'not-audited'; readonly because: string };

const report = z.object({
  auditReportVersion: z.number(),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
});
/** What npm prints where the registry does not answer an audit. */
const refusal = z.object({ message: z.string(), error: z.unknown() });

const graveSeverities: readonly string[] = ['high', 'critical'];

/** Asks the registry by npm, of what the lock file in `folder` names. */
export async function audit(folder: string, options: readonly string[] = []): Promise<Audit> {
  const said = await run(
    ['npm', '--prefix', folder, 'audit', '--json', '--package-lock-only', ...options],
    { timeoutMs: 60_000 },
  );
  return judge(said);
}

/** Anything that is neither a report nor npm's own refusal is a fault of this test, and thrown. */
function judge({ code, stdout, stderr }: RunResult): Audit {
  if (stdout.trim() === '')
    return { kind: 'not-audited', because: `npm ends with ${code}: ${stderr}` };
  const said: unknown = JSON.parse(stdout);
  const refused = refusal.safeParse(said);
  if (refused.success) return { kind: 'not-audited', because: refused.data.message };
  const grave = Object.entries(report.parse(said).vulnerabilities)
    .filter(([, { severity }]) => graveSeverities.includes(severity))
    .map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  return { kind: 'audited', grave };
}
