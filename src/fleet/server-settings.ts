import { z } from 'zod';
import { expectedListen, isListenAddress } from './listen-address.ts';

/** What `drover serve` allows whom. Each may do what those before it may. */
const role = z.enum(['viewer', 'operator', 'admin']);
const rolesOf = z.record(z.string(), role);

const listen = z
  .string({ error: expectedListen })
  .refine(isListenAddress, { error: expectedListen });

const tlsSchema = z.strictObject({
  /** PEM files. */
  cert: z.string(),
  key: z.string(),
  /** Client certificates that this CA has signed are known by their common name. */
  clientCa: z.string().optional(),
});

/** People log in to the dashboard at the provider. */
const loginSchema = z.strictObject({
  clientId: z.string().min(1),
  /** A file with the secret alone; without it the client is a public one. */
  clientSecretFile: z.string().optional(),
  /** What the provider is asked for, so that the ID token has the claim for the role. */
  scope: z.string().default('openid profile'),
  /** The address by which browsers reach this server. */
  publicUrl: z.url({ protocol: /^https?$/ }),
});

const oidcSchema = z.strictObject({
  issuer: z.url(),
  audience: z.string().min(1),
  /** The claim that has a word for a role, or several. */
  roleClaim: z.string().default('roles'),
  roles: rolesOf,
  login: loginSchema.optional(),
});

/** How `drover serve` is reached, and by whom. */
export const serverSchema = z.strictObject({
  listen: listen.default('127.0.0.1:7420'),
  /** The unix socket for those of this machine. */
  socket: z.string().optional(),
  tls: tlsSchema.optional(),
  oidc: oidcSchema.optional(),
  /** The role of each client certificate, by its common name. */
  certificates: rolesOf.default({}),
  /** Requests of one person: on the average, and at once. */
  requestsPerSecond: z.number().min(1).default(50),
  requestsAtOnce: z.int().min(1).default(200),
  /** Migrations that one replica steers at once, at most. */
  capacity: z.int().min(1).default(10_000),
});

export type ServerSettings = z.output<typeof serverSchema>;
