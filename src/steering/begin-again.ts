import { afterFirstPass, forecastPostCopy, later } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import type { Candidate } from './candidates.ts';
import type { Permission } from './decision.ts';
import { postCopyOpen } from './post-copy-open.ts';
import type { Situation } from './situation.ts';

/** Libvirt takes some two seconds to cancel a job, and it begins anew after that, ms. */
const cancelMs = 2_500;

/**
 * What was chosen to go compressed, because it surely fitted, may come to write more. It can be cancelled, and begin
 * again uncompressed and able to switch to post-copy: the guest runs on meanwhile, and what was sent was sent in vain.
 */
export function beginAgainCandidate(situation: Situation, view: Outlook): Candidate {
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
  const { postCopyRecoverable } = situation.capabilities;
  const postCopy = forecastPostCopy(then, postCopyRecoverable);
  return {
    action: { kind: 'begin-again' },
    permission: openAgain(situation),
    afterMs: 0,
    forecast: later(postCopy, cancelMs + ms, sentBytes),
  };
}

/** Whether it could be switched to post-copy if it began again. */
function openAgain({ budget, capabilities }: Situation): Permission {
  const { again = never } = capabilities;
  return postCopyOpen(budget, { ...capabilities, postCopy: again });
}

const never: Permission = { allowed: false, because: 'it was not chosen instead of post-copy' };
