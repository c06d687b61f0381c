/** What a test finds out about the event streams of a node. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { EventStream } from './event-stream.js';
import { connectRaw } from './frames.js';
import type { RunningNode } from './program.js';

/** What `/events` tells of. */
export const MEMBERS = ['chain', 'log', 'network', 'node', 'pool', 'transactions'];

/** Asks for the event stream, and reads nothing of it. */
export async function openUnread(node: RunningNode): Promise<Socket> {
  const socket = await connectRaw(node);
  socket.pause();
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

/** Whether one more event stream may be opened. */
export async function hasSlot(node: RunningNode): Promise<boolean> {
  const stream = await EventStream.open(node).catch(() => undefined);
  stream?.close();
  return stream !== undefined;
}

/** Nothing but what `/events` promises has come: at first all, and then what is new. */
export function checkMessages({ messages, odd }: EventStream): void {
  assert.deepEqual(odd, []);
  const last = new Map<string, unknown>();
  for (const [index, { data }] of messages.entries()) {
    const members = Object.entries(data);
    if (index === 0) assert.deepEqual(Object.keys(data).sort(), MEMBERS);
    assert.ok(members.length > 0, 'an empty message');
    for (const [name, value] of members) {
      const isNew = !isDeepStrictEqual(last.get(name), value);
      assert.ok(isNew, `${name} again, and nothing in it has changed: ${JSON.stringify(value)}`);
      last.set(name, value);
    }
  }
}
