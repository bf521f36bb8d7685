import type { Finding } from '../doctor/finding.ts';
import type { Config } from '../fleet/config.ts';
import type { AbortResult } from '../migration/abort.ts';
import type { ForecastAnswer } from '../migration/foresight.ts';
import type { MigrateRequest } from '../migration/request.ts';
import type { TagsAnswer, Where } from '../migration/tags.ts';
import type { Tags } from '../policy/tags.ts';
import type { Recording } from '../recording/recording.ts';
import type { EventRow, HostRow, MigrationRow } from '../store/rows.ts';
import type { NewWishes, Store } from '../store/store.ts';
import type { Asker } from './asker.ts';
import type { FleetHost } from './fleet.ts';
import type { PlacedVm } from './one-place.ts';
import type { OperationDesk } from './operations/desk.ts';
import type { AskedMove } from './operations/guide.ts';

/**
 * The fleet's migrations: what may be asked of them. The server puts it on the network, the command
 * embeds it in its own process. Every method rejects with a DroverError; what changes something is
 * audited, also where it is refused.
 */
export interface Controller {
  readonly store: Store;
  /** Begins to steer: claims what nobody steers, admits what waits. */
  start(): Promise<void>;
  /** Hands everything over at once, and ends. The migrations go on. */
  stop(): Promise<void>;
  /** The config file as it is by now. Takes effect on what runs, too. */
  reload(config: Config): void;
  config(): Config;

  /** Where its VM is, and where it had best go, is found where it is not said. */
  migrate(request: MoveRequest, by: Asker): Promise<Requested>;
  /** Takes up a job that somebody else began (virsh, Nova). */
  adopt(request: AdoptRequest, by: Asker): Promise<Requested>;
  /** An id, its beginning, or a VM's name or UUID, which stands for its latest. */
  find(wanted: string): Promise<MigrationRow>;
  change(
    id: string,
    change: Pick<NewWishes, 'importance' | 'deadlineAt'>,
    by: Asker,
    ifRevision?: number,
  ): Promise<MigrationRow>;
  /** Asks for it to be cancelled; what is past the point of no return refuses. */
  abort(id: string, by: Asker, ifRevision?: number): Promise<MigrationRow>;
  /** Cancels whatever job the VM has on this host, whoever began it. */
  abortVm(where: { readonly vm: string; readonly from: string }, by: Asker): Promise<AbortResult>;
  /** Steers it, too, where nobody does: for who steers only what it is asked for itself. */
  takeUp(id: string): void;
  recording(id: string): Promise<Recording>;
  forecast(request: ForecastRequest): Promise<ForecastAnswer>;

  /** Drains, and whatever else is several migrations. */
  readonly operations: OperationDesk;

  /** All hosts: those of the config file, and those added. */
  hosts(): Promise<readonly FleetHost[]>;
  /** Rejects with `host.provisioned` where the config file has the host. */
  putHost(host: Omit<HostRow, 'revision'>, by: Asker, ifRevision?: number): Promise<HostRow>;
  removeHost(name: string, by: Asker, ifRevision?: number): Promise<void>;

  /** Looks at all hosts, one by one and together, from here. Changes nothing. */
  examine(): Promise<readonly Finding[]>;

  /** Each in its one place, as last seen; `look: true` asks the hosts now. Hosts that did not answer are named. */
  vms(
    filter: { readonly host?: string; readonly name?: string },
    look: boolean,
  ): Promise<{ readonly vms: readonly PlacedVm[]; readonly silent: readonly string[] }>;
  tags(where: Where): Promise<TagsAnswer>;
  setTags(where: Where, changes: Partial<Tags>, by: Asker): Promise<TagsAnswer>;

  /**
   * Calls back with every event from now on, of all replicas, and with progress. Resolves, with how
   * to end it, when nothing is missed any more: what the store has by then is read from it.
   */
  subscribe(onEvent: (event: LiveEvent) => void, progressOf?: ProgressOf): Promise<() => void>;
  status(): ControllerStatus;
}

/** Whose progress a listener hears: nobody's is read that nobody hears. */
export type ProgressOf = 'all' | 'none' | { readonly migration: string };

export type LiveEvent =
  | ({ readonly kind: 'event' } & EventRow)
  /** Has no number: it is not kept. */
  | { readonly kind: 'progress'; readonly migration: MigrationRow };

export interface MigrationRequest extends Omit<MigrateRequest, 'deadlineMs'> {
  /** ms since 1970. */
  readonly deadlineAt?: number | undefined;
  readonly operationId?: string | undefined;
  readonly requestKey?: string | undefined;
}

/** A move of which it may be open from where to where. */
export type MoveRequest = AskedMove & Omit<MigrationRequest, keyof AskedMove>;

export type ForecastRequest = AskedMove & Omit<MigrateRequest, keyof AskedMove>;

export interface AdoptRequest extends Omit<MigrationRequest, 'to' | 'operationId'> {
  /** Found by itself where the destination is a host that is known. */
  readonly to?: string | undefined;
}

export interface Requested {
  readonly row: MigrationRow;
  /** `false`: the same request had been made before. */
  readonly created: boolean;
}

export interface ControllerStatus {
  readonly replica: string;
  readonly replicas: readonly string[];
  readonly steering: number;
  /** Leases that were lost to others, or to the store's silence. */
  readonly lostLeases: number;
  /** Why no new migration starts; `undefined`: the store answers. */
  readonly storeTrouble: string | undefined;
  /** How late decisions are, of the last one to two minutes, ms. */
  readonly lagMs: { readonly p50: number; readonly p99: number };
}
