import {
  bool,
  type Codec,
  chars,
  int32,
  list,
  nothing,
  opaque,
  optional,
  string,
  struct,
  uint32,
  uint64,
  type ValueOf,
} from '../wire/codec.ts';
import { programs } from '../wire/header.ts';
import { domain, namedCount, typedParameter, uuid } from './types.ts';

/** libvirt's own limits on lists, so that no answer can be larger than what it may send. */
const most = {
  domains: 16384,
  authentications: 20,
  nodeStatistics: 16,
  peekedBytes: 4 * 1024 * 1024,
  jobStatistics: 64,
  migrateParameters: 64,
  cookieBytes: 4 * 1024 * 1024,
  domainStatistics: 262144,
  cpus: 256,
} as const;

export interface Procedure<Arguments, Result> {
  readonly program: number;
  /** Within its program. */
  readonly number: number;
  readonly arguments: Codec<Arguments>;
  readonly result: Codec<Result>;
  /** It may wait up to 30 s for the domain's lock: the daemon must not be filled with these. */
  readonly waits: boolean;
}

function quick<A, R>(number: number, args: Codec<A>, result: Codec<R>): Procedure<A, R> {
  return { program: programs.remote, number, arguments: args, result, waits: false };
}

function waiting<A, R>(number: number, args: Codec<A>, result: Codec<R>): Procedure<A, R> {
  return { program: programs.remote, number, arguments: args, result, waits: true };
}

function quickOfQemu<A, R>(number: number, args: Codec<A>, result: Codec<R>): Procedure<A, R> {
  return { ...quick(number, args, result), program: programs.qemu };
}

const domainOnly = struct({ domain });
const flagsOnly = { flags: uint32 };
const guest = {
  emulator: optional(string),
  architecture: optional(string),
  machine: optional(string),
  virtType: optional(string),
};
const domainAndFlags = struct({ domain, ...flagsOnly });
const domainAndAmount = struct({
  domain,
  amount: uint64,
  ...flagsOnly,
});

/**
 * Every call that this client makes: number, arguments, answer. A new call is one entry here. The
 * names are libvirt's own; numbers and layouts are facts of its remote protocol, programs
 * 0x20008086 and, for QEMU's, 0x20008087, both version 1.
 */
