import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ended, root } from './drover.ts';

const oldNode = fileURLToPath(new URL('./old-node.cjs', import.meta.url));
const scratch: string[] = [];

afterEach(async () => {
  for (const dir of scratch.splice(0)) await rm(dir, { recursive: true });
});

/** A tree with nothing but the command's first file and, if wanted, a program in place of Node. */
async function treeWith(pinnedNode?: string): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'drover-start-'));
  scratch.push(tree);
  await cp(join(root, 'bin'), join(tree, 'bin'), { recursive: true });
  if (pinnedNode === undefined) return tree;
  const folder = join(tree, 'node_modules/node/bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'node'), pinnedNode, { mode: 0o755 });
  return tree;
}

function underOldNode(tree: string, ...args: string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['-r', oldNode, join(tree, 'bin/drover.js'), ...args]);
}

describe('under a Node that is too old', () => {
  it('goes on under the one of the checkout', async () => {
    const { code, out, err } = await ended(underOldNode(root, '--version'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('passes the exit code on', async () => {
    expect(await ended(underOldNode(root, 'bogus'))).toMatchObject({ code: 2 });
  });

  it('says which Node it needs where there is none', async () => {
    const { code, out, err } = await ended(underOldNode(await treeWith(), '--version'));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('needs Node 24 or newer, and this is Node 18.19.0');
    expect(err).toContain('npm ci');
  });

  it('passes signals on, and ends as the program beneath it ends', async () => {
    const tree = await treeWith(
      "#!/bin/sh\ntrap 'exit 42' TERM\necho ready\nwhile :; do sleep 0.05; done\n",
    );
    const child = underOldNode(tree);
    const end = ended(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 42, out: 'ready\n' });
  });

  it('dies of the signal that killed the program beneath it', async () => {
    const tree = await treeWith('#!/bin/sh\nkill -KILL $$\n');
    expect(await ended(underOldNode(tree))).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});
