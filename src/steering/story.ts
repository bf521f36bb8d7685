import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';

/** What the guest and the link do, for a person. */
export function story(view: Outlook): string {
  const least = formatBytes(view.trough?.leastBytes ?? view.remainingBytes);
  return `${linkStory(view)}After a whole pass ${least} or more is always left to send, because the guest ${writing(view)}, and the link carries ${formatRate(view.bandwidthBytesPerSecond)}${shrunk(view)}.`;
}

/** By how much the stream is compressed, where it is. */
export function shrunk({ ratio }: Outlook): string {
  return ratio > 1 ? ` of memory, compressed ${ratio.toFixed(1)} to 1` : '';
}

function writing({ workingSet, rhythm }: Outlook): string {
  if (rhythm !== undefined)
    return `writes for ${formatDuration(rhythm.burstMs)} and rests for ${formatDuration(rhythm.quietMs)}`;
  if (workingSet === undefined || workingSet.rateBytesPerSecond <= 0) return 'keeps writing';
  const { rateBytesPerSecond, setBytes } = workingSet;
  return `writes some ${formatRate(rateBytesPerSecond)} over a working set of ${formatBytes(setBytes)}`;
}

/** That the link has become another one, where it has. */
export function linkStory({ linkChange }: Outlook): string {
  if (linkChange === undefined) return '';
  const { atMs, beforeBytesPerSecond, afterBytesPerSecond } = linkChange;
  const verb = afterBytesPerSecond < beforeBytesPerSecond ? 'fell' : 'rose';
  const percent = Math.round((afterBytesPerSecond / beforeBytesPerSecond) * 100);
  return `At ${formatDuration(atMs)} the link ${verb} from ${formatRate(beforeBytesPerSecond)} to ${formatRate(afterBytesPerSecond)}, ${percent} % of what it was. `;
}
