const highestPort = 65_535;

export const expectedListen = 'expected host:port, such as 127.0.0.1:7420';

/** Whether a server can be told to listen there: a name or an address, an IPv6 one in brackets, and a port. */
export function isListenAddress(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-f:]+\]|[^:\s]+):(\d{1,5})$/i.exec(text) ?? [];
  return port !== undefined && Number(port) <= highestPort;
}
