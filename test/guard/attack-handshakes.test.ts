/** HANDSHAKEs that would send a node to where it should not go, too often, or to itself. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimOf } from '../support/callers.js';
import { connectTo, say, transactionMessage, until } from '../support/helpers.js';
import { underAttack, untilPoolHolds } from '../support/load.js';
import { peersOf } from '../support/mesh.js';
import type { NodeProcess } from '../support/program.js';
import { Forwarder, MuteServers } from '../support/trap-servers.js';

const handshake = (data: unknown[]) => JSON.stringify({ type: 'HANDSHAKE', data });

/** Ways to write the host of this machine, beside `localhost`, that lead to an IPv4 listener. */
const HOSTS = ['LOCALHOST', '127.0.0.1', '0x7f.1', '2130706433', '127.1', '017700000001']
  .concat(['0.0.0.0', '[::ffff:127.0.0.1]', '127.00.0x0.1'])
  .sort();

/** Addresses that end on a port of this machine, if somebody is careless enough. */
function badSpellings(port: number): unknown[] {
  const at = `localhost:${port}`;
  return [
    ...[
      `http://${at}`,
      `https://${at}`,
      `file://${at}`,
      `ftp://${at}`,
      `tcp://${at}`,
      at,
      `//${at}`,
    ],
    ...[`ws:${at}`, `ws:/${at}`, `ws:///${at}`, `ws:\\\\${at}`, `javascript:ws://${at}`],
    ...[`ws://user@${at}`, `ws://user:password@${at}`, `ws://@${at}`, `ws://:@${at}`],
    ...[`ws://${at}/path`, `ws://${at}//`, `ws://${at}/..`, `ws://${at}?query`, `ws://${at}/?`],
    ...[`ws://${at}#fragment`, `ws://${at}/#`, `ws://${at}\\`, `ws://${at}%2f`, `ws://${at}/%00`],
    ...[` ws://${at}`, `ws://${at} `, `ws://\t${at}`, `ws://${at}\r\nx: y`, `ws://${at}\0`],
    ...[`ws://ｌocalhost:${port}`, `ws://localhost：${port}`, `ws://①27.0.0.1:${port}`],
    ...[`ws://127。0。0。1:${port}`, `ws://loc\u00adalhost:${port}`, `ws://%6cocalhost:${port}`],
    ...[
      `ws://${'0'.repeat(10_240)}127.0.0.1:${port}`,
      `ws://${'a.'.repeat(5120)}localhost:${port}`,
    ],
    ...[`ws://127.0.0.1:${'0'.repeat(300)}${port}`, `ws://localhost:${port + 65_536}`],
    ...[
      `ws://localhost:${port}.0`,
      `ws://localhost:+${port}`,
      `ws://localhost:0x${port.toString(16)}`,
    ],
  ];
}

