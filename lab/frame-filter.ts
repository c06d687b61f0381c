/**
 * What passes over a lossy link in one direction, as WebSocket frames (RFC 6455, section 5.2): whole
 * messages are lost, and nothing else changes.
 */

/** Of the first byte of a frame, and of the second. */
const [FIN, OPCODE, MASK, LENGTH] = [0x80, 0x0f, 0x80, 0x7f];
/** Opcodes from here on are of control frames, which may come between the frames of a message. */
const CONTROL = 0x8;
/** Every third message is lost. */
const LOST = 3;

export class FrameFilter {
  readonly #onLost: (bytes: number) => void;
  /** The beginning of a frame's header, whose rest has not come yet. */
  #header: Buffer = Buffer.alloc(0);
  /** How many bytes of the current frame are still to come, and whether they go on. */
  #left = 0;
  #passes = true;
  /** Whether the current message is lost, and its bytes so far. */
  #isLosing = false;
  #bytes = 0;
  #messages = 0;

  /** @param onLost is told of a message that was lost, and the bytes that it had */
  constructor(onLost: (bytes: number) => void) {
    this.#onLost = onLost;
  }

  /** @returns what of it goes on, in order */
  take(chunk: Buffer): Buffer[] {
    let rest = this.#header.length > 0 ? Buffer.concat([this.#header, chunk]) : chunk;
    const passing: Buffer[] = [];
    // What goes on without a gap goes on in one piece.
    let from = 0;
    let at = 0;
    this.#header = Buffer.alloc(0);
    while (at < rest.length) {
      if (this.#left === 0) {
        const frame = readHeader(rest, at);
        if (frame === undefined) {
          this.#header = Buffer.from(rest.subarray(at));
          rest = rest.subarray(0, at);
          break;
        }
        this.#begin(frame);
        if (!this.#passes) {
          if (at > from) passing.push(rest.subarray(from, at));
          from = at + frame.headerBytes;
        }
        at += frame.headerBytes;
        this.#left = frame.payloadBytes;
      }
      const step = Math.min(this.#left, rest.length - at);
      at += step;
      this.#left -= step;
      if (!this.#passes) from = at;
    }
    if (rest.length > from) passing.push(rest.subarray(from));
    return passing;
  }

  #begin({ isFinal, opcode, payloadBytes }: Frame): void {
    if (opcode >= CONTROL) {
      this.#passes = true;
      return;
    }
    if (opcode !== 0) {
      this.#messages += 1;
      this.#isLosing = this.#messages % LOST === 0;
      this.#bytes = 0;
    }
    this.#bytes += payloadBytes;
    this.#passes = !this.#isLosing;
    if (isFinal && this.#isLosing) this.#onLost(this.#bytes);
  }
}

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** Reads the header of a frame; undefined if not all of it is there. */
function readHeader(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length < at + 2) return undefined;
  const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)];
  const short = second & LENGTH;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const headerBytes = 2 + lengthBytes + (second & MASK ? 4 : 0);
  if (bytes.length < at + headerBytes) return undefined;
  const payloadBytes =
    lengthBytes === 8
      ? Number(bytes.readBigUInt64BE(at + 2))
      : lengthBytes === 2
        ? bytes.readUInt16BE(at + 2)
        : short;
  return { isFinal: (first & FIN) !== 0, opcode: first & OPCODE, headerBytes, payloadBytes };
}
