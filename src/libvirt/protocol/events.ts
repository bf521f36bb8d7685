import {
  type Codec,
  int32,
  int64,
  list,
  optional,
  string,
  struct,
  uint32,
  type ValueOf,
} from '../wire/codec.ts';
import { programs } from '../wire/header.ts';
import { domain, typedParameter } from './types.ts';

interface EventDefinition<Payload> {
  /** What to ask the daemon for; what QEMU's own program brings is asked for in its own way. */
  readonly id: number | undefined;
  readonly program: number;
  /** The number, within the program, of the message that brings it. */
  readonly procedure: number;
  readonly payload: Codec<Payload>;
}

function event<P>(id: number, procedure: number, payload: Codec<P>): EventDefinition<P> {
  return { id, program: programs.remote, procedure, payload };
}

function eventOfQemu<P>(procedure: number, payload: Codec<P>): EventDefinition<P> {
  return { id: undefined, program: programs.qemu, procedure, payload };
}

const most = { jobStatistics: 64 } as const;

/** Every event that this client understands; a new one is one entry here. */
export const eventDefinitions = {
  lifecycle: event(0, 318, struct({ callback: int32, domain, event: int32, detail: int32 })),
  'migration-iteration': event(20, 359, struct({ callback: int32, domain, iteration: int32 })),
  'job-completed': event(
    21,
    363,
    struct({ callback: int32, domain, parameters: list(typedParameter, most.jobStatistics) }),
  ),
  'metadata-change': event(
    23,
    379,
    struct({ callback: int32, domain, type: int32, uri: optional(string) }),
  ),
  monitor: eventOfQemu(
    6,
    struct({
      callback: int32,
      domain,
      event: string,
      seconds: int64,
      micros: uint32,
      details: optional(string),
    }),
  ),
} as const;

export type EventName = keyof typeof eventDefinitions;
export type PayloadOf<N extends EventName> = ValueOf<(typeof eventDefinitions)[N]['payload']>;

/** An event as it came, with its name. */
export type WireEvent = {
  readonly [N in EventName]: { readonly name: N; readonly payload: PayloadOf<N> };
}[EventName];
