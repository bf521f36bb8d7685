import type { OperationDocument, PartDocument, RehearsalDocument } from '../api/operations.ts';
import type { Rehearsal } from '../controller/operations/desk.ts';
import type { Part, PlannedPart, Report, Span } from '../operations/report.ts';
import type { OperationRow } from '../store/rows.ts';
import { instantOf, instantOrNull } from './documents.ts';

export function operationDocument(row: OperationRow): OperationDocument {
  const { id, state, revision, endedAt, report } = row;
  return {
    id,
    ...intentOf(row),
    endedAt: instantOrNull(endedAt),
    state,
    revision,
    report: report === undefined ? null : reportDocument(report),
  };
}

export function rehearsalDocument(rehearsal: Rehearsal): RehearsalDocument {
  return { ...intentOf(rehearsal), report: reportDocument(rehearsal.report) };
}

function intentOf(row: Omit<OperationRow, 'id' | 'report' | 'revision'>) {
  const { kind, host, aims, reason, importance, deadlineAt, requestedBy, requestedAt } = row;
  return {
    kind,
    host: host ?? null,
    to: aims.to === undefined ? null : [...aims.to],
    targets: aims.targets === undefined ? null : { ...aims.targets },
    reason,
    importance,
    deadlineAt: instantOrNull(deadlineAt),
    requestedBy,
    requestedAt: instantOf(requestedAt),
  };
}

function reportDocument(report: Report): NonNullable<OperationDocument['report']> {
  const { at, says, importance, parts, plannedAt, schedule, eta, firstEta } = report;
  return {
    at: instantOf(at),
    says,
    importance,
    parts: parts.map(partDocument),
    plannedAt: instantOrNull(plannedAt),
    schedule,
    eta: spanOrNull(eta),
    firstEta: spanOrNull(firstEta),
    boundMs: report.boundMs,
    share: report.share,
    totalBytes: report.totalBytes,
    late: [...report.late],
    silent: [...report.silent],
    assumed: [...report.assumed],
  };
}

function partDocument({ slaClass, ...part }: Part): PartDocument {
  const { uuid, vm, memoryBytes, from, state, tries, share, why } = part;
  return {
    uuid,
    vm,
    class: slaClass,
    memoryBytes,
    from,
    state,
    tries,
    share,
    why,
    to: part.to ?? null,
    migrationId: part.migrationId ?? null,
    againAt: instantOrNull(part.againAt),
    startedAt: instantOrNull(part.startedAt),
    noReturnAt: instantOrNull(part.noReturnAt),
    endedAt: instantOrNull(part.endedAt),
    blackoutMs: part.blackoutMs ?? null,
    planned: plannedOrNull(part.planned),
    expected: plannedOrNull(part.expected),
  };
}

function plannedOrNull(planned: PlannedPart | undefined): PartDocument['planned'] {
  if (planned === undefined) return null;
  const { startAt, endAt, blackoutMs, ...rest } = planned;
  return {
    ...rest,
    startAt: instantOf(startAt),
    endAt: spanOf(endAt),
    blackoutMs: blackoutMs ?? null,
  };
}

function spanOrNull(span: Span | undefined): { p50: string; p90: string } | null {
  return span === undefined ? null : spanOf(span);
}

function spanOf({ p50, p90 }: Span): { p50: string; p90: string } {
  return { p50: instantOf(p50), p90: instantOf(p90) };
}
