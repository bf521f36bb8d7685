import type { JSX } from 'preact';
import type { OperationDocument, PartDocument } from '../api/operations.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import { running } from './fleet-state.ts';
import { Button, Instant } from './parts.tsx';
import { actualBars, type Bar, plannedBars, type Span, shareOf, spanOf } from './timeline.ts';
import { classSigns, durationOf, percent, phaseWord } from './words.ts';

type Report = NonNullable<OperationDocument['report']>;

/** What somebody may do with one VM of an operation. */
export interface PartLevers {
  hurry(uuid: string): Promise<void>;
  leave(uuid: string): Promise<void>;
}

interface ReportProps {
  readonly report: Report;
  /** When it was asked for. */
  readonly since: string;
  readonly deadlineAt: string | null;
  /** `undefined`: nothing can be done with them, or not by this reader. */
  readonly levers: PartLevers | undefined;
  /** It is a plan only, and nothing has begun. */
  readonly rehearsed?: boolean;
}

/** The plan beside reality. Of a rehearsal there is only the plan. */
export function ReportView(props: ReportProps): JSX.Element {
  const { report, since, deadlineAt, levers, rehearsed = false } = props;
  const span = spanOf(report, since, deadlineAt);
  const stay = report.parts.filter(({ state }) => inTrouble.has(state));
  return (
    <>
      <p class="headline">{report.says}</p>
      {rehearsed ? null : (
        <p>
          <progress max={1} value={report.share} aria-label="How much of the memory has arrived" />{' '}
          {percent(report.share)} of {formatBytes(report.totalBytes)}
        </p>
      )}
      <Eta report={report} deadlineAt={deadlineAt} />
      {report.silent.length === 0 ? null : (
        <p class="lost">These hosts do not answer: {report.silent.join(', ')}.</p>
      )}
      {stay.length === 0 ? null : <Stay parts={stay} />}
      <Timeline {...{ report, span, deadlineAt, levers, rehearsed }} />
      <p class="quiet">
        Schedule: {report.schedule}.
        {report.assumed.length === 0 ? '' : ` Assumed: ${report.assumed.join('; ')}.`}
      </p>
    </>
  );
}

const inTrouble: ReadonlySet<PartDocument['state']> = new Set(['stays', 'lost', 'unknown', 'gone']);

function Eta({ report, deadlineAt }: Pick<ReportProps, 'report' | 'deadlineAt'>): JSX.Element {
  const { eta, firstEta, late } = report;
  return (
    <dl class="facts">
      <dt>All have arrived</dt>
      <dd>
        {eta === null ? (
          'nothing is under way or planned'
        ) : (
          <>
            by <Instant at={eta.p50} /> as likely as not, by <Instant at={eta.p90} /> nine times of
            ten
          </>
        )}
      </dd>
      {firstEta === null ? null : (
        <>
          <dt>Planned first</dt>
          <dd>
            <Instant at={firstEta.p50} />, <Instant at={firstEta.p90} />
          </dd>
        </>
      )}
      <dt>Deadline</dt>
      <dd>
        {deadlineAt === null ? 'none' : <Instant at={deadlineAt} />}
        {deadlineAt === null ? '' : verdict(eta, late, deadlineAt)}
      </dd>
    </dl>
  );
}

function verdict(eta: Report['eta'], late: readonly string[], deadlineAt: string): JSX.Element {
  if (late.length > 0) return <strong>: these would be late: {late.join(', ')}</strong>;
  const sure = eta === null || Date.parse(eta.p90) <= Date.parse(deadlineAt);
  return <>{sure ? ': in time' : ': probably in time, but it is close'}</>;
}

