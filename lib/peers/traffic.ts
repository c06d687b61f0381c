/** Counts the frames of a node and their bytes, by type and direction. */

import { numberOfType, TYPE_NAMES, typeNumberIn } from '../wire/message-types.js';
import type { MessageType } from '../wire/messages.js';

/** Of one direction, by the number of the type. */
export class Tally {
  readonly frames = new Float64Array(TYPE_NAMES.length);
  readonly bytes = new Float64Array(TYPE_NAMES.length);

  add(type: number, bytes: number): void {
    this.frames[type] = (this.frames[type] as number) + 1;
    this.bytes[type] = (this.bytes[type] as number) + bytes;
  }
}

export class Traffic {
  readonly in = new Tally();
  readonly out = new Tally();

  /** @param type undefined for what no node understands */
  received(type: MessageType | undefined, bytes: number): void {
    this.in.add(numberOfType(type), bytes);
  }

  sent(frame: string | Buffer): void {
    this.out.add(typeNumberIn(frame), Buffer.byteLength(frame));
  }
}
