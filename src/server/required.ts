import { DroverError } from '../errors/catalogue.ts';

/** It does not show who asks. */
export function required(message: string, options: ErrorOptions = {}): DroverError {
  return new DroverError('auth.required', message, {
    ...options,
    hint: 'Give a token (DROVER_TOKEN, or a context). On the server itself, `drover token create` makes one over the unix socket.',
  });
}
