/** A request to the API, before it is said how it travels. */
export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root on, with its query: `/v1/hosts?limit=10`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is read of an answer. */
export interface Incoming {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  text(): Promise<string>;
}

/** How requests reach the API. */
export interface Transport {
  /** As messages name the other end. */
  readonly name: string;
  /** Rejects where no answer came: whether the request arrived is then not known. */
  send(request: Outgoing): Promise<Incoming>;
  close(): Promise<void>;
}

/** Where the API is, and with what right it is spoken to. */
export type Target =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly token?: string | undefined;
      /** PEM texts. */
      readonly ca?: string | undefined;
      readonly cert?: string | undefined;
      readonly key?: string | undefined;
    }
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'embedded';
      readonly fetch: (request: Request) => Response | Promise<Response>;
    };

/** Longer than this nobody waits for a connection, ms. */
const connectMs = 5_000;
/** To cancel a migration, or to measure a guest, takes the server tens of seconds. */
const answerMs = 120_000;
/** A stream of events has a sign of life more often than this. */
const silenceMs = 60_000;

export async function transportTo(target: Target): Promise<Transport> {
  switch (target.kind) {
    case 'embedded':
      return embedded(target.fetch);
    case 'socket':
      return network('http://drover', target.path, { socketPath: target.path }, undefined);
    case 'url': {
      const { url, token, ca, cert, key } = target;
      const tls = Object.fromEntries(
        Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined),
      );
      return network(url.replace(/\/+$/, ''), url, tls, token);
    }
  }
}

interface Connecting {
  readonly socketPath?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

async function network(
  base: string,
  name: string,
  connecting: Connecting,
  token: string | undefined,
): Promise<Transport> {
  const { Agent, fetch } = await import('undici');
  const agent = new Agent({
    connect: { ...connecting, timeout: connectMs },
    headersTimeout: answerMs,
    bodyTimeout: silenceMs,
  });
  return {
    name,
    send: ({ method, path, headers, body, signal }) =>
      fetch(`${base}${path}`, {
        method,
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
        dispatcher: agent,
        redirect: 'error',
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      }),
    close: () => agent.destroy(),
  };
}

/** The same requests, answered in this process: nothing listens anywhere. */
function embedded(fetch: (request: Request) => Response | Promise<Response>): Transport {
  return {
    name: 'this process',
    send: async ({ method, path, headers, body, signal }) => {
      const url = `http://drover${path}`;
      const request = { method, headers, ...(body === undefined ? {} : { body }) };
      const answer = await fetch(new Request(url, request));
      if (signal === undefined || answer.body === null) return answer;
      // Nobody but us ends a stream that comes from this very process.
      return new Response(answer.body.pipeThrough(new TransformStream(), { signal }), answer);
    },
    close: async () => undefined,
  };
}
