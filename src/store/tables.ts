import type { Generated } from 'kysely';
import type { Importance, Reason, SlaClass } from '../policy/vocabulary.ts';
import type { MigrationPhase, OperationRow, Origin, Role } from './rows.ts';

/** The tables as both engines have them: text, integers and nothing else. JSON is kept as text. */
export interface Tables {
  migrations: MigrationsTable;
  beginnings: { id: string; json: string };
  lessons: LessonsTable;
  leases: LeasesTable;
  progress: { id: string; at: number; json: string };
  chapters: { seq: Generated<number>; id: string; json: string };
  events: { seq: Generated<number>; at: number; type: string; subject: string; data: string };
  hosts: HostsTable;
  vms: VmsTable;
  vmWrites: { uuid: string; at: number; bytesPerSecond: number };
  operations: OperationsTable;
  closures: { host: string; at: number; by: string; operationId: string };
  audit: AuditTable;
  tokens: TokensTable;
  requests: RequestsTable;
  replicas: { name: string; steering: number; until: number; boot: string };
  duties: { name: string; owner: string; until: number; boot: string };
}

export interface MigrationsTable {
  id: string;
  origin: Origin;
  vm: string;
  vmName: string | null;
  vmUuid: string | null;
  fromHost: string;
  toHost: string;
  slaClass: SlaClass | null;
  reason: Reason | null;
  importance: Importance;
  deadlineAt: number | null;
  operationId: string | null;
  requestedBy: string;
  requestKey: string | null;
  requestedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  phase: MigrationPhase;
  cancelRequested: number;
  pointOfNoReturnAt: number | null;
  revision: number;
  error: string | null;
  ending: string | null;
}

export interface LessonsTable {
  id: string;
  vmUuid: string | null;
  /** Both hosts' names in their order, so that to and fro are one way. */
  way: string;
  slaClass: SlaClass | null;
  json: string;
}

export interface LeasesTable {
  id: string;
  owner: string | null;
  epoch: number;
  /** On the engine's clock for leases, ms, of this boot of its machine. */
  until: number;
  boot: string;
}

export interface HostsTable {
  name: string;
  uri: string;
  peerUri: string | null;
  postCopy: 'allowed' | 'forbidden';
  bandwidthBytesPerSecond: number | null;
  maxOutgoing: number | null;
  maxIncoming: number | null;
  link: string | null;
  revision: number;
}

export interface VmsTable {
  uuid: string;
  host: string;
  name: string;
  state: string;
  memoryBytes: number;
  virtualCpus: number;
  busyShare: number | null;
  slaClass: SlaClass;
  foreignJob: number;
  split: number;
  seenAt: number;
}

export interface OperationsTable {
  id: string;
  kind: OperationRow['kind'];
  host: string | null;
  aims: string;
  reason: Reason;
  importance: Importance;
  deadlineAt: number | null;
  requestedBy: string;
  requestedAt: number;
  endedAt: number | null;
  state: OperationRow['state'];
  revision: number;
  report: string | null;
}

export interface AuditTable {
  seq: Generated<number>;
  at: number;
  who: string;
  what: string;
  subject: string;
  fromAddress: string;
  details: string;
  outcome: string;
}

export interface TokensTable {
  id: string;
  name: string;
  role: Role;
  hash: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
}

export interface RequestsTable {
  who: string;
  requestKey: string;
  fingerprint: string;
  at: number;
  status: number | null;
  body: string | null;
}
