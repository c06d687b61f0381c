/** A plain peer that tells a node whom it is connected to, whether that is so or not. */

import type { WebSocket } from 'ws';
import { handshakeFrame } from '../../lib/wire/messages.js';
import { connectTo, until } from './helpers.js';
import type { RunningNode } from './program.js';
import { TrapServer } from './trap-servers.js';

export class NameDropper {
  readonly address: string;
  readonly #trap: TrapServer;
  readonly #socket: WebSocket;

  private constructor(trap: TrapServer, socket: WebSocket) {
    this.address = trap.address;
    this.#trap = trap;
    this.#socket = socket;
  }

  /** Dials a node, names these neighbours, and waits until it is dialled back. */
  static async join(node: RunningNode, names: readonly string[]): Promise<NameDropper> {
    const trap = await TrapServer.open();
    const dropper = new NameDropper(trap, await connectTo(node.address));
    dropper.tell(names);
    await until('it to be dialled', () => trap.openCallers.length > 0);
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
    await this.#trap.close();
  }
}
