import { z } from 'zod';
import { catalogue, DroverError, type ErrorCode } from '../errors/catalogue.ts';

/** What is read of a problem document (RFC 9457). */
const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

/** The error that an answer tells of, as if it had been thrown here. */
export function errorOf(server: string, status: number, text: string): DroverError {
  const parsed = problemSchema.safeParse(jsonOf(text));
  if (!parsed.success || parsed.data.code === undefined) return notOurs(server, status);
  const { code, title, detail, hint, errors = [] } = parsed.data;
  const fields = errors
    .map(({ field, message }) => `${field}: ${message}`)
    // Where there is one, it is what the whole says.
    .filter((told) => told !== detail);
  const message = [detail ?? title ?? code, ...fields].join('\n  ');
  const options = hint === undefined ? {} : { hint };
  return namedError(code, message, options);
}

/** The error of this code. A newer server may know errors that this client does not. */
export function namedError(
  code: string,
  message: string,
  options: { readonly hint?: string },
): DroverError {
  if (isErrorCode(code)) return new DroverError(code, message, options);
  return new DroverError('server.failed', `${message} (${code})`, options);
}

function notOurs(server: string, status: number): DroverError {
  return new DroverError('server.failed', `${server} answered ${status}, and not as Drover does`, {
    hint: 'Is this the address of a `drover serve`? A proxy before it may have answered instead.',
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no problem document: notOurs says so.
    return undefined;
  }
}
