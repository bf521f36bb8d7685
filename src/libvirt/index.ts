/** A libvirt client in TypeScript: no native code, nothing that blocks. */
export { connect } from './connect.ts';
export type { ConnectOptions } from './connect-over.ts';
export { Connection, type DomainFilter, type DomainStats } from './connection.ts';
export type { DirtyRate, DirtyRateMode } from './dirty-rate.ts';
export { Domain, type MetadataChange, type UndefineOptions, type XmlOptions } from './domain.ts';
export type { ErrorCode } from './error-codes.ts';
export {
  ArgumentError,
  AuthenticationError,
  CallAbortedError,
  CallTimeoutError,
  ConnectionClosedError,
  KeepAliveTimeoutError,
  LibvirtClientError,
  LibvirtError,
  ProtocolError,
  TooManyCallsError,
  TransportError,
} from './errors.ts';
export type {
  Events,
  JobCompletedEvent,
  LifecycleEvent,
  MetadataChangeEvent,
  MigrationIterationEvent,
  MonitorEvent,
  Subscription,
} from './events.ts';
export type {
  CpuComparison,
  GuestKind,
  NodeCpuStats,
  NodeInfo,
  NodeMemoryStats,
  StatsGroup,
  StatsMap,
  Version,
} from './host.ts';
export type { JobStats } from './job-stats.ts';
export type {
  CompressionMethod,
  CompressionParameters,
  MigrateParameters,
} from './migrate-parameters.ts';
export type { DomainReference } from './protocol/types.ts';
export type { KeepAliveOptions } from './rpc/keep-alive.ts';
export type { CallOptions } from './rpc/pending-call.ts';
export type { ControlInfo, DomainState } from './states.ts';
export { clientCertificate, type PemFile } from './transport/tls-files.ts';
export { type LibvirtUri, parseLibvirtUri } from './uri.ts';
