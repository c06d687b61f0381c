/** A stream of the DHT as a socket: it has all that HTTP, ws and our limits expect of one. */

import { Duplex } from 'node:stream';
import type { SecretStream } from 'hyperdht';

/** Size of the pieces that are encrypted at a time: the other end holds each until it is whole. */
const PIECE_BYTES = 64 * 1024;

export class SwarmSocket extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #stream: SecretStream;
  readonly #addressOf: (key: Buffer) => string;

  /** @param stream may still be finding its way to the other end */
  constructor(stream: SecretStream, addressOf: (key: Buffer) => string) {
    super({ allowHalfOpen: false });
    this.#stream = stream;
    this.#addressOf = addressOf;
    stream.on('data', (data: Buffer) => {
      this.bytesRead += data.length;
      if (!this.push(data)) stream.pause();
    });
    stream.pause();
    stream.on('end', () => this.push(null));
    stream.on('error', (error) => this.destroy(error));
    stream.on('close', () => this.destroy());
  }

  /** The IP address from which the other end comes, as far as we see. */
  get remoteAddress(): string {
    return this.#stream.rawStream?.remoteHost ?? '';
  }

  get remotePort(): number {
    return this.#stream.rawStream?.remotePort ?? 0;
  }

  /** The address of the other end in the swarm; it has proven that its key is that one. */
  get remoteName(): string {
    return this.#addressOf(this.#stream.remotePublicKey);
  }

  /** The hash of the handshake: both ends know it, and nobody has it for another connection. */
  get handshake(): Buffer {
    return this.#stream.handshakeHash;
  }

  /** Memory that is held for an encrypted message which is not whole yet. */
  get unfinishedBytes(): number {
    return this.#stream._message?.length ?? 0;
  }

  /** Emits `ready` as soon as the other end is reached. */
  override _construct(callback: (error?: Error) => void): void {
    this.#stream.opened.then((isOpen) => {
      callback();
      if (isOpen) this.emit('ready');
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(data: Buffer, _encoding: string, callback: () => void): void {
    this.#send(data, 0, callback);
  }

  /** Encrypts and sends together all that was written in one turn. */
  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    const [first] = chunks;
    const data = chunks.length === 1 ? first?.chunk : undefined;
    this.#send(data ?? Buffer.concat(chunks.map(({ chunk }) => chunk)), 0, callback);
  }

  /** Waits until all has arrived: the stream is ended next, and would lose the rest. */
  override _final(callback: () => void): void {
    this.#stream.flush().then(() => {
      this.#stream.end();
      callback();
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stream.destroy();
    callback(error);
  }

  /** As of a TCP socket, which Node.js expects. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  #send(data: Buffer, from: number, callback: () => void): void {
    let at = from;
    while (at < data.length) {
      const piece = data.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      this.bytesWritten += piece.length;
      const next = at;
      if (!this.#stream.write(piece)) {
        this.#stream.once('drain', () => this.#send(data, next, callback));
        return;
      }
    }
    callback();
  }
}
