import type { LabHost } from './host.ts';

/** What the config file of who moves a lab's guests says of one of its hosts. */
export interface ConfigEntry {
  readonly uri: string;
  readonly peerUri: string;
  /** What guests hold by default shrinks to next to nothing: compressed, no link would be slow. */
  readonly compression: 'forbidden';
}

export function configEntryOf({ uri, peerUri }: LabHost): ConfigEntry {
  return { uri, peerUri, compression: 'forbidden' };
}
