import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { shownTheme } from './theme.ts';

export interface Line {
  readonly label: string;
  /** A colour of style.css, and strokes that tell it apart without. */
  readonly color: '--accent' | '--warn' | '--good' | '--panda';
  readonly dash?: readonly number[];
  readonly values: readonly (number | null)[];
}

/** Something that happened at one instant, as the list beside the chart numbers it. */
export interface Mark {
  readonly x: number;
  readonly label: string;
}

interface ChartProps {
  /** What it shows, for those who do not see it, too. */
  readonly title: string;
  /** Seconds, rising. */
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  readonly marks?: readonly Mark[];
  /** What the scale reaches to; by default what the values do. */
  readonly most?: number;
  readonly format: (value: number) => string;
}

const height = 190;

/** Lines over time, as they grow. */
export function Chart({ title, xs, lines, marks = [], most, format }: ChartProps): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const marked = useRef(marks);
  marked.current = marks;
  const names = lines.map(({ label }) => label).join();
  useEffect(() => {
    const { current } = holder;
    if (current === null) return undefined;
    const made = new uPlot(
      optionsOf(lines, current, { format, most, marks: () => marked.current }),
      [[]],
      current,
    );
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: Math.max(200, current.clientWidth), height }),
    );
    resized.observe(current);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [names, shownTheme.value]);
  useEffect(() => {
    plot.current?.setData([[...xs], ...lines.map(({ values }) => [...values])]);
  }, [xs, lines, names, shownTheme.value]);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        {lines.map(({ label, color, dash }) => (
          <span key={label} class="key">
            <svg width="24" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="24"
                y1="4"
                y2="4"
                stroke={`var(${color})`}
                stroke-width="2"
                stroke-dasharray={dash?.join(' ') ?? ''}
              />
            </svg>{' '}
            {label}
            {lastOf(lines, label, format)}
          </span>
        ))}
      </figcaption>
      <div ref={holder} aria-hidden="true" />
    </figure>
  );
}

function lastOf(lines: readonly Line[], of: string, format: (value: number) => string): string {
  const last = lines.find(({ label }) => label === of)?.values.findLast((value) => value !== null);
  return last === null || last === undefined ? '' : `: ${format(last)}`;
}

interface Drawing {
  readonly most: number | undefined;
  readonly format: (value: number) => string;
  readonly marks: () => readonly Mark[];
}

function optionsOf(
  lines: readonly Line[],
  holder: HTMLElement,
  { format, most, marks }: Drawing,
): uPlot.Options {
  const style = getComputedStyle(holder);
  const color = (name: string): string => style.getPropertyValue(name) || style.color;
  const drawn = (name: string): string => resolved(holder, color(name));
  const axis = {
    stroke: drawn('--text'),
    grid: { stroke: drawn('--line'), width: 1 },
    ticks: { stroke: drawn('--line'), width: 1 },
  };
  return {
    width: Math.max(200, holder.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: { range: (_plot, _low, high) => [0, most ?? Math.max(high * 1.05, 1)] },
    },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) },
      { ...axis, size: 84, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: drawn(line.color),
        width: 2,
        points: { show: false },
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
      })),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, marks(), drawn('--text'))] },
  };
}

/** What a canvas takes for a colour: it knows no `light-dark()`. */
function resolved(holder: HTMLElement, color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  holder.append(probe);
  const { color: found } = getComputedStyle(probe);
  probe.remove();
  return found;
}

function drawMarks(plot: uPlot, marks: readonly Mark[], color: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.setLineDash([2, 3]);
  ctx.textAlign = 'center';
  for (const { x, label } of marks) {
    const at = Math.round(plot.valToPos(x, 'x', true));
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(label, at, bbox.top - 4);
  }
  ctx.restore();
}
