/**
 * A chat over any node of the network: node examples/chat.js NAME [PORT]. What you type becomes a
 * transaction, which the nodes carry everywhere; what comes is read from the node by its place, so
 * that nothing is missed while the node is away, and nothing comes twice.
 */

import { createInterface } from 'node:readline';
import { connect } from '../lib/client/index.js';

const [name, port = '4001'] = process.argv.slice(2);
if (name === undefined) {
  console.error('Say who you are: node examples/chat.js NAME [PORT]');
  process.exit(1);
}
const node = await connect(`ws://localhost:${port}`, {
  onLost: ({ message }) => console.log(`the node does not answer (${message}), trying again`),
}).catch(({ message }) => {
  console.error(message);
  process.exit(1);
});
const terminal = createInterface({ input: process.stdin, terminal: false });
terminal.on('close', () => process.exit());
terminal.on('line', (text) => {
  const said = node.add({ fromAddress: name, toAddress: 'chat', amount: 0, text });
  said.catch(({ message }) => console.log(`not sent: ${text} (${message})`));
});
for await (const { transaction } of node.transactions()) {
  const { fromAddress, toAddress, text } = transaction;
  if (toAddress !== 'chat' || typeof text !== 'string') continue;
  // Whatever a stranger has written, it moves no cursor here.
  console.log(`${fromAddress}: ${text}`.replace(/\p{Cc}/gu, '?'));
}
