export interface Frame {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** The line was longer than the bound; this is its beginning and the rest of it is passed over. */
  readonly truncated: boolean;
}

const newline = 0x0a;

/** Cuts a stream of bytes into lines, however the bytes arrive. Holds at most one line of `maxLine` bytes. */
export class LineFramer {
  readonly #maxLine: number;
  #parts: Buffer[] = [];
  #length = 0;
  #passingOver = false;

  constructor(maxLine: number) {
    this.#maxLine = maxLine;
  }

  /** The lines this chunk completes. A line past the bound is given as soon as it is known to be. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    while (from < chunk.length) {
      const found = chunk.indexOf(newline, from);
      const to = found === -1 ? chunk.length : found;
      this.#append(chunk.subarray(from, to), frames);
      if (found !== -1) this.#endLine(frames);
      from = to + 1;
    }
    return frames;
  }

  /** The last line, where no newline ended it. */
  end(): Frame | undefined {
    return this.#length === 0 ? undefined : { bytes: this.#take(), truncated: false };
  }

  #append(piece: Buffer, frames: Frame[]): void {
    if (this.#passingOver) return;
    const room = this.#maxLine - this.#length;
    const kept = piece.subarray(0, room);
    if (kept.length > 0) this.#parts.push(kept);
    this.#length += kept.length;
    if (piece.length <= room) return;
    frames.push({ bytes: this.#take(), truncated: true });
    this.#passingOver = true;
  }

  #endLine(frames: Frame[]): void {
    if (!this.#passingOver) frames.push({ bytes: this.#take(), truncated: false });
    this.#passingOver = false;
  }

  #take(): Buffer {
    const [first, ...rest] = this.#parts;
    this.#parts = [];
    this.#length = 0;
    if (first === undefined) return Buffer.alloc(0);
    return rest.length === 0 ? first : Buffer.concat([first, ...rest]);
  }
}
