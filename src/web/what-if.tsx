import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { MigrationDocument } from '../api/migrations.ts';
import type { Budget, Freeze } from '../policy/budget.ts';
import type { Matrix } from '../policy/matrix.ts';
import { type Importance, importances, type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import { formatDuration } from '../units/format.ts';
import { ask, send, withQuery } from './api.ts';
import { Amount, Choice, options } from './fields.tsx';
import { Button, Instant } from './parts.tsx';
import type { Edit, Parting } from './rehearse.ts';

/** So many of the newest are looked at. */
const most = 20;

interface Answer {
  readonly edit: Edit;
  readonly objections: readonly string[];
  readonly rehearsed: readonly Rehearsed[];
  /** Of so many nothing is kept that could be gone through again. */
  readonly unrecorded: number;
}

interface Rehearsed {
  readonly migration: MigrationDocument;
  readonly parting: Parting | undefined;
}

/** What past migrations would have been like, had one cell of the matrix been otherwise. */
export function WhatIf({ matrix }: { readonly matrix: Matrix }): JSX.Element {
  const slaClass = useSignal<string>('pet');
  const importance = useSignal<string>('medium');
  const chosen = cellOf(slaClass.value, importance.value);
  return (
    <section aria-labelledby="what-if">
      <h2 id="what-if">What if</h2>
      <p>
        The newest {most} migrations of a cell are gone through again, reading by reading, as if the
        policy had been this one. Nothing is saved.
      </p>
      <div class="filters">
        <Choice of={slaClass} label="Class">
          {options(slaClasses)}
        </Choice>
        <Choice of={importance} label="Importance">
          {options(importances)}
        </Choice>
      </div>
      <Trial key={chosen.join()} matrix={matrix} cell={chosen} />
    </section>
  );
}

function cellOf(slaClass: string, importance: string): readonly [SlaClass, Importance] {
  return [
    slaClasses.find((one) => one === slaClass) ?? 'pet',
    importances.find((one) => one === importance) ?? 'medium',
  ];
}

interface TrialProps {
  readonly matrix: Matrix;
  readonly cell: readonly [SlaClass, Importance];
}

function Trial({ matrix, cell: [slaClass, importance] }: TrialProps): JSX.Element {
  const now = matrix[slaClass][importance];
  const fields = {
    blackoutMs: useSignal(String(now.blackoutMs)),
    slowdownPercent: useSignal(String(Math.round(now.slowdownShare * 100))),
    pointOfNoReturn: useSignal<string>(now.pointOfNoReturn),
    freeze: useSignal<string>(freezeValue(now.freeze)),
    patiencePasses: useSignal(String(now.patiencePasses)),
    otherwise: useSignal<string>(now.otherwise),
  };
  const answer = useSignal<Answer | undefined>(undefined);
  const run = async (): Promise<void> => {
    answer.value = undefined;
    answer.value = await answerOf(matrix, { slaClass, importance, budget: budgetOf(fields) });
  };
  return (
    <>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <Amount
          of={fields.blackoutMs}
          label="Paused at its switch-over, ms, up to"
          most={600_000}
        />
        <Amount of={fields.slowdownPercent} label="Slowed down, %, up to" most={99} />
        <Choice of={fields.pointOfNoReturn} label="Split over two hosts">
          <option value="never">never</option>
          <option value="if-recoverable">only where a broken link can be mended</option>
          <option value="yes">yes</option>
        </Choice>
        <Amount
          of={fields.freeze}
          label="Stopped, ms, up to (empty: as long as it takes)"
          most={2e6}
        />
        <Amount
          of={fields.patiencePasses}
          label="Spared for, passes over its memory"
          most={1_000}
        />
        <Choice of={fields.otherwise} label="Where that is not enough">
          <option value="stay">it stays</option>
          <option value="finish">it is moved all the same</option>
        </Choice>
        <Button submit does={run}>
          Go through past migrations
        </Button>
      </form>
      {answer.value === undefined ? null : <Shown answer={answer.value} now={now} />}
    </>
  );
}

/** As the field has it: empty stands for as long as it takes. */
function freezeValue(freeze: Freeze): string {
  if (freeze.kind === 'as-needed') return '';
  return freeze.kind === 'never' ? '0' : String(freeze.ms);
}

function freezeOf(value: string): Freeze {
  if (value === '') return { kind: 'as-needed' };
  return Number(value) > 0 ? { kind: 'up-to', ms: Number(value) } : { kind: 'never' };
}

type Fields = Readonly<
  Record<
    | 'blackoutMs'
    | 'slowdownPercent'
    | 'pointOfNoReturn'
    | 'freeze'
    | 'patiencePasses'
    | 'otherwise',
    Signal<string>
  >
>;

function budgetOf(fields: Fields): Budget {
  const splits = ['never', 'if-recoverable', 'yes'] as const;
  return {
    blackoutMs: Number(fields.blackoutMs.value),
    slowdownShare: Number(fields.slowdownPercent.value) / 100,
    pointOfNoReturn: splits.find((one) => one === fields.pointOfNoReturn.value) ?? 'never',
    freeze: freezeOf(fields.freeze.value),
    patiencePasses: Number(fields.patiencePasses.value),
    otherwise: fields.otherwise.value === 'finish' ? 'finish' : 'stay',
  };
}

async function answerOf(matrix: Matrix, edit: Edit): Promise<Answer> {
  // What steers is only loaded by those who want to know.
  const { edited, objections, partingOf } = await import('./rehearse.ts');
  const wanted = edited(matrix, edit);
  const { slaClass, importance } = edit;
  const query = { state: 'ended', class: slaClass, importance, limit: most };
  const { items } = await ask<{ items: MigrationDocument[] }>(withQuery('/v1/migrations', query));
  const rehearsed: Rehearsed[] = [];
  for (const migration of items.filter(({ end }) => end !== null)) {
    const recording = await send(`/v1/migrations/${encodeURIComponent(migration.id)}/recording`);
    rehearsed.push({ migration, parting: partingOf(await recording.text(), wanted) });
  }
  const unrecorded = items.length - rehearsed.length;
  return { edit, objections: objections(wanted), rehearsed, unrecorded };
}

function Shown({ answer, now }: { readonly answer: Answer; readonly now: Budget }): JSX.Element {
  const { edit, objections, rehearsed, unrecorded } = answer;
  const others = rehearsed.filter(({ parting }) => parting !== undefined);
  return (
    <div role="status">
      {objections.length === 0 ? null : (
        <div class="trouble">
          <strong>This policy would be refused:</strong>
          <ul>
            {objections.map((objection) => (
              <li key={objection}>{objection}</li>
            ))}
          </ul>
        </div>
      )}
      <p>
        Of {rehearsed.length} migrations {others.length} would have gone another way.
        {unrecorded === 0 ? '' : ` ${unrecorded} more ended before anything was decided.`}
      </p>
      <ul>
        {others.map(({ migration, parting }) => (
          <li key={migration.id}>
            <a href={`/migrations/${migration.id}`}>{migration.vmName ?? migration.vm}</a>,{' '}
            <Instant at={migration.requestedAt} />
            {parting === undefined ? '' : `: ${partingWords(parting)}`}
          </li>
        ))}
      </ul>
      {others.length === 0 ? null : (
        <p class="quiet">
          From there on the readings are no longer those that there would have been.
        </p>
      )}
      <p>To have it so, the config file says:</p>
      <pre>{configText(edit, now)}</pre>
    </div>
  );
}

function partingWords({ atMs, why, wasDone, ending }: Parting): string {
  const at = `after ${formatDuration(atMs)}`;
  if (wasDone) return `${at} this would not have been done: ${why}`;
  return `${at}: ${why} Expected then: ${ending}`;
}

/** What differs from the policy in force, as the config file has it. */
function configText({ slaClass, importance, budget }: Edit, now: Budget): string {
  const lines = Object.entries(budget).flatMap(([field, value]) => {
    const was = Object.entries(now).find(([known]) => known === field)?.[1];
    const [is, before] = [JSON.stringify(value), JSON.stringify(was)];
    return is === before ? [] : [`      ${field}: ${is}`];
  });
  if (lines.length === 0) return '# as it is';
  return [`policy:`, `  ${slaClass}:`, `    ${importance}:`, ...lines].join('\n');
}