/** Where a node on this machine has no business, whatever the port. */
const farAway = (port: number) =>
  ['169.254.169.254', '2852039166', '0xa9fea9fe', '[::ffff:169.254.169.254]', '[fd00:ec2::254]']
    .concat(['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '[fc00::1]', '[fe80::1]'])
    .concat(['8.8.8.8', '[2606:4700::1]', '0.0.0.1', '224.0.0.1', '255.255.255.255', '[ff02::1]'])
    .concat(['metadata.google.internal', 'example.org', 'localhost.example.org', 'node-2'])
    .concat(['[::ffff:10.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[::7f00:1]'])
    .flatMap((host) => [`ws://${host}:${port}`, `wss://${host}:${port}`, `ws://${host}`])
    .concat(['ws://localhost:0', 'ws://localhost:70000', 'ws://localhost:-1', 'ws://', 'ws://:1']);

const diallingLines = (said: string) =>
  said.split('\n').filter((line) => /\bdialling: /.test(line));

/** Names addresses in every place where a client can name one. */
async function name(victim: NodeProcess, addresses: unknown[]): Promise<void> {
  await say(victim.address, handshake(addresses));
  await say(victim.address, handshake(['ws://localhost:1', ...addresses.toReversed()]));
  for (const address of addresses) {
    // What cannot stand in a header cannot be claimed in one.
    if (!/^[ -~]{1,4000}$/.test(String(address))) continue;
    const socket = await connectTo(victim.address, claimOf(String(address)));
    socket.send(handshake([address]));
    socket.close();
  }
}

describe('attacks with handshakes', { concurrency: 3 }, () => {
  test('nothing but the address of a node in reach is dialled, however it is written', () =>
    underAttack(async ({ network, victim, said }) => {
      const bait = network.keep(await MuteServers.open(1));
      const port = Number(new URL(bait.addresses[0] as string).port);
      const wrong = [...badSpellings(port), ...farAway(port)];
      await name(victim, wrong);
      // A text that is no address does not spoil the one behind it.
      const good = await network.trap();
      await say(victim.address, handshake([...wrong, good.address]));
      await until('the good one to be dialled', () => good.callers.length > 0);
      await sleep(1000);
      assert.equal(bait.accepted, 0, `dialled:\n${diallingLines(said()).join('\n')}`);
      const fine = /dialling: ws:\/\/localhost:\d+$/;
      const strays = diallingLines(said()).filter(
        (line) => !fine.test(line) || line.endsWith(`:${port}`),
      );
      assert.deepEqual(strays, []);
    }));

  test('a node that hears of itself in all spellings, from who claims to be it, stays itself', () =>
    underAttack(async ({ victim, honest }) => {
      const hosts = [...HOSTS, 'localhost', 'localhost.', 'LocalHost.', '[::1]', '[::]'];
      const names = hosts.map((host) => `ws://${host}:${victim.port}`);
      const all = [...names, ...names.map((each) => `${each}/`), `wss://localhost:${victim.port}`];
      await name(victim, all);
      for (const [number, address] of names.entries()) {
        const claimant = await connectTo(victim.address, number % 2 ? claimOf(address) : {});
        claimant.send(handshake([address, honest.address]));
        claimant.send(JSON.stringify(transactionMessage(`from ${address}`)));
        claimant.close();
      }
      const sent = names.map((address) => `from ${address}`);
      await untilPoolHolds(victim, sent);
      await until('the honest one to have all that came under its name', async () => {
        const text = await honest.poolText();
        return sent.every((id) => text.includes(`"${id}"`));
      });
      assert.deepEqual(await peersOf(victim), [honest.address]);
    }));

  test('a node that is led to itself by many names lets each of them go, and dials it once', () =>
    underAttack(async ({ network, victim, honest }) => {
      const forwarders: Forwarder[] = [];
      const names: string[] = [];
      for (const host of HOSTS) {
        const forwarder = network.keep(await Forwarder.open(victim.port));
        forwarders.push(forwarder);
        names.push(forwarder.address.replace('localhost', host));
      }
      await say(victim.address, handshake(names));
      await until(
        () => `a look at each; there were ${forwarders.map(({ accepted }) => accepted)}`,
        () => forwarders.every(({ accepted }) => accepted > 0),
      );
      await until('each to be let go', () => !forwarders.some(({ isOpen }) => isOpen));
      const others = forwarders.map(({ address }) => address);
      for (let i = 0; i < 5; i++) {
        await say(victim.address, handshake([...others, ...names]));
        await sleep(500);
      }
      assert.deepEqual(
        forwarders.map(({ accepted }) => accepted),
        names.map(() => 1),
        'none is dialled again',
      );
      assert.deepEqual(await peersOf(victim), [honest.address]);
    }));

  test('a name that leads to the node itself, and a peer behind it, lead to the peer once', () =>
    underAttack(async ({ network, victim, honest }) => {
      const roundabout = network.keep(await Forwarder.open(honest.port));
      const circle = network.keep(await Forwarder.open(victim.port));
      const longer = network.keep(await Forwarder.open(Number(new URL(circle.address).port)));
      const names = [roundabout.address, circle.address, longer.address];
      await say(victim.address, handshake(names));
      await say(honest.address, handshake(names));
      for (const forwarder of [roundabout, circle, longer]) {
        await until('a look at each name', () => forwarder.accepted > 0);
        await until('each name to be let go', () => !forwarder.isOpen);
      }
      assert.deepEqual(await peersOf(victim), [honest.address]);
      assert.deepEqual(await peersOf(honest), [victim.address]);
    }));
});
