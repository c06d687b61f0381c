/** Six short lessons: each does something to the network, and says what to look at. */

import { createHash, randomBytes } from 'node:crypto';
import { identityHeaders } from '../lib/peers/identity.js';
import type { LabNode } from './lab-node.js';
import { type Lesson, poolOf, tipsOf } from './stage.js';

export const LESSONS: readonly Lesson[] = [
  {
    name: 'meet',
    title: 'How three nodes meet',
    sentences: 4,
    async run(stage) {
      const [first, second, third] = (await stage.nodes(3)) as [LabNode, LabNode, LabNode];
      for (const node of [third, second, first]) await stage.stop(node);
      await stage.say('Three nodes are stopped. Each knows one address or two, from a file.');
      await stage.start(first);
      await stage.start(second);
      await stage.untilConnected([first, second]);
      await stage.say(
        'Two run. Each opened a connection of its own to the other, and said HANDSHAKE first: the addresses that it is connected to.',
      );
      await stage.start(third);
      await stage.untilConnected([first, second, third]);
      await stage.say(
        'The third one dialled what it knew, and learnt the rest from the answers. Look at the HANDSHAKEs: whoever hears of an address dials it.',
      );
      await stage.say('Now all are connected to all, and nobody is in charge.');
    },
  },
  {
    name: 'once',
    title: 'How a transaction gets everywhere once',
    sentences: 3,
    async run(stage) {
      const nodes = await stage.nodes(3);
      await stage.untilConnected(nodes);
      await stage.say('A client hands one transaction to one node. Watch where it goes.');
      await stage.pay(nodes[0] as LabNode, 'alice', 'bob', '10');
      await stage.say(
        'The node wrote it to its file first, and then told each peer. A node that is told twice knows the id already, and is silent.',
      );
      await stage.say(
        'Open one of its messages in the list, and click the id to follow it: who had it when. Then play it again at 1/1000 of the speed.',
      );
    },
  },
  {
    name: 'away',
    title: 'A node that was away',
    sentences: 4,
    async run(stage) {
      const nodes = await stage.nodes(3);
      const [first, , third] = nodes as [LabNode, LabNode, LabNode];
      await stage.untilConnected(nodes);
      await stage.stop(third);
      await stage.say(`${third.name} has left. The others go on.`);
      for (const amount of ['1', '2', '3']) await stage.pay(first, 'alice', 'bob', amount);
      await stage.say('Three transactions have come in the meantime, which it lacks.');
      await stage.start(third);
      const wanted = await poolOf(first);
      await stage.until('equal pools', async () => (await poolOf(third)) >= wanted);
      await stage.say(
        'It is back, and has them. Nobody sent everything again: two nodes compare sums over their pools, and go down only where these differ.',
      );
      await stage.say('Look at the comparing messages: a few, however large the pools are.');
    },
  },
  {
    name: 'fork',
    title: 'A fork, and how it ends',
    sentences: 5,
    async run(stage) {
      const nodes = await stage.nodes(3);
      const [first, , third] = nodes as [LabNode, LabNode, LabNode];
      await stage.untilConnected(nodes);
      await stage.until('one chain', async () => new Set(await tipsOf(nodes)).size === 1);
      await stage.setLinks(third, 'cut');
      await stage.say(`${third.name} is cut off from the others. It does not know that.`);
      await stage.makeBlock(first);
      await stage.makeBlock(third);
      await stage.say(
        'Each side has made a block upon the same one: a fork. Both are valid, and neither side can know of the other.',
      );
      await stage.makeBlock(first);
      await stage.say('One side has made another block. Its branch has more work in it.');
      await stage.setLinks(third, 'joined');
      await stage.untilConnected(nodes);
      await stage.until('one chain', async () => new Set(await tipsOf(nodes)).size === 1);
      await stage.say(
        `They are joined again. ${third.name} asked for what it lacked, checked it, and went over to the branch with more work.`,
      );
      await stage.say('What was in its own block alone goes back to the pool. Nothing is lost.');
    },
  },
  {
    name: 'stranger',
    title: 'A stranger in the network',
    sentences: 4,
    async run(stage) {
      const nodes = await stage.nodes(3);
      await stage.untilConnected(nodes);
      const stranger = await stage.invite();
      stranger.dial((nodes[0] as LabNode).address);
      await stage.until('a stranger that all know', () => stranger.peers >= nodes.length);
      await stage.say(
        'Somebody else has written a node, which knows two messages only. It dialled one of ours, heard of the others, and dialled them.',
      );
      const hash = createHash('sha256').update(randomBytes(16)).digest('hex');
      const content = { fromAddress: 'carol', toAddress: 'dave', amount: 5 };
      stranger.add({ ...content, timeStamp: Date.now(), hash } as { hash: string });
      await stage.say('It has made a transaction without an id: its hash stands for it.');
      await stage.pay(nodes[1] as LabNode, 'alice', 'carol', '7');
      await stage.say(
        'To the stranger our nodes speak the plain protocol, one TRANSACTION each; among themselves they send what comes at once in one frame, a RELAY.',
      );
      await stranger.close();
      await stage.say('It has left. Whoever speaks the plain protocol belongs here.');
    },
  },
  {
    name: 'liar',
    title: 'A liar who is found out',
    sentences: 4,
    async run(stage) {
      const nodes = await stage.nodes(3);
      await stage.untilConnected(nodes);
      const meshId = randomBytes(16).toString('hex');
      const liar = await stage.invite((address) =>
        Object.entries(identityHeaders(meshId, address)).filter(([name]) => name !== 'date'),
      );
      for (const { address } of nodes) liar.dial(address);
      await stage.until('a liar that all know', () => liar.peers >= nodes.length);
      await stage.say('A new node has come. It looks like one of ours, and everybody greets it.');
      const before = await tipsOf(nodes);
      for (let lies = 0; lies < 3; lies++) liar.say(falseBlock());
      await stage.say(
        'It says that it has a block of height 1,000,000, much more work than all others have. But the hash of that block is not that of its content.',
      );
      await stage.until('the end of the liar', () => liar.farewells.length >= nodes.length);
      const after = await tipsOf(nodes);
      const isSame = before.join() === after.join();
      await stage.say(
        `Each node has checked it by itself, which takes one hash, and hung up: “${liar.farewells[0]}”.`,
      );
      await stage.say(
        isSame
          ? 'The chains are what they were. What a stranger claims decides nothing.'
          : 'The chains have grown in the meantime, by blocks that are valid.',
      );
    },
  },
];

/** A block that claims much, and proves nothing. */
function falseBlock(): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const block = {
    height: 1_000_000,
    timestamp: Date.now(),
    previousHash: hash('nothing'),
    merkleRoot: hash(''),
    nonce: 0,
    hash: `000${hash(String(Math.random())).slice(3)}`,
    transactions: [],
  };
  return JSON.stringify({ type: 'LATEST_BLOCK', data: block });
}
