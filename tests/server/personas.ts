import { z } from 'zod';
import type { Peer } from '../../src/server/env.ts';
import { type AppStage, local } from '../../src/server/testing/stage-app.ts';
import { type Role, roles } from '../../src/store/rows.ts';

/** Somebody who asks, and as what he may. */
export interface Persona {
  readonly name: string;
  /** `undefined`: he is to be sent away. */
  readonly role: Role | undefined;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly peer?: Peer;
}

/** Everybody of whom the API has to think, and the secrets of those who have one. */
export async function personasOf(
  stage: AppStage,
): Promise<{ readonly personas: readonly Persona[]; readonly secrets: readonly string[] }> {
  const known = await Promise.all(roles.map((role) => withToken(stage, role)));
  const shown: Peer = { kind: 'network', address: '192.0.2.8', certificate: 'backup' };
  const unknown: Peer = { kind: 'network', address: '192.0.2.9', certificate: 'constructor' };
  const personas: readonly Persona[] = [
    // Twice, so that more is done than refused.
    ...known,
    ...known,
    { name: 'local', role: 'admin', peer: local },
    { name: 'certificate', role: 'viewer', peer: shown },
    { name: 'nobody', role: undefined },
    { name: 'unknown certificate', role: undefined, peer: unknown },
    { name: 'wrong token', role: undefined, token: 'drv_AAAA' },
    { name: 'wrong issuer', role: undefined, token: 'e30.e30.e30' },
    { name: 'wrong scheme', role: undefined, headers: { authorization: 'Basic YTpi' } },
  ];
  return { personas, secrets: known.map(({ token }) => token) };
}

/** Somebody with a token of this role. */
export async function withToken(
  stage: AppStage,
  role: Role,
): Promise<Persona & { readonly token: string }> {
  const body = { name: `a ${role}`, role };
  const answer = await stage.ask('POST', '/v1/tokens', { peer: local, body });
  const { secret } = z.object({ secret: z.string() }).parse(await answer.json());
  return { name: role, role, token: secret };
}
