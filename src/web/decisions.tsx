import type { JSX } from 'preact';
import type { z } from 'zod';
import type { explanation } from '../api/migrations.ts';
import type { Alternative } from '../steering/decision.ts';
import { formatDuration } from '../units/format.ts';
import type { Told } from './told.ts';
import { durationOf } from './words.ts';

type Decision = z.output<typeof explanation>['decisions'][number];

/** What was done, each with its reason and what else was weighed; numbered as the charts have them. */
export function Decisions(props: { readonly decisions: readonly Decision[] }): JSX.Element | null {
  const { decisions } = props;
  if (decisions.length === 0) return null;
  return (
    <>
      <h2>What was decided</h2>
      <ol class="decisions">
        {decisions.map((decision) => (
          <li key={decision.atMs}>
            <strong>After {formatDuration(decision.atMs)}:</strong> {decision.why}
            <br />
            <span class="quiet">
              Expected then: {decision.ending}
              {costs(decision.forecast)}
            </span>
            {decision.alternatives.length === 0 ? null : <Weighed all={decision.alternatives} />}
          </li>
        ))}
      </ol>
    </>
  );
}

function Weighed({ all }: { readonly all: Decision['alternatives'] }): JSX.Element {
  return (
    <details>
      <summary>What else was weighed</summary>
      <ul>
        {all.map((one) => {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema leaves it open
          const alternative = one as Told<Alternative>;
          return (
            <li key={alternative.option}>
              {alternative.option}
              {alternative.verdict === 'closed'
                ? `: ${alternative.because}`
                : costs(alternative.forecast)}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function costs(
  forecast: Decision['forecast'] | (Told<Alternative> & { verdict: 'open' })['forecast'],
): string {
  const { completes, timeMs, blackoutMs } = forecast;
  if (!completes) return '';
  return `, in ${durationOf(timeMs.p50)} to ${durationOf(timeMs.p90)}, with a pause of ${durationOf(blackoutMs.p50)} to ${durationOf(blackoutMs.p90)}`;
}
