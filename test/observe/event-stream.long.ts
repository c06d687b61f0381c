/** Those who do not read the event stream of a node that has much to tell. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { EventStream } from '../support/event-stream.js';
import { checkMessages, hasSlot, openUnread } from '../support/event-stream-checks.js';
import { bytesUnderWay, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { NameDropper } from '../support/name-dropper.js';
import type { AnyNetwork } from '../support/network.js';
import type { RunningNode } from '../support/program.js';
import { type Status, untilStatus } from '../support/status.js';

const SLOW_BYTES = 1024 * 1024;

/** Starts a node that has much to tell, again and again: of 256 nodes with long names. */
async function startTalkative(network: AnyNetwork): Promise<RunningNode> {
  const node = await network.startNode();
  // A quote takes two characters in JSON.
  const nameOf = (number: number) => `ws://${'"'.repeat(240)}${number}:80`;
  const names = Array.from({ length: 251 }, (_, number) => nameOf(number));
  for (const some of [names.slice(0, 126), names.slice(126)]) {
    network.keep(await NameDropper.join(node, some));
  }
  let number = names.length;
  const changing = network.keep(await NameDropper.join(node, [nameOf(number)]));
  const timer = setInterval(() => changing.tell([nameOf(++number)]), 50);
  network.keep({ close: () => clearInterval(timer) });
  const isAll = ({ network: { nodes, leftOut } }: Status) => nodes.length === 256 && leftOut === 0;
  await untilStatus(node, 'all names', isAll);
  return node;
}

test('a reader that does not read is dropped when a MiB waits for it; the others go on', () =>
  withHostedNodes(async (network) => {
    const node = await startTalkative(network);
    const stream = await EventStream.open(node);
    const unread: Socket[] = [];
    for (let number = 1; number < LIMITS.eventStreams; number++)
      unread.push(await openUnread(node));
    await until('no free slot', async () => !(await hasSlot(node)));
    const since = stream.characters;
    const untilTold = (bytes: number) =>
      until(`${bytes} bytes`, () => stream.characters - since > bytes, 60_000);
    const underWay = await bytesUnderWay();
    // The system keeps more of what goes to one connection than of what goes to another.
    await untilTold(underWay / 2 + SLOW_BYTES / 2);
    const slow = unread.pop()?.resume();
    const enough = underWay + 3 * SLOW_BYTES;
    await untilTold(enough);
    for (const socket of unread) {
      socket.resume();
      await until('the end of what was sent', () => socket.closed);
      assert.ok(socket.bytesRead > SLOW_BYTES, `${socket.bytesRead} bytes`);
      assert.ok(socket.bytesRead < enough - SLOW_BYTES, `${socket.bytesRead} bytes`);
    }
    assert.ok(stream.isOpen, 'who reads goes on');
    assert.equal(slow?.closed, false, 'who was slow for a while does, too');
    slow?.destroy();
    await until('a free slot', () => hasSlot(node));
    checkMessages(stream);
    stream.close();
  }));
