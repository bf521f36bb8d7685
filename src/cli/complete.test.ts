import { expect, test } from 'vitest';
import { completionOf } from './complete.ts';
import { buildProgram } from './program.ts';

const out = { write: () => undefined };

async function completed(line: string): Promise<unknown> {
  const words = line.split(' ');
  const io = { out, err: out, env: {}, endWith: () => undefined };
  const completion = completionOf(await buildProgram(words, io, '0.0.0'), words);
  const typed = words.at(-1) ?? '';
  if (completion.kind === 'names') return completion.of;
  if (completion.kind === 'files') return 'files';
  return completion.candidates.map(({ word }) => word).filter((word) => word.startsWith(typed));
}

test.each([
  ['mig', ['migrate', 'migrations']],
  ['__', []],
  ['class ', ['get', 'set', 'help']],
  ['class set ', 'vm'],
  ['class set web ', ['cattle', 'pet', 'panda']],
  ['class set web --host h1 p', ['pet', 'panda']],
  ['class set web panda ', []],
  ['migrate web --fr', ['--from']],
  ['migrate web --from ', 'host'],
  ['migrate --from h1 ', 'vm'],
  ['migrate web --importance=high --reason e', ['evacuation']],
  ['migrate web --wait -o y', ['yaml']],
  ['migrate web --config ', 'files'],
  ['migrate web --deadline ', []],
  ['migrations watch ', 'migration'],
  ['explain --context ', 'context'],
  ['token revoke ', 'token'],
  ['host add ', []],
  ['host remove ', 'host'],
  ['completion ', ['bash', 'zsh', 'fish']],
])('drover %s', async (line, expected) => {
  expect(await completed(line)).toEqual(expected);
});
