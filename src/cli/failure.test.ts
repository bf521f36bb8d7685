import { describe, expect, it } from 'vitest';
import { DroverError, exitCodes } from '../errors/catalogue.ts';
import { describeFailure, printFailure } from './failure.ts';
import type { Io } from './io.ts';

function recordingIo(
  env: Record<string, string> = {},
): Io & { text: { out: string; err: string } } {
  const text = { out: '', err: '' };
  return {
    text,
    out: { write: (piece) => (text.out += piece) },
    err: { write: (piece) => (text.err += piece) },
    env,
    endWith: () => undefined,
  };
}

const refusal = new DroverError('preflight.refused', 'h2 has too little memory', {
  hint: 'free some',
  cause: new Error('needs 8 GiB', { cause: new Error('ENOMEM') }),
});

describe('a foreseen error', () => {
  it('keeps its code, its way out and the errors beneath', () => {
    expect(describeFailure(refusal)).toEqual({
      code: 'preflight.refused',
      message: 'h2 has too little memory',
      hint: 'free some',
      causes: ['needs 8 GiB', 'ENOMEM'],
      exitCode: exitCodes.conflict,
    });
  });

  it('does not repeat what a message already carries', () => {
    const error = new DroverError('host.unreachable', 'h1 does not answer: ECONNREFUSED', {
      cause: new Error('ECONNREFUSED'),
    });
    expect(describeFailure(error).causes).toBeUndefined();
  });

  it('is text on stderr', () => {
    const io = recordingIo();
    printFailure(io, describeFailure(refusal), refusal, false);
    expect(io.text).toEqual({
      out: '',
      err: 'drover: h2 has too little memory\n  because: needs 8 GiB\n  because: ENOMEM\n  free some\n',
    });
  });

  it('is the one document on stdout with -o json', () => {
    const io = recordingIo();
    printFailure(io, describeFailure(refusal), refusal, true);
    expect(io.text.err).toBe('');
    expect(JSON.parse(io.text.out)).toEqual({ error: describeFailure(refusal) });
  });
});

describe('an error that nobody foresaw', () => {
  const bug = new TypeError('x is not a function');

  it('is called a bug, and says how to report it', () => {
    const failure = describeFailure(bug);
    expect(failure).toMatchObject({ code: 'internal', exitCode: exitCodes.failed });
    expect(failure.message).toContain('this is a bug');
    expect(failure.hint).toContain('DROVER_DEBUG=1');
  });

  it.each([
    ['nothing', {}, false],
    ['DROVER_DEBUG', { DROVER_DEBUG: '1' }, true],
  ])('shows its stack under %s: %s', (_name, env, shown) => {
    const io = recordingIo(env);
    printFailure(io, describeFailure(bug), bug, false);
    expect(io.text.err.includes('failure.test.ts')).toBe(shown);
  });

  it('may be no Error at all', () => {
    expect(describeFailure('boom').message).toContain("'boom'");
  });
});
