import type { CreatedToken, Token } from '../client/client.ts';
import { confirm } from './confirm.ts';
import type { ListFlags, RemoveFlags, TokenCreateFlags } from './flags.ts';
import { fromNow, shownInstant } from './instants.ts';
import type { Io } from './io.ts';
import { print, render } from './output.ts';
import { shown } from './repeat.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** `drover token create`. */
export async function runTokenCreate(io: Io, name: string, flags: TokenCreateFlags): Promise<void> {
  const { role, expires, output } = flags;
  const expiresAt = expires === undefined ? undefined : fromNow(expires);
  const wanted = { name, role, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const created = await withSession(io, flags, ({ client }) => client.createToken(wanted));
  await print(io, output, created, { table: createdText, name: ({ secret }) => `${secret}\n` });
}

/** `drover token list`. */
export async function runTokenList(io: Io, flags: ListFlags): Promise<void> {
  await withSession(io, flags, ({ client }) =>
    shown(io, flags, async () =>
      render(flags.output, await client.tokens(), {
        table: (all) => formatTable(columns, all),
        wide: (all) => formatTable([...columns, ...wideColumns], all),
        name: (all) => all.map(({ id }) => `${id}\n`).join(''),
      }),
    ),
  );
}

/** `drover token revoke`. */
export async function runTokenRevoke(io: Io, id: string, flags: RemoveFlags): Promise<void> {
  await confirm(io, flags, `Revoke the token ${id}? Whoever uses it is shut out at once.`);
  const { name } = await withSession(io, flags, ({ client }) => client.revokeToken(id));
  io.out.write(`${name} (${id}) opens nothing any more.\n`);
}

function createdText({ name, role, secret, expiresAt }: CreatedToken): string {
  const until = expiresAt === null ? 'does not expire' : `expires ${shownInstant(expiresAt)}`;
  return `${secret}\n\n${name} is ${role}; it ${until}. The token is shown this once.\n`;
}

const columns: readonly Column<Token>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'ROLE', cell: ({ role }) => role },
  { title: 'STATE', cell: stateText },
  { title: 'LAST USED', cell: ({ lastUsedAt }) => shownInstant(lastUsedAt) },
];

const wideColumns: readonly Column<Token>[] = [
  { title: 'CREATED', cell: ({ createdAt }) => shownInstant(createdAt) },
  { title: 'EXPIRES', cell: ({ expiresAt }) => shownInstant(expiresAt) },
];

function stateText({ revokedAt, expiresAt }: Token): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
}
