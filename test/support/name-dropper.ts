/** A node like ours that tells another one to whom it is connected, whether that is so or not. */

import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { until } from './helpers.js';
import { honest, MeshPeer } from './mesh-peer.js';
import type { RunningNode } from './program.js';

export class NameDropper {
  readonly address: string;
  readonly #peer: MeshPeer;
  readonly #socket: WebSocket;

  private constructor(peer: MeshPeer, socket: WebSocket) {
    this.address = peer.address;
    this.#peer = peer;
    this.#socket = socket;
  }

  /** Dials a node, names these neighbours, and waits until it is dialled back. */
  static async join(node: RunningNode, names: readonly string[]): Promise<NameDropper> {
    const peer = await MeshPeer.open(honest([]), randomBytes(16).toString('hex'));
    const dropper = new NameDropper(peer, await peer.dial(node.address));
    dropper.tell(names);
    await until('it to be dialled', () => peer.asked('HANDSHAKE') > 0);
    return dropper;
  }

  tell(names: readonly string[]): void {
    this.#socket.send(handshakeFrame([this.address, ...names]));
  }

  /** Ends the connection that it has opened itself, on which it has named others. */
  hangUp(): void {
    this.#socket.terminate();
  }

  async close(): Promise<void> {
    this.hangUp();
    await this.#peer.close();
  }
}
