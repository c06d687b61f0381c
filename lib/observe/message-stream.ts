/**
 * GET /messages: each frame that this node sends and receives, as server-sent events. Connections are
 * listened to only while somebody reads. Under load, only so many frames a second are shown, and how
 * many were left out.
 */

import type { ServerResponse } from 'node:http';
import type { RawData } from 'ws';
import { LIMITS } from '../limits.js';
import { type Connection, kindOf } from '../peers/connection.js';
import type { Connections } from '../peers/connections.js';
import { TokenBucket } from '../token-bucket.js';
import type { TransactionId } from '../wire/message.js';
import { parseMessage } from '../wire/messages.js';
import { parseReceipt } from '../wire/receipt.js';

type Direction = 'in' | 'out';

/** What is read of a frame. */
interface Content {
  readonly type: string | null;
  readonly ids: readonly TransactionId[];
}

const HEAD = /^\{"type":"([A-Z_]{1,32})"/;
const HEAD_BYTES = 64;

/** What belongs to one connection while it is listened to. */
interface Tap {
  end(): void;
}

export class MessageStream {
  readonly #connections: Connections;
  readonly #readers = new Set<ServerResponse>();
  readonly #taps = new Map<Connection, Tap>();
  readonly #frames = new TokenBucket(
    LIMITS.shownMessages,
    performance.now(),
    LIMITS.shownMessagesPerSecond,
  );
  readonly #bytes = new TokenBucket(
    LIMITS.readForIdsBytes,
    performance.now(),
    LIMITS.readForIdsBytesPerSecond,
  );
  #timer: NodeJS.Timeout | undefined;
  /** What has not been written yet: under load, one write for each frame would cost too much. */
  #unwritten = '';
  #writing: NodeJS.Timeout | undefined;
  /** Runs after a frame that was too many, until one more may be shown. */
  #rest: NodeJS.Timeout | undefined;
  #shown = 0;
  #leftOut = 0;
  #quietTicks = 0;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** @returns false if all slots are taken */
  add(reader: ServerResponse): boolean {
    if (this.#readers.size >= LIMITS.messageStreams) return false;
    // What came before is not for this one.
    this.#write();
    this.#readers.add(reader);
    reader.on('close', () => this.#remove(reader));
    reader.write(': the frames from now on\n\n');
    if (this.#readers.size === 1) this.#begin();
    return true;
  }

  end(): void {
    this.#write();
    for (const reader of this.#readers) {
      // Nothing may be written behind the end.
      this.#remove(reader);
      reader.end();
    }
  }

  #begin(): void {
    for (const connection of this.#connections) this.#tap(connection);
    this.#connections.onAdded = (connection) => this.#tap(connection);
    this.#timer = setInterval(() => this.#tick(), LIMITS.eventIntervalMs);
  }

  #remove(reader: ServerResponse): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    clearInterval(this.#timer);
    clearTimeout(this.#writing);
    clearTimeout(this.#rest);
    [this.#unwritten, this.#writing, this.#rest] = ['', undefined, undefined];
    this.#connections.onAdded = undefined;
    for (const tap of this.#taps.values()) tap.end();
    this.#taps.clear();
  }

  /** Listens to a connection, before others do: what a frame brings about comes after it. */
  #tap(connection: Connection): void {
    const { socket } = connection;
    const onMessage = (data: RawData) => this.#show(connection, 'in', data as Buffer);
    const onClose = () => this.#taps.delete(connection);
    socket.prependListener('message', onMessage);
    socket.on('close', onClose);
    connection.onSend = (frame) => this.#show(connection, 'out', frame);
    this.#taps.set(connection, {
      end() {
        socket.off('message', onMessage);
        socket.off('close', onClose);
        connection.onSend = undefined;
      },
    });
  }

  #show(connection: Connection, direction: Direction, frame: string | Buffer): void {
    if (!this.#mayShow()) {
      this.#leftOut += 1;
      return;
    }
    this.#shown += 1;
    const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame;
    const content = this.#bytes.take(performance.now(), bytes.length)
      ? contentOf(bytes)
      : headOf(bytes);
    this.#tell('message', describe(connection, direction, bytes, content));
  }

  /** Whether one more frame may be shown. Under load, to look at the time for each would cost too much. */
  #mayShow(): boolean {
    if (this.#rest !== undefined) return false;
    if (this.#frames.take(performance.now())) return true;
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
    }, 1000 / LIMITS.shownMessagesPerSecond);
    return false;
  }

  #tick(): void {
    const wasQuiet = this.#shown === 0;
    if (this.#leftOut > 0) this.#tell('left-out', { frames: this.#leftOut });
    [this.#shown, this.#leftOut] = [0, 0];
    this.#quietTicks = wasQuiet ? this.#quietTicks + 1 : 0;
    const beats = this.#quietTicks * LIMITS.eventIntervalMs >= LIMITS.heartbeatMs;
    if (!beats) return;
    this.#quietTicks = 0;
    for (const reader of this.#readers) reader.write(': still here\n\n');
  }

  #tell(event: string, data: unknown): void {
    this.#unwritten += `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#writing ??= setTimeout(() => this.#write(), LIMITS.shownTogetherMs);
  }

  #write(): void {
    const text = this.#unwritten;
    clearTimeout(this.#writing);
    [this.#unwritten, this.#writing] = ['', undefined];
    if (text === '') return;
    for (const reader of this.#readers) {
      if (reader.writableLength > LIMITS.eventStreamBytes) reader.destroy();
      else reader.write(text);
    }
  }
}

/** What is told of a frame. */
function describe(
  connection: Connection,
  direction: Direction,
  bytes: Buffer,
  { type, ids }: Content,
): unknown {
  return {
    // In ms since 1970, and parts of them.
    at: performance.timeOrigin + performance.now(),
    direction,
    peer: connection.address?.text ?? null,
    kind: kindOf(connection),
    // By which of the two connections between two nodes.
    connection: connection.isInbound ? 'inbound' : 'outbound',
    type,
    bytes: bytes.length,
    ids,
    text: bytes.toString('utf8', 0, LIMITS.shownMessageBytes),
  };
}

/** The type alone, as all nodes like ours write it, for there is no time for more. */
function headOf(frame: Buffer): Content {
  const [, type = null] = HEAD.exec(frame.toString('latin1', 0, HEAD_BYTES)) ?? [];
  return { type, ids: [] };
}

/** The type of a message, null if it is none, and the ids of the first transactions in it. */
function contentOf(frame: Buffer): Content {
  const message = parseMessage(frame, true);
  if ('malformed' in message) return { type: null, ids: [] };
  if ('unknown' in message) return { type: message.unknown.slice(0, 32), ids: receiptIds(frame) };
  const { type, data } = message;
  if (type === 'TRANSACTION') return { type, ids: [data.id] };
  if (type !== 'RELAY' && type !== 'TRANSACTIONS') return { type, ids: [] };
  return { type, ids: data.slice(0, LIMITS.shownIds).map(({ id }) => id) };
}

/** The id in a RECEIPT, which nodes send and do not read. */
function receiptIds(frame: Buffer): TransactionId[] {
  const id = parseReceipt(frame.toString())?.id;
  return id == null ? [] : [id];
}
