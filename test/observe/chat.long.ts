/** The example of a program on top of a node: a chat. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectTo, PROJECT, until } from '../support/helpers.js';
import { type Network, withNetwork } from '../support/network.js';
import { Program } from '../support/program.js';

const CHAT = join(PROJECT, 'examples/chat.js');

test('what one types is read by the other, over another node, also when that was away', () =>
  withNetwork(async (network) => {
    const [first, second] = await network.startMesh(2);
    assert.ok(first && second);
    const ann = chat(network, 'ann', first.port);
    const bob = chat(network, 'bob', second.port);
    // Whoever comes sees what is said from then on.
    const hears = async (who: Program, text: string, line = text) => {
      await until(`${line} in ${who.stdout}`, async () => {
        if (!who.lines.includes(line)) ann.process.stdin?.write(`${text}\n`);
        return who.lines.includes(line);
      });
    };
    await hears(bob, 'hello', 'ann: hello');
    await second.end('SIGKILL');
    await until('a line', () => bob.stdout.includes('does not answer'));
    ann.process.stdin?.write('are you there?\n');
    await until('it in the pool', async () => (await first.poolText()).includes('are you there?'));
    await network.restart(second);
    await until('what he missed', () => bob.lines.includes('ann: are you there?'));
    const stranger = await connectTo(first.address);
    const data = { id: 'x', fromAddress: 'eve\u001b[2J', toAddress: 'chat', text: '\u0007\u009b' };
    stranger.send(JSON.stringify({ type: 'TRANSACTION', data }));
    await until('it without control characters', () => bob.lines.includes('eve?[2J: ??'));
    assert.equal(bob.lines.filter((line) => line === 'ann: are you there?').length, 1);
    for (const each of [ann, bob]) {
      each.process.stdin?.end();
      assert.equal((await each.result()).code, 0);
    }
    const { code, stderr } = await new Program([CHAT], PROJECT).result();
    assert.deepEqual([code, stderr], [1, 'Say who you are: node examples/chat.js NAME [PORT]\n']);
  }));

function chat(network: Network, name: string, port: number): Program {
  return network.keep(new Program([CHAT, name, `${port}`], PROJECT, process.execPath, 'pipe'));
}