export const procedures = {
  connectOpen: quick(1, struct({ name: optional(string), ...flagsOnly }), nothing),
  connectClose: quick(2, nothing, nothing),
  connectGetVersion: quick(4, nothing, uint64),
  nodeGetInfo: quick(
    6,
    nothing,
    struct({
      model: chars(32),
      memoryKiB: uint64,
      cpus: int32,
      mhz: int32,
      nodes: int32,
      sockets: int32,
      cores: int32,
      threads: int32,
    }),
  ),
  connectGetCapabilities: quick(7, nothing, string),
  domainCreateXml: waiting(10, struct({ xml: string, ...flagsOnly }), domain),
  domainDefineXml: waiting(11, struct({ xml: string }), domain),
  domainGetXmlDesc: quick(14, domainAndFlags, string),
  domainLookupByName: quick(23, struct({ name: string }), domain),
  domainLookupByUuid: quick(24, struct({ uuid }), domain),
  domainResume: waiting(28, domainOnly, nothing),
  domainSuspend: waiting(34, domainOnly, nothing),
  connectGetHostname: quick(59, nothing, string),
  connectSupportsFeature: quick(60, struct({ feature: int32 }), int32),
  authList: quick(66, nothing, list(int32, most.authentications)),
  authPolkit: quick(70, nothing, int32),
  nodeGetFreeMemory: quick(102, nothing, uint64),
  domainMemoryPeek: waiting(
    104,
    struct({ domain, address: uint64, bytes: uint32, ...flagsOnly }),
    opaque(most.peekedBytes),
  ),
  domainIsPersistent: quick(151, domainOnly, bool),
  connectGetLibVersion: quick(157, nothing, uint64),
  domainMigrateSetMaxDowntime: quick(166, domainAndAmount, nothing),
  domainCreateWithFlags: waiting(196, domainAndFlags, domain),
  domainMigrateSetMaxSpeed: quick(207, domainAndAmount, nothing),
  domainGetState: quick(212, domainAndFlags, struct({ state: int32, reason: int32 })),
  nodeGetCpuStats: quick(
    227,
    struct({ cpu: int32, most: int32, ...flagsOnly }),
    struct({
      statistics: list(namedCount, most.nodeStatistics),
      available: int32,
    }),
  ),
  nodeGetMemoryStats: quick(
    228,
    struct({
      most: int32,
      cell: int32,
      ...flagsOnly,
    }),
    struct({
      statistics: list(namedCount, most.nodeStatistics),
      available: int32,
    }),
  ),
  domainGetControlInfo: quick(
    229,
    domainAndFlags,
    struct({
      state: uint32,
      details: uint32,
      sinceMs: uint64,
    }),
  ),
  domainUndefineFlags: waiting(231, domainAndFlags, nothing),
  domainDestroyFlags: quick(234, domainAndFlags, nothing),
  domainMigrateGetMaxSpeed: quick(242, domainAndFlags, uint64),
  domainSetMetadata: waiting(
    264,
    struct({
      domain,
      type: int32,
      xml: optional(string),
      key: optional(string),
      uri: optional(string),
      ...flagsOnly,
    }),
    nothing,
  ),
  domainGetMetadata: quick(
    265,
    struct({
      domain,
      type: int32,
      uri: optional(string),
      ...flagsOnly,
    }),
    string,
  ),
  connectListAllDomains: quick(
    273,
    struct({ wanted: int32, ...flagsOnly }),
    struct({
      domains: list(domain, most.domains),
      count: uint32,
    }),
  ),
  domainGetJobStats: quick(
    298,
    domainAndFlags,
    struct({
      type: int32,
      parameters: list(typedParameter, most.jobStatistics),
    }),
  ),
  domainMigratePerform3Params: quick(
    305,
    struct({
      domain,
      destinationUri: optional(string),
      parameters: list(typedParameter, most.migrateParameters),
      cookie: opaque(most.cookieBytes),
      ...flagsOnly,
    }),
    opaque(most.cookieBytes),
  ),
  connectDomainEventCallbackRegisterAny: quick(
    316,
    struct({
      event: int32,
      domain: optional(domain),
    }),
    int32,
  ),
  connectDomainEventCallbackDeregisterAny: quick(317, struct({ callback: int32 }), nothing),
  connectGetDomainCapabilities: quick(
    342,
    struct({
      ...guest,
      ...flagsOnly,
    }),
    string,
  ),
  connectGetAllDomainStats: quick(
    344,
    struct({
      domains: list(domain, most.domains),
      groups: uint32,
      ...flagsOnly,
    }),
    list(
      struct({
        domain,
        parameters: list(typedParameter, most.domainStatistics),
      }),
      most.domains,
    ),
  ),
  domainMigrateStartPostCopy: quick(364, domainAndFlags, nothing),
  domainMigrateGetMaxDowntime: quick(387, domainAndFlags, uint64),
  connectCompareHypervisorCpu: quick(
    393,
    struct({
      ...guest,
      cpuXml: string,
      ...flagsOnly,
    }),
    int32,
  ),
  connectBaselineHypervisorCpu: quick(
    394,
    struct({
      ...guest,
      cpuXmls: list(string, most.cpus),
      ...flagsOnly,
    }),
    string,
  ),
  domainStartDirtyRateCalculation: waiting(
    427,
    struct({
      domain,
      seconds: int32,
      ...flagsOnly,
    }),
    nothing,
  ),
  domainAbortJob: quick(164, domainOnly, nothing),
  domainAbortJobFlags: quick(442, domainAndFlags, nothing),
  qemuConnectDomainMonitorEventRegister: quickOfQemu(
    4,
    struct({ domain: optional(domain), event: optional(string), ...flagsOnly }),
    int32,
  ),
  qemuConnectDomainMonitorEventDeregister: quickOfQemu(5, struct({ callback: int32 }), nothing),
} as const;

export type Procedures = typeof procedures;
export type ProcedureName = keyof Procedures;
export type ArgumentsOf<N extends ProcedureName> = ValueOf<Procedures[N]['arguments']>;
export type ResultOf<N extends ProcedureName> = ValueOf<Procedures[N]['result']>;
