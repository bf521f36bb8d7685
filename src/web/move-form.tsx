import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { z } from 'zod';
import type { forecastAnswer, MigrationDocument } from '../api/migrations.ts';
import type { VmDocument } from '../api/vms.ts';
import { importances, reasons } from '../policy/vocabulary.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import { ask } from './api.ts';
import { Amount, Choice, options, type Stress, stressOf } from './fields.tsx';
import { hosts, vms } from './fleet-state.ts';
import { Button } from './parts.tsx';
import { go } from './route.ts';
import { mayDo } from './session.tsx';
import { durationOf } from './words.ts';

type Forecast = z.output<typeof forecastAnswer>;

interface Wish extends Stress {
  readonly vm: string;
  readonly from: string;
  readonly to?: string;
  readonly reason?: string;
}

async function begin(body: Wish): Promise<void> {
  const begun = await ask<MigrationDocument>('/v1/migrations', { method: 'POST', body });
  go(`/migrations/${begun.id}`);
}

/** Moves one VM: what it would be like is shown before it is done. */
export function MoveForm({ vm }: { readonly vm: VmDocument }): JSX.Element {
  const to = useSignal('');
  const importance = useSignal('');
  const reason = useSignal('');
  const minutes = useSignal('');
  const forecast = useSignal<Forecast | undefined>(undefined);
  const wish = (within: string): Wish => ({
    vm: vm.uuid,
    from: vm.host,
    ...(to.value === '' ? {} : { to: to.value }),
    ...stressOf(importance.value, within),
    ...(reason.value === '' ? {} : { reason: reason.value }),
  });
  const look = async (): Promise<void> => {
    forecast.value = await ask<Forecast>('/v1/forecasts', { method: 'POST', body: wish('') });
  };
  const others = (hosts.value ?? []).filter(
    ({ name, arrivals }) => name !== vm.host && arrivals === 'open',
  );
  return (
    <section aria-label={`Move ${vm.name}`}>
      <h2>
        Move {vm.name} away from {vm.host}
      </h2>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <Choice of={to} label="To">
          <option value="">where it fits best</option>
          {options(others.map(({ name }) => name))}
        </Choice>
        <Choice of={reason} label="Reason">
          <option value="">none</option>
          {options(reasons)}
        </Choice>
        <Choice of={importance} label="Importance">
          <option value="">as the reason has it</option>
          {options(importances)}
        </Choice>
        <Amount of={minutes} least={1} label="Within, minutes" />
        <Button submit does={look}>
          Show what it would be like
        </Button>
        {mayDo('operator') ? (
          <Button does={() => begin(wish(minutes.value))}>Move it</Button>
        ) : null}
      </form>
      {forecast.value === undefined ? null : <Expected answer={forecast.value} />}
    </section>
  );
}

const endings: Readonly<Record<string, string>> = {
  'switch-over': 'It is expected to arrive with a short pause at the end.',
  'post-copy': 'It is expected to run at its destination before all of its memory is there.',
  freeze: 'It is expected to be stopped until its memory is across.',
  stay: 'It is expected to stay where it is: nothing that it may suffer would bring it across.',
};

function Expected({ answer }: { readonly answer: Forecast }): JSX.Element {
  const { expected, to, importance, class: slaClass, touchedBytes, workingSet } = answer;
  const { timeMs, blackoutMs, bytes } = expected.forecast;
  return (
    <div role="status">
      <p>
        To {to}, as a {slaClass} of importance {importance}:{' '}
        {endings[expected.ending] ?? 'Nothing that is allowed now would end it.'}
      </p>
      <dl class="facts">
        <dt>Memory in use</dt>
        <dd>{formatBytes(touchedBytes)}</dd>
        <dt>It writes</dt>
        <dd>{workingSet === null ? 'not known' : formatRate(workingSet.rateBytesPerSecond)}</dd>
        <dt>Time</dt>
        <dd>
          {durationOf(timeMs.p50)}, nine times of ten up to {durationOf(timeMs.p90)}
        </dd>
        <dt>Pause</dt>
        <dd>
          {durationOf(blackoutMs.p50)}, nine times of ten up to {durationOf(blackoutMs.p90)}
        </dd>
        <dt>On the link</dt>
        <dd>{bytes === 'never' ? 'without end' : formatBytes(bytes)}</dd>
      </dl>
    </div>
  );
}

/** The VMs of this name or UUID, as they were last seen. */
export function vmsCalled(wanted: string): readonly VmDocument[] {
  return (vms.value ?? []).filter(({ name, uuid }) => name === wanted || uuid === wanted);
}
