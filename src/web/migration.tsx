import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { z } from 'zod';
import type { explanation, MigrationDocument, telemetry } from '../api/migrations.ts';
import { importances } from '../policy/vocabulary.ts';
import type { Recording } from '../recording/recording.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import { ask } from './api.ts';
import { budgetWords } from './budget.ts';
import { Chart } from './chart.tsx';
import { Decisions } from './decisions.tsx';
import { happened, running } from './fleet-state.ts';
import { Button, Instant, Show, useLoaded } from './parts.tsx';
import { mayDo } from './session.tsx';
import type { Told } from './told.ts';
import { classSigns, durationOf, importanceMeans, isLive, phaseWord } from './words.ts';

type Explanation = z.output<typeof explanation>;
type Samples = z.output<typeof telemetry>['samples'];
type Kept = Told<Pick<Recording, 'budget' | 'end'>>;

interface Story extends Explanation {
  readonly samples: Samples;
  /** `undefined`: nothing has been done yet that could be kept. */
  readonly kept: Kept | undefined;
}

/** How often what is only asked for, and not told, is asked for while it runs, ms. */
const askEveryMs = 2_000;

export function Migration({ id }: { readonly id: string }): JSX.Element {
  const beat = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (running.peek().has(id)) beat.value += 1;
    }, askEveryMs);
    return () => clearInterval(timer);
  }, [id]);
  const loaded = useLoaded((signal) => storyOf(id, signal), [id, beat.value, happened.value]);
  return <Show loaded={loaded}>{(story) => <Shown story={story} />}</Show>;
}

async function storyOf(id: string, signal: AbortSignal): Promise<Story> {
  const path = `/v1/migrations/${encodeURIComponent(id)}`;
  const [told, { samples }, kept] = await Promise.all([
    ask<Explanation>(`${path}/explanation`, { signal }),
    ask<{ samples: Samples }>(`${path}/telemetry`, { signal }),
    ask<Kept>(`${path}/recording`, { signal }).catch(() => undefined),
  ]);
  return { ...told, samples, kept };
}

