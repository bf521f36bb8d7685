import { ProtocolError } from '../errors.ts';
import { leastFrameBytes, lengthBytes, mostFrameBytes } from './header.ts';

/** What a splitter keeps allocated between frames, so that small frames never reallocate. */
const idleBytes = 4096;

/**
 * Cuts a stream of chunks into frames, however the chunks fall. It holds at most twice the bytes
 * that really arrived: a frame's announced length makes it wait, never allocate.
 */
export class FrameSplitter {
  #partial = Buffer.allocUnsafe(idleBytes);
  #held = 0;

  /** Bytes of an unfinished frame. */
  get heldBytes(): number {
    return this.#held;
  }

  get allocatedBytes(): number {
    return this.#partial.length;
  }

  /**
   * Calls `onFrame` for every frame that the chunk completes. A frame includes its length word and
   * is a view that is valid during the call only. Throws ProtocolError for a length out of bounds.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let offset = this.#held > 0 ? this.#completePartial(chunk, onFrame) : 0;
    while (chunk.length - offset >= lengthBytes) {
      const length = frameLength(chunk, offset);
      if (chunk.length - offset < length) break;
      onFrame(chunk.subarray(offset, offset + length));
      offset += length;
    }
    if (offset < chunk.length) this.#hold(chunk, offset, chunk.length);
  }

  /** Returns where in the chunk the next frame begins. */
  #completePartial(chunk: Buffer, onFrame: (frame: Buffer) => void): number {
    let offset = Math.min(chunk.length, Math.max(0, lengthBytes - this.#held));
    this.#hold(chunk, 0, offset);
    if (this.#held < lengthBytes) return offset;
    const wanted = frameLength(this.#partial, 0) - this.#held;
    const end = Math.min(chunk.length, offset + wanted);
    this.#hold(chunk, offset, end);
    if (end - offset < wanted) return end;
    offset = end;
    this.#release(onFrame);
    return offset;
  }

  #release(onFrame: (frame: Buffer) => void): void {
    const frame = this.#partial.subarray(0, this.#held);
    this.#held = 0;
    if (this.#partial.length > idleBytes) this.#partial = Buffer.allocUnsafe(idleBytes);
    onFrame(frame);
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const needed = this.#held + to - from;
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#partial.length * 2));
      this.#partial.copy(grown, 0, 0, this.#held);
      this.#partial = grown;
    }
    chunk.copy(this.#partial, this.#held, from, to);
    this.#held = needed;
  }
}

function frameLength(buffer: Buffer, offset: number): number {
  const length = buffer.readUInt32BE(offset);
  if (length < leastFrameBytes || length > mostFrameBytes) {
    throw new ProtocolError(`a frame of ${length} bytes is not possible`);
  }
  return length;
}
