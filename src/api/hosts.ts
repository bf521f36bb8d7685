import { z } from '@hono/zod-openapi';
import { atOnce, bytes, hasNoControl, name, noControlError } from './common.ts';

const uri = z
  .string()
  .max(2_048)
  .regex(/^\S+:\/\/\S*$/, { error: 'expected a libvirt URI such as qemu+ssh://root@h1/system' })
  .refine(hasNoControl, { error: noControlError })
  .refine(runsNothing, {
    error: 'a URI with command or netcat is only taken from the config file',
  });

/**
 * Libvirt's `command` names a program that the controller, and the daemon of every source, would
 * run, and `netcat` one that the far side would: whoever may register a host may not do that. Names
 * are read as libvirt reads them: decoded, in any case, behind `&` or `;`.
 */
function runsNothing(text: string): boolean {
  return text.split(/[?&;#]/).every((parameter) => {
    const [key = ''] = parameter.split('=', 1);
    try {
      return !['command', 'netcat'].includes(decodeURIComponent(key).toLowerCase());
    } catch {
      return false;
    }
  });
}

const postCopy = z.enum(['allowed', 'forbidden']).openapi({
  description: "The admin's word: whether a VM may run split over two hosts for a while",
});

const migrationTls = z.enum(['require', 'prefer', 'never']).openapi({
  description:
    'How the memory of its VMs goes: encrypted or not at all, encrypted where both hosts have certificates for it, in clear',
});
const way = z.object({
  peerUri: z.string(),
  migrationAddress: z
    .string()
    .nullable()
    .openapi({ description: 'where it takes memory in; null: as it calls itself' }),
});

/** A host as it is set, and who says so. */
export const host = z
  .object({
    name: z.string(),
    origin: z
      .enum(['config', 'store'])
      .openapi({ description: '`config`: set in the config file, and only changed there' }),
    uri: z.string(),
    peerUri: z.string().nullable(),
    ways: z
      .array(way)
      .openapi({ description: 'How other hosts reach it, the preferred way first' }),
    migrationTls,
    postCopy,
    bandwidthBytesPerSecond: z.number().nullable(),
    maxOutgoing: z.number().int().nullable(),
    maxIncoming: z.number().int().nullable(),
    link: z.string().nullable(),
    arrivals: z
      .enum(['open', 'closed'])
      .openapi({ description: '`closed`: no VM moves to it, as while it is drained' }),
    closedBy: z.string().nullable(),
    revision: z.number().int(),
  })
  .openapi('Host');

/** All that is set of a host: what is left out is back at its default. */
export const hostSettings = z
  .strictObject({
    uri,
    peerUri: uri.optional(),
    postCopy: postCopy.default('allowed'),
    bandwidthBytesPerSecond: bytes.min(1).optional(),
    maxOutgoing: atOnce.optional(),
    maxIncoming: atOnce.optional(),
    link: name.optional(),
  })
  .openapi('HostSettings');

/** What was found at all hosts, one by one and together; see `drover doctor`. */
export const examination = z
  .object({
    items: z.array(
      z.object({
        severity: z.enum(['ok', 'unseen', 'warning', 'error']).openapi({
          description: '`unseen`: it matters, and cannot be seen from the server',
        }),
        check: z.string(),
        where: z.string().nullable().openapi({ description: 'null: the whole' }),
        message: z.string(),
        hint: z.string().nullable(),
      }),
    ),
  })
  .openapi('Examination');

export type ExaminationDocument = z.output<typeof examination>;
export type HostDocument = z.output<typeof host>;
export type HostSettings = z.output<typeof hostSettings>;
