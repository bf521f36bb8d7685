import { type ReadonlySignal, type Signal, useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { MigrationDocument } from '../api/migrations.ts';
import type { VmDocument } from '../api/vms.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import { stepByArrow } from './arrows.ts';
import { columnsOf, type HostColumn } from './columns.ts';
import { FirstRun } from './first-run.tsx';
import { hosts, running, vms } from './fleet-state.ts';
import { windowOn } from './layout.ts';
import { filterBy, place } from './route.ts';
import { classSigns, durationOf, percent, phaseWord } from './words.ts';

/** As style.css has it, px: a column with its margins. */
const cellWidth = 200;
const cellHeight = 380;

type Moving = ReadonlyMap<string, Signal<MigrationDocument>>;

/** Hosts as columns, VMs as tiles: who is where, and who is on the way. */
export function Fleet(): JSX.Element {
  const query = place.value.searchParams;
  const filter = {
    text: query.get('find') ?? '',
    slaClass: query.get('class') ?? '',
    moving: query.get('moving') === 'yes',
  };
  const moving = useComputed(movingByVm);
  if (hosts.value === undefined || vms.value === undefined)
    return <p class="quiet">Loading the fleet ...</p>;
  if (hosts.value.length === 0) return <FirstRun />;
  const columns = columnsOf(hosts.value, vms.value, filter, (vm) => moving.value.has(vm.uuid));
  const shown = columns.reduce((sum, column) => sum + column.vms.length, 0);
  return (
    <>
      <h1>Fleet</h1>
      <search class="filters">
        <label>
          Find <input type="search" value={filter.text} onInput={filterBy('find')} />
        </label>
        <label>
          Class{' '}
          <select value={filter.slaClass} onChange={filterBy('class')}>
            <option value="">all</option>
            <option value="cattle">○ cattle</option>
            <option value="pet">◆ pet</option>
            <option value="panda">★ panda</option>
          </select>
        </label>
        <label>
          Show{' '}
          <select value={filter.moving ? 'yes' : ''} onChange={filterBy('moving')}>
            <option value="">all</option>
            <option value="yes">those that move</option>
          </select>
        </label>
        <output>
          {shown.toLocaleString()} VMs on {columns.length.toLocaleString()} hosts,{' '}
          {running.value.size.toLocaleString()} migrations under way
        </output>
      </search>
      <Columns columns={columns} moving={moving} />
    </>
  );
}

/** Of each VM the migration that it has now. */
function movingByVm(): Moving {
  const byVm = new Map<string, Signal<MigrationDocument>>();
  for (const one of running.value.values()) {
    const { vmUuid } = one.peek();
    if (vmUuid !== null) byVm.set(vmUuid, one);
  }
  return byVm;
}

/** How many leave a host and arrive at it now. */
interface Traffic {
  readonly leaving: number;
  readonly arriving: number;
}

const noTraffic: Traffic = { leaving: 0, arriving: 0 };

/** By host: which links are in use. From where to where a migration goes never changes. */
function trafficByHost(): ReadonlyMap<string, Traffic> {
  const byHost = new Map<string, Traffic>();
  const add = (host: string, { leaving, arriving }: Traffic): void => {
    const now = byHost.get(host) ?? noTraffic;
    byHost.set(host, { leaving: now.leaving + leaving, arriving: now.arriving + arriving });
  };
  for (const one of running.value.values()) {
    const { from, to } = one.peek();
    add(from, { leaving: 1, arriving: 0 });
    add(to, { leaving: 0, arriving: 1 });
  }
  return byHost;
}

function trafficText({ leaving, arriving }: Traffic): string {
  const parts = [
    ...(leaving === 0 ? [] : [`${leaving} leaving`]),
    ...(arriving === 0 ? [] : [`${arriving} arriving`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

/** Of thousands of tiles only those are drawn that can be seen. */
function Columns(props: {
  readonly columns: readonly HostColumn[];
  readonly moving: ReadonlySignal<Moving>;
}): JSX.Element {
  const { columns, moving } = props;
  const grid = useRef<HTMLDivElement>(null);
  const traffic = useComputed(trafficByHost);
  const seen = useSignal({ width: 1_000, top: 0, height: 1_000 });
  useEffect(() => watchWindow(grid.current, seen), []);
  const shown = useComputed(() => seen.value);
  const window = windowOn({ cells: columns.length, cellWidth, cellHeight }, shown.value);
  const fullest = Math.max(1, ...columns.map(({ memoryBytes }) => memoryBytes));
  return (
    <div
      ref={grid}
      style={{ height: `${window.rows * cellHeight}px` }}
      class="grid"
      onKeyDown={stepByArrow}
    >
      <div
        class="columns"
        style={{
          transform: `translateY(${window.from * cellHeight}px)`,
          gridTemplateColumns: `repeat(${window.columns}, minmax(0, 1fr))`,
        }}
      >
        {columns.slice(window.from * window.columns, window.to * window.columns).map((column) => (
          <Column
            key={column.name}
            column={column}
            fullest={fullest}
            moving={moving.value}
            traffic={traffic.value.get(column.name) ?? noTraffic}
          />
        ))}
      </div>
    </div>
  );
}

function watchWindow(
  grid: HTMLElement | null,
  seen: Signal<{ width: number; top: number; height: number }>,
): (() => void) | undefined {
  if (grid === null) return undefined;
  const measure = (): void => {
    const { top, width } = grid.getBoundingClientRect();
    const row = Math.floor(-top / cellHeight) * cellHeight;
    const now = { width, top: row, height: innerHeight + cellHeight };
    const was = seen.peek();
    if (was.width !== now.width || was.top !== now.top || was.height !== now.height)
      seen.value = now;
  };
  measure();
  const resized = new ResizeObserver(measure);
  resized.observe(grid);
  addEventListener('scroll', measure, { passive: true });
  return () => {
    resized.disconnect();
    removeEventListener('scroll', measure);
  };
}

function Column(props: {
  readonly column: HostColumn;
  readonly fullest: number;
  readonly moving: Moving;
  readonly traffic: Traffic;
}): JSX.Element {
  const { column, fullest, moving, traffic } = props;
  const { name, host, vms: shown, memoryBytes } = column;
  const closed = host?.arrivals === 'closed';
  return (
    <section class={closed ? 'column closed' : 'column'} aria-label={`Host ${name}`}>
      <h2 title={name}>{name}</h2>
      <p class="quiet">
        {host === undefined ? 'no host of the fleet any more' : formatBytes(memoryBytes)}
        {closed ? ', closed' : ''}
        {host?.link === null || host === undefined ? '' : `, link ${host.link}`}
        {trafficText(traffic)}
      </p>
      <ul class="tiles">
        {shown.map((vm) => (
          <Tile key={vm.uuid} vm={vm} fullest={fullest} migration={moving.get(vm.uuid)} />
        ))}
      </ul>
    </section>
  );
}

/** The height that all tiles of the fullest host have together, px, and what a finger hits. */
const tilesHeight = 290;
const leastHeight = 24;

function Tile(props: {
  readonly vm: VmDocument;
  readonly fullest: number;
  readonly migration: Signal<MigrationDocument> | undefined;
}): JSX.Element {
  const { vm, fullest, migration } = props;
  const height = Math.max(leastHeight, (vm.memoryBytes / fullest) * tilesHeight);
  const what = `${vm.name}, ${vm.class}, ${formatBytes(vm.memoryBytes)}, ${vm.state}`;
  return (
    <li class={`tile ${vm.class}`} style={{ height: `${height}px` }}>
      <a href={`/migrations?vm=${encodeURIComponent(vm.name)}`} title={what}>
        <span aria-hidden="true">{classSigns[vm.class]}</span> <span class="name">{vm.name}</span>
        <span class="hidden">
          {vm.class}, {formatBytes(vm.memoryBytes)}
        </span>
      </a>
      {migration === undefined ? <Busy share={vm.busyShare} /> : <OnItsWay migration={migration} />}
      {vm.alsoRunsOn.length === 0 ? null : (
        <strong class="lost">runs on {vm.alsoRunsOn.join(', ')}, too</strong>
      )}
      {migration === undefined && vm.foreignMigration ? (
        <span class="way">moved by somebody else</span>
      ) : null}
    </li>
  );
}

/** How much of its processors it used lately; of one that moves its writes say more. */
function Busy({ share }: { readonly share: number | null }): JSX.Element | null {
  if (share === null) return null;
  return (
    <span class="busy">
      <meter max={1} value={share} aria-hidden="true" /> {percent(share)} busy
    </span>
  );
}

function OnItsWay({ migration }: { readonly migration: Signal<MigrationDocument> }): JSX.Element {
  const { id, to, phase, progress } = migration.value;
  const done = progress === null ? 0 : Math.floor(progress.percent);
  const writes =
    progress === null ? '' : `, writes ${formatRate(progress.dirtyRateBytesPerSecond)}`;
  const left = progress === null ? '' : `, ${durationOf(progress.etaMs)} left`;
  const title = `to ${to}: ${phaseWord(phase)}${writes}${left}`;
  return (
    <a class="way" href={`/migrations/${id}`} title={title} aria-label={`${done} % ${title}`}>
      <progress max={100} value={done} aria-hidden="true" /> {done} % to {to}
    </a>
  );
}