function Shown({ story }: { readonly story: Story }): JSX.Element {
  const { migration: asked, why, decisions, samples, kept } = story;
  // What is told live is newer than what was asked for.
  const now = running.value.get(asked.id)?.value ?? asked;
  return (
    <>
      <h1>
        {now.vmName ?? now.vm}: {now.from} to {now.to}
      </h1>
      <Summary migration={now} />
      {isLive(now) && mayDo('operator') ? <Levers migration={now} /> : null}
      <Charts samples={samples} decisions={decisions} />
      <p>
        <a href={`/v1/migrations/${now.id}/recording`} download={`${now.id}.json`}>
          Download all that is kept of it
        </a>{' '}
        (<code>drover replay</code> reads it);{' '}
        <a href={`/v1/migrations/${now.id}/telemetry`} download={`${now.id}-telemetry.json`}>
          its telemetry alone
        </a>
      </p>
      {kept === undefined ? null : <Suffered migration={now} kept={kept} />}
      <Decisions decisions={decisions} />
      <h2>What happened</h2>
      <ol>
        {why.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ol>
    </>
  );
}

function Summary({ migration }: { readonly migration: MigrationDocument }): JSX.Element {
  const { phase, progress, importance, reason, requestedBy, error, end, deadlineAt } = migration;
  const slaClass = migration.class;
  return (
    <>
      <p class="headline">
        <strong>{phaseWord(phase)}</strong>
        {isLive(migration) && progress !== null ? (
          <>
            , {Math.floor(progress.percent)} %, {durationOf(progress.etaMs)} left
            <br />
            <progress max={100} value={progress.percent} aria-label="How much of it is done" />
          </>
        ) : null}
        {migration.cancelRequested && isLive(migration) ? ', being cancelled' : ''}
      </p>
      {error === null ? null : (
        <div class="trouble">
          <strong>{error.message}</strong>
          <p>{error.hint}</p>
        </div>
      )}
      <dl class="facts">
        <dt>Class</dt>
        <dd>{slaClass === null ? 'not known yet' : `${classSigns[slaClass]} ${slaClass}`}</dd>
        <dt>Importance</dt>
        <dd>
          {importance}: {importanceMeans[importance]}
        </dd>
        <dt>Reason</dt>
        <dd>{reason ?? 'none given'}</dd>
        <dt>Asked for</dt>
        <dd>
          by {requestedBy}, <Instant at={migration.requestedAt} />
        </dd>
        <dt>Deadline</dt>
        <dd>{deadlineAt === null ? 'none' : <Instant at={deadlineAt} />}</dd>
        {migration.operationId === null ? null : (
          <>
            <dt>Part of</dt>
            <dd>
              <a href={`/drains/${migration.operationId}`}>{migration.operationId}</a>
            </dd>
          </>
        )}
        {end === null ? null : (
          <>
            <dt>Ended</dt>
            <dd>
              after {formatDuration(end.totalMs)}, {formatBytes(end.sentBytes)} sent; it runs on{' '}
              {end.runsOn.join(', ') || 'no host that says so'}
            </dd>
          </>
        )}
      </dl>
    </>
  );
}

function Levers({ migration }: { readonly migration: MigrationDocument }): JSX.Element {
  const path = `/v1/migrations/${migration.id}`;
  const higher = importances.slice(importances.indexOf(migration.importance) + 1);
  return (
    <p class="levers">
      {higher.map((importance) => (
        <Button
          key={importance}
          does={async () => {
            await ask(path, { method: 'PATCH', body: { importance } });
          }}
        >
          Raise importance to {importance}
        </Button>
      ))}
      <Button
        confirm="Really cancel? The VM stays where it is"
        disabled={migration.cancelRequested}
        does={async () => {
          await ask(`${path}/abort`, { method: 'POST' });
        }}
      >
        Cancel
      </Button>
    </p>
  );
}

function Charts(props: {
  readonly samples: Samples;
  readonly decisions: Explanation['decisions'];
}): JSX.Element | null {
  const { samples, decisions } = props;
  const drawn = useMemo(() => drawnOf(samples), [samples]);
  const ahead = useMemo(() => aheadOf(decisions), [decisions]);
  const marks = decisions.map(({ atMs }, index) => ({ x: atMs / 1000, label: String(index + 1) }));
  if (samples.length < 2) return null;
  return (
    <>
      <Chart
        title="Memory still to be sent"
        xs={drawn.xs}
        lines={drawn.remaining}
        marks={marks}
        format={formatBytes}
      />
      <Chart
        title="What the guest writes, and what the link carries"
        xs={drawn.xs}
        lines={drawn.rates}
        marks={marks}
        format={formatRate}
      />
      <Chart
        title="How far the guest is slowed down"
        xs={drawn.xs}
        lines={drawn.throttle}
        marks={marks}
        most={100}
        format={(value) => `${Math.round(value)} %`}
      />
      {ahead.xs.length < 2 ? null : (
        <Chart
          title="When it was expected to end, as time went on"
          xs={ahead.xs}
          lines={ahead.lines}
          format={(value) => formatDuration(value * 1000)}
        />
      )}
    </>
  );
}

function drawnOf(samples: Samples) {
  const column = (name: string): (number | null)[] =>
    samples.map((sample) => (typeof sample[name] === 'number' ? sample[name] : null));
  return {
    xs: column('atMs').map((ms) => (ms ?? 0) / 1000),
    remaining: [
      { label: 'remaining', color: '--accent', values: column('memoryRemainingBytes') } as const,
    ],
    rates: [
      { label: 'written', color: '--warn', values: column('dirtyRateBytesPerSecond') } as const,
      {
        label: 'carried',
        color: '--good',
        dash: [8, 4],
        values: column('throughputBytesPerSecond'),
      } as const,
    ],
    throttle: [{ label: 'slowed', color: '--panda', values: column('throttlePercent') } as const],
  };
}

function secondsAt(atMs: number, aheadMs: number | 'never'): number | null {
  return aheadMs === 'never' ? null : (atMs + aheadMs) / 1000;
}

/** The forecasts of the end: half of the outcomes are by the lower line, nine of ten by the upper. */
function aheadOf(decisions: Explanation['decisions']) {
  return {
    xs: decisions.map(({ atMs }) => atMs / 1000),
    lines: [
      {
        label: 'as likely as not by',
        color: '--accent',
        values: decisions.map(({ atMs, forecast }) => secondsAt(atMs, forecast.timeMs.p50)),
      } as const,
      {
        label: 'nine times of ten by',
        color: '--warn',
        dash: [8, 4],
        values: decisions.map(({ atMs, forecast }) => secondsAt(atMs, forecast.timeMs.p90)),
      } as const,
    ],
  };
}

/** What the guest might suffer, and what it did. */
function Suffered(props: {
  readonly migration: MigrationDocument;
  readonly kept: Kept;
}): JSX.Element {
  const { end } = props.migration;
  const { budget, end: kept } = props.kept;
  return (
    <>
      <h2>What the guest was allowed to suffer when it began</h2>
      <dl class="facts">
        {budgetWords(budget).map(([what, limit]) => (
          <>
            <dt>{what}</dt>
            <dd>{limit}</dd>
          </>
        ))}
      </dl>
      {end === null ? null : (
        <p>
          It was paused for <strong>{durationOf(end.blackoutMs)}</strong>
          {end.blackoutMeasuredBy === null ? '' : ` (measured by the ${end.blackoutMeasuredBy})`}.
          {kept === undefined || kept.postCopyBreaks === 0
            ? ''
            : ` The link broke ${kept.postCopyBreaks} times while it was split, was mended each time, and it stood still for ${durationOf(kept.stalledMs)}.`}
        </p>
      )}
    </>
  );
}
