import { afterFirstPass, forecastPostCopy, later } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import type { Candidate } from './candidates.ts';
import { postCopyOpen } from './post-copy-open.ts';
import type { Situation } from './situation.ts';

/** Libvirt takes some two seconds to cancel a job, and it begins anew after that, ms. */
const cancelMs = 2_500;

/**
 * What was chosen to go compressed, because it surely fitted, may come to write more. It can be cancelled, and begin
 * again uncompressed and able to switch to post-copy: the guest runs on meanwhile, and what was sent was sent in vain.
 * `undefined`: it could not be switched then either, or nothing comes of it.
 */
export function openBeginAgain(situation: Situation, view: Outlook): Candidate | undefined {
  const { budget, capabilities } = situation;
  const { again, postCopyRecoverable } = capabilities;
  if (again === undefined) return undefined;
  const permission = postCopyOpen(budget, { ...capabilities, postCopy: again });
  if (!permission.allowed) return undefined;
  const { ratio, firstPassBytes } = view;
  const anew: Outlook = {
    ...view,
    syncing: 'passes',
    ratio: 1,
    bandwidthBytesPerSecond: view.bandwidthBytesPerSecond / ratio,
    passMs: view.passMs * ratio,
    unsentBytes: firstPassBytes,
    remainingBytes: firstPassBytes,
  };
  const { ms, leftBytes, sentBytes } = afterFirstPass(anew);
  const then = { ...anew, unsentBytes: 0, remainingBytes: leftBytes };
  const postCopy = forecastPostCopy(then, postCopyRecoverable);
  if (!postCopy.completes) return undefined;
  const forecast = later(postCopy, cancelMs + ms, sentBytes);
  return { action: { kind: 'begin-again' }, permission, afterMs: 0, forecast };
}