function Stay({ parts }: { readonly parts: readonly PartDocument[] }): JSX.Element {
  return (
    <section class="lost" aria-label="In trouble">
      <strong>In trouble, or not going:</strong>
      <ul>
        {parts.map(({ uuid, vm, state, why, againAt }) => (
          <li key={uuid}>
            <strong>{vm}</strong> ({stateWords[state]}): {why}
            {againAt === null ? '' : ' It is tried again at '}
            {againAt === null ? null : <Instant at={againAt} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

const stateWords: Readonly<Record<PartDocument['state'], string>> = {
  waiting: 'waits',
  moving: 'on its way',
  moved: 'has arrived',
  stays: 'stays',
  gone: 'is gone',
  unknown: 'is not seen',
  lost: 'is lost',
};

interface TimelineProps
  extends Pick<ReportProps, 'report' | 'deadlineAt' | 'levers' | 'rehearsed'> {
  readonly span: Span;
}

function Timeline(props: TimelineProps): JSX.Element {
  const { report, span, rehearsed = false } = props;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The plan beside what came">
      <table class="timeline">
        <thead>
          <tr>
            <th>VM</th>
            <th>To</th>
            <th>State</th>
            <th class="line">
              <span class="ends">
                <span>{clock(span.from)}</span>
                <span>
                  thin: planned, thick: {rehearsed ? 'expected' : 'real'}, striped: no way back,
                  pale: until nearly sure
                </span>
                <span>{clock(span.to)}</span>
              </span>
            </th>
            <th>Planned to arrive</th>
            <th class="number">Paused</th>
            {props.levers === undefined ? null : <th>Do</th>}
          </tr>
        </thead>
        <tbody>
          {report.parts.map((part) => (
            <Row key={part.uuid} part={part} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: TimelineProps & { readonly part: PartDocument }): JSX.Element {
  const { part, report, span, deadlineAt, levers } = props;
  const { vm, planned, migrationId } = part;
  const sign = classSigns[part.class];
  return (
    <tr>
      <th scope="row">
        {migrationId === null ? (
          `${sign} ${vm}`
        ) : (
          <a href={`/migrations/${migrationId}`}>
            {sign} {vm}
          </a>
        )}{' '}
        <span class="quiet">{formatBytes(part.memoryBytes)}</span>
      </th>
      <td>{part.to ?? '-'}</td>
      <td title={part.why}>
        <State part={part} />
      </td>
      <td class="line" aria-hidden="true">
        <Bars bars={plannedBars(part, span)} />
        <Bars bars={actualBars(part, span, report.at)} />
        {deadlineAt === null ? null : <Upright kind="deadline" at={shareOf(span, deadlineAt)} />}
        <Upright kind="now" at={shareOf(span, report.at)} />
      </td>
      <td>{planned === null ? '-' : <Instant at={planned.endAt.p50} />}</td>
      <td class="number">{pauseOf(part)}</td>
      {levers === undefined ? null : (
        <td class="do">
          <PartButtons part={part} levers={levers} />
        </td>
      )}
    </tr>
  );
}

function State({ part }: { readonly part: PartDocument }): JSX.Element {
  const { state, migrationId } = part;
  const live = migrationId === null ? undefined : running.value.get(migrationId)?.value;
  return (
    <>
      {state === 'moving' && live !== undefined ? phaseWord(live.phase) : stateWords[state]}
      {state === 'moving' ? `, ${percent(part.share)}` : ''}
      {part.noReturnAt === null ? null : (
        <>
          {' '}
          (no way back from <Instant at={part.noReturnAt} />)
        </>
      )}
      {part.tries > 1 ? `, try ${part.tries}` : ''}
    </>
  );
}

/** As it was measured, or else as it is expected. */
function pauseOf({ blackoutMs, expected, planned }: PartDocument): string {
  const ahead = (expected ?? planned)?.blackoutMs ?? null;
  if (blackoutMs !== null || ahead === null) return durationOf(blackoutMs);
  return `about ${formatDuration(ahead.p50)}`;
}

function PartButtons(props: {
  readonly part: PartDocument;
  readonly levers: PartLevers;
}): JSX.Element | null {
  const { part, levers } = props;
  if (part.state !== 'waiting' && part.state !== 'moving' && part.state !== 'stays') return null;
  return (
    <>
      <Button does={() => levers.hurry(part.uuid)} label={`Hurry ${part.vm}`}>
        Hurry
      </Button>{' '}
      {part.state === 'waiting' ? (
        <Button does={() => levers.leave(part.uuid)} label={`Leave ${part.vm} where it is`}>
          Leave
        </Button>
      ) : null}
    </>
  );
}

function Bars({ bars }: { readonly bars: readonly Bar[] }): JSX.Element {
  return (
    <div class="track">
      {bars.map(({ kind, from, to }) => (
        <div
          key={kind}
          class={`stretch ${kind}`}
          style={{ left: `${from * 100}%`, width: `max(2px, ${(to - from) * 100}%)` }}
        />
      ))}
    </div>
  );
}

function Upright(props: { readonly kind: 'now' | 'deadline'; readonly at: number }): JSX.Element {
  return <div class={`upright ${props.kind}`} style={{ left: `${props.at * 100}%` }} />;
}

function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString();
}
