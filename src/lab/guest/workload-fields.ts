import { parseDuration } from '../../units/duration.ts';
import { parseSize } from '../../units/size.ts';

export const pageBytes = 4096;

export const contents = ['compressible', 'random', 'text'] as const;
/** What a page holds: next to nothing, so that it shrinks to that; what no codec shrinks; or what shrinks to a third. */
export type Content = (typeof contents)[number];

/** Everything that a workload can be told; which pattern takes which is in `workload.ts`. */
export interface WorkloadFields {
  /** Pages written each second, at least 1. */
  readonly ratePagesPerSecond: number;
  /** The working set: how much memory is written to. */
  readonly setBytes: number | 'all';
  /** Where it begins; behind the end of memory it goes on at its beginning. */
  readonly atBytes: number;
  /** Share of the working set that is hot, above 0 and below 1. */
  readonly hotShare: number;
  /** Share of the writes that go to the hot part, above 0 and up to 1. */
  readonly hotWrites: number;
  readonly burstMs: number;
  readonly quietMs: number;
  readonly content: Content;
  /** Time in which the guest reads and checks the whole of its memory once, at least 100 ms. */
  readonly scrubMs: number;
}

export interface FieldSyntax<Value> {
  /** The name a person writes, which is also the guest's. */
  readonly key: string;
  /** What may stand behind it, in words. */
  readonly allowed: string;
  /** `undefined` when there is no default: the field must be given. */
  readonly default: Value | undefined;
  /** `undefined` when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined;
  readonly format: (value: Value) => string;
  /** The value as the guest reads it. */
  readonly toGuest: (value: Value) => string | number;
}

export type FieldName = keyof WorkloadFields;

/** The guest counts in 32 bits; this is far more than it can write. */
const highestRate = 40_000_000;

export const fieldSyntax: { readonly [Name in FieldName]: FieldSyntax<WorkloadFields[Name]> } = {
  ratePagesPerSecond: {
    key: 'rate',
    allowed: 'a rate such as 40MiB/s or 5000pages/s, at least one page of 4 KiB each second',
    default: undefined,
    parse: parsePageRate,
    format: (pages) => rateText(pages),
    toGuest: (pages) => pages,
  },
  setBytes: {
    key: 'set',
    allowed: 'a size such as 96MiB, at least 4KiB, or all',
    default: 'all',
    parse: (text) => (text === 'all' ? 'all' : within(parseSize(text), pageBytes, Infinity)),
    format: (bytes) => (bytes === 'all' ? 'all' : sizeText(bytes)),
    toGuest: (bytes) => (bytes === 'all' ? 0 : Math.ceil(bytes / pageBytes)),
  },
  atBytes: {
    key: 'at',
    allowed: 'a size such as 64MiB: how far from the first page of memory the set begins',
    default: 0,
    parse: (text) => within(parseSize(text), 0, Infinity),
    format: sizeText,
    toGuest: (bytes) => Math.floor(bytes / pageBytes),
  },
  hotShare: {
    key: 'hot',
    allowed: 'a share of the set from 0.1% to 99.9%',
    default: 0.2,
    parse: (text) => within(parsePercent(text), 0.001, 0.999),
    format: percentText,
    toGuest: perMille,
  },
  hotWrites: {
    key: 'writes',
    allowed: 'the share of the writes that the hot part takes, from 0.1% to 100%',
    default: 0.9,
    parse: (text) => within(parsePercent(text), 0.001, 1),
    format: percentText,
    toGuest: perMille,
  },
  burstMs: durationField('burst', 10_000, 100, 3_600_000, '100ms to 1h'),
  quietMs: durationField('quiet', 10_000, 100, 3_600_000, '100ms to 1h'),
  content: {
    key: 'content',
    allowed: contents.join(' or '),
    default: 'compressible',
    parse: (text) => contents.find((content) => content === text),
    format: (content) => content,
    toGuest: (content) => content,
  },
  scrubMs: durationField('scrub', 10_000, 100, 600_000, '100ms to 10m'),
};

function durationField(
  key: string,
  defaultMs: number,
  lowMs: number,
  highMs: number,
  range: string,
): FieldSyntax<number> {
  return {
    key,
    allowed: `a duration from ${range}`,
    default: defaultMs,
    parse: (text) => within(roundMaybe(parseDuration(text)), lowMs, highMs),
    format: (ms) => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`),
    toGuest: (ms) => ms,
  };
}

function parsePageRate(text: string): number | undefined {
  const pages = /^(\d+)\s*pages\/s$/.exec(text);
  if (pages !== null) return within(Number(pages[1]), 1, highestRate);
  if (!text.endsWith('/s')) return undefined;
  const bytes = parseSize(text.slice(0, -'/s'.length));
  return bytes === undefined ? undefined : within(Math.round(bytes / pageBytes), 1, highestRate);
}

function rateText(pages: number): string {
  const mib = (pages * pageBytes) / 1024 ** 2;
  return Number.isInteger(mib) ? `${mib}MiB/s` : `${pages}pages/s`;
}

function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}

function parsePercent(text: string): number | undefined {
  const match = /^(\d+(?:\.\d)?)%$/.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * 10) / 1000;
}

function percentText(share: number): string {
  return `${perMille(share) / 10}%`;
}

function perMille(share: number): number {
  return Math.round(share * 1000);
}

function roundMaybe(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function within(value: number | undefined, low: number, high: number): number | undefined {
  return value !== undefined && value >= low && value <= high ? value : undefined;
}
