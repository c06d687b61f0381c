/** A client that hands many transactions to a node, and costs it little beside. */

import { once } from 'node:events';
import { transactionFrame } from '../node-1/transaction.js';
import { connectTo } from '../test/helpers.js';
import { transactionText } from './transactions.js';

const UNREAD_BYTES = 1024 * 1024;

/** Makes ready to hand transactions with these numbers to the node at an address. */
export async function prepareHandOver(address: string, from: number, to: number) {
  const frames = Array.from({ length: to - from }, (_, place) =>
    transactionFrame(transactionText(from + place)),
  );
  const socket = await connectTo(address);

  /** Resolves when the node has read all of them. */
  return async function handOver(): Promise<void> {
    const closed = once(socket, 'close');
    for (const frame of frames) {
      const written = new Promise((resolve) => socket.send(frame, resolve));
      if (socket.bufferedAmount > UNREAD_BYTES) await written;
    }
    socket.close();
    await closed;
  };
}
