import type { HostDocument } from '../api/hosts.ts';
import type { MigrationDocument } from '../api/migrations.ts';
import type { AuditDocument, TokenDocument } from '../api/people.ts';
import type { TagsDocument, VmDocument } from '../api/vms.ts';
import type { FleetHost } from '../controller/fleet.ts';
import type { PlacedVm } from '../controller/one-place.ts';
import type { TagsAnswer } from '../migration/tags.ts';
import type { AuditRow, MigrationRow, TokenRow } from '../store/rows.ts';

/** What is kept, as the API tells it. */

export function hostDocument(host: FleetHost): HostDocument {
  return {
    name: host.name,
    origin: host.origin,
    uri: host.uri,
    peerUri: host.ways[0]?.uri ?? null,
    ways: host.ways.map(({ uri, address }) => ({
      peerUri: uri,
      migrationAddress: address ?? null,
    })),
    migrationTls: host.migrationTls ?? 'prefer',
    postCopy: host.postCopy.allowed ? 'allowed' : 'forbidden',
    bandwidthBytesPerSecond: host.bandwidthBytesPerSecond ?? null,
    maxOutgoing: host.maxOutgoing ?? null,
    maxIncoming: host.maxIncoming ?? null,
    link: host.link ?? null,
    arrivals: host.arrivals?.allowed === false ? 'closed' : 'open',
    closedBy: host.closure?.by ?? null,
    revision: host.revision,
  };
}

export function vmDocument(vm: PlacedVm): VmDocument {
  const { slaClass, foreignJob, seenAt, busyShare, alsoRunsOn, split: _, ...rest } = vm;
  return {
    ...rest,
    alsoRunsOn: [...alsoRunsOn],
    busyShare: busyShare ?? null,
    class: slaClass,
    foreignMigration: foreignJob,
    seenAt: instantOf(seenAt),
  };
}

export function tagsDocument(answer: TagsAnswer): TagsDocument {
  const { domain, slaClass, classOrigin, excluded, labels, unreadable } = answer;
  return {
    domain,
    class: slaClass,
    classOrigin,
    excluded: [...excluded],
    labels: [...labels],
    unreadable: [...unreadable],
  };
}

export function migrationDocument(row: MigrationRow): MigrationDocument {
  const { error, end } = row;
  return {
    id: row.id,
    origin: row.origin,
    vm: row.vm,
    vmName: row.vmName ?? null,
    vmUuid: row.vmUuid ?? null,
    from: row.from,
    to: row.to,
    class: row.slaClass ?? null,
    reason: row.reason ?? null,
    importance: row.importance,
    deadlineAt: instantOrNull(row.deadlineAt),
    operationId: row.operationId ?? null,
    requestedBy: row.requestedBy,
    requestedAt: instantOf(row.requestedAt),
    startedAt: instantOrNull(row.startedAt),
    endedAt: instantOrNull(row.endedAt),
    phase: row.phase,
    cancelRequested: row.cancelRequested,
    steeredBy: row.owner ?? null,
    revision: row.revision,
    progress: progressDocument(row.progress),
    error: error === undefined ? null : { ...error, hint: error.hint ?? null },
    end: endDocument(end),
  };
}

function progressDocument(progress: MigrationRow['progress']): MigrationDocument['progress'] {
  if (progress === undefined) return null;
  const { etaMs } = progress;
  return { ...progress, etaMs: etaMs !== undefined && Number.isFinite(etaMs) ? etaMs : null };
}

function endDocument(end: MigrationRow['end']): MigrationDocument['end'] {
  if (end === undefined) return null;
  const { runsOn, totalMs, forecastMs = null, blackout, sentBytes } = end;
  return {
    runsOn: [...runsOn],
    totalMs,
    forecastMs,
    blackoutMs: blackout?.ms ?? null,
    blackoutMeasuredBy: blackout?.measuredBy ?? null,
    sentBytes,
  };
}

export function tokenDocument(token: TokenRow): TokenDocument {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    createdAt: instantOf(token.createdAt),
    expiresAt: instantOrNull(token.expiresAt),
    revokedAt: instantOrNull(token.revokedAt),
    lastUsedAt: instantOrNull(token.lastUsedAt),
  };
}

export function auditDocument({ at, ...entry }: AuditRow): AuditDocument {
  return { ...entry, at: instantOf(at) };
}

export function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function instantOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : instantOf(ms);
}

/** As JSON, which has no number for what is never reached. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (one === Infinity ? 'never' : one));
}

/** What is read of `jsonOf`. */
export function withNever<T>(value: T): T {
  return JSON.parse(jsonOf(value));
}
