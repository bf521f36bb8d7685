/** Where libvirt's daemons listen, by the URI's transport (libvirt's remote documentation). */
const ports: Readonly<Record<string, number>> = { tcp: 16509, tls: 16514, ssh: 22 };

/** Where a daemon listens. */
export interface Place {
  readonly transport: string;
  readonly host: string;
  readonly port: number;
}

/** Where a URI leads; `undefined`: it does not say. */
export function placeOf(uri: string): Place | undefined {
  const match = /^[a-z]+\+?([a-z0-9]*):\/\/(?:[^@/?#]*@)?(\[[^\]]+\]|[^:/?#]+)(?::(\d+))?/i.exec(
    uri,
  );
  if (match === null) return undefined;
  const transport = match[1] === '' ? 'tls' : (match[1] ?? 'tls');
  const port = match[3] === undefined ? ports[transport] : Number(match[3]);
  const host = match[2]?.replace(/^\[|\]$/g, '');
  return port === undefined || host === undefined ? undefined : { transport, host, port };
}
