/**
 * Variants of the solution: styles that are all correct, and mutants with one fault each and the story
 * that this breaks.
 */

import type { Change, Mutant, Variant } from './solution.js';

const COMMON_JS_IMPORTS = `const { WebSocket, WebSocketServer } = require('ws');
const dotenv = require('dotenv');
const { knownPeers, readTransactions, writeTransactions } = require('./files.js');
const { isSame } = require('./transactions.js');
`;
const COMMON_JS: readonly Change[] = [
  { from: /import \{ WebSocket.*\n.*\n.*\n.*\n/, to: COMMON_JS_IMPORTS },
  {
    file: 'files.js',
    to: `const { readFileSync, writeFileSync } = require('fs');
exports.knownPeers = JSON.parse(readFileSync('./known-peers.json', 'utf8'));
exports.readTransactions = () => JSON.parse(readFileSync('./transactions.json', 'utf8'));
exports.writeTransactions = (all) => writeFileSync('./transactions.json', JSON.stringify(all));
`,
  },
  { file: 'transactions.js', to: 'exports.isSame = (one, other) => one.hash === other.hash;\n' },
  {
    file: 'add-transaction.js',
    from: /import.*\nimport.*\nimport.*\n/,
    to: "const { WebSocket } = require('ws');\nconst dotenv = require('dotenv');\nconst { createHash } = require('crypto');\n",
  },
];

const LIST = '[myAddress, ...connectedAddresses]';
const LISTEN = "server.on('connection', (socket) => {";

/** All of these are correct. */
export const STYLES: readonly Variant[] = [
  { name: 'its own address first', changes: [] },
  {
    name: 'its own address last, its package.json two folders up',
    changes: [{ from: LIST, to: '[...connectedAddresses, myAddress]' }],
    packageLevel: 2,
  },
  {
    name: 'its own address in the middle, told before the new one is noted',
    changes: [
      {
        from: LIST,
        to: '[...connectedAddresses.slice(0, 1), myAddress, ...connectedAddresses.slice(1)]',
      },
    ],
    packageLevel: 0,
  },
  { name: 'CommonJS', changes: COMMON_JS },
  {
    name: 'dials one address after the other',
    changes: [
      { from: 'knownPeers.forEach(connect);', to: 'dialAll(knownPeers);' },
      { from: '    data.forEach(connect);', to: '    dialAll(data);' },
      {
        from: 'function connect(address) {',
        to: `async function dialAll(addresses) {
  for (const address of addresses) {
    const socket = connect(address);
    if (socket) await new Promise((done) => socket.once('open', done).once('close', done));
  }
}

function connect(address) {`,
      },
      {
        from: "    console.log('could not connect to', address);\n  });\n",
        to: "    console.log('could not connect to', address);\n  });\n  return socket;\n",
      },
    ],
  },
  {
    name: 'reads and answers on both sides of a connection, and prints a lot',
    changes: [
      {
        from: LISTEN,
        to: `${LISTEN}
  socket.send(JSON.stringify({ type: 'HANDSHAKE', data: [...connectedAddresses, myAddress] }));`,
      },
      {
        from: "  socket.on('open', () => {",
        to: "  socket.on('message', (text) => receive(text.toString()));\n  socket.on('open', () => {",
      },
      {
        from: 'function receive(text) {',
        to: "function receive(text) {\n  console.log('x'.repeat(100000));",
      },
    ],
  },
];

/** Each has one fault. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'listens on a port of its own',
    breaks: '1',
    changes: [{ from: 'process.env.PORT', to: '4567' }],
  },
  {
    name: 'dies when a known peer is down',
    breaks: '2',
    changes: [{ from: / {2}socket\.on\('error'[\s\S]*?\n {2}\}\);\n/, to: '' }],
  },
  {
    name: 'dials only the first known peer',
    breaks: '2',
    changes: [
      { from: 'knownPeers.forEach(connect)', to: 'knownPeers.slice(0, 1).forEach(connect)' },
    ],
  },
  {
    name: 'sends no HANDSHAKE',
    breaks: '3',
    changes: [{ from: "    socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));\n", to: '' }],
  },
  { name: 'leaves itself out', breaks: '3', changes: [{ from: LIST, to: 'connectedAddresses' }] },
  {
    name: 'sends its HANDSHAKE only over the first connection',
    breaks: '3',
    changes: [
      {
        from: '    socket.send(JSON',
        to: '    if (connectedAddresses.length === 1) socket.send(JSON',
      },
    ],
  },
  {
    name: 'does not dial what it hears',
    breaks: '4',
    changes: [{ from: 'data.forEach(connect);', to: '' }],
  },
  {
    name: 'dials again what it is connected to',
    breaks: '4',
    changes: [{ from: '  if (connectedAddresses.includes(address)) return;\n', to: '' }],
  },
  {
    name: 'tells of known peers instead of connected ones',
    breaks: '5',
    changes: [
      { from: LIST, to: '[myAddress, ...new Set([...knownPeers, ...connectedAddresses])]' },
    ],
  },
  {
    name: 'a failed dial forgets another peer',
    breaks: '5',
    changes: [
      {
        from: "    console.log('could not",
        to: "    connectedAddresses.pop();\n    console.log('could not",
      },
    ],
  },
  {
    name: 'keeps an address that left',
    breaks: '6',
    changes: [
      {
        from: '    connectedAddresses = connectedAddresses.filter((a) => a !== address);\n    sockets',
        to: '    sockets',
      },
    ],
  },
  {
    name: 'dials twice at once',
    breaks: '7',
    changes: [{ from: '  if (attemptingToConnectToAddress.includes(address)) return;\n', to: '' }],
  },
  {
    name: 'never tries again what has failed',
    breaks: '7',
    changes: [
      {
        from: "on('error', () => {\n    attemptingToConnectToAddress = attemptingToConnectToAddress.filter((a) => a !== address);",
        to: "on('error', () => {",
      },
    ],
  },
  {
    name: 'dials itself',
    breaks: '8',
    changes: [{ from: '  if (address === myAddress) return;\n', to: '' }],
  },
  {
    name: 'drops every second transaction',
    breaks: 'bonus 1',
    changes: [
      { from: 'function receive(text) {', to: 'let count = 0;\nfunction receive(text) {' },
      {
        from: '    const transactions =',
        to: '    if (count++ % 2) return;\n    const transactions =',
      },
    ],
  },
  {
    name: 'knows a transaction by its id alone',
    breaks: 'bonus 1',
    changes: [
      { file: 'transactions.js', from: 'one.hash === other.hash', to: 'one.id === other.id' },
    ],
  },
  {
    name: 'does not read its pool at the start',
    breaks: 'bonus 1',
    changes: [
      { from: '    const transactions = readTransactions();\n', to: '' },
      {
        from: 'writeTransactions([...transactions, data]);',
        to: 'transactions.push(data);\n    writeTransactions(transactions);',
      },
      { from: 'const sockets =', to: 'const transactions = [];\nconst sockets =' },
    ],
  },
  {
    name: 'writes a broken file',
    breaks: 'bonus 1',
    changes: [
      {
        file: 'files.js',
        from: 'JSON.stringify(transactions, null, 2)',
        to: 'transactions.map((one) => JSON.stringify(one)).join()',
      },
    ],
  },
  {
    name: 'dies on a TRANSACTION',
    breaks: 'bonus 1',
    changes: [
      {
        from: "type === 'TRANSACTION') {",
        to: "type === 'TRANSACTION') {\n    data.forEach(connect);",
      },
    ],
  },
  {
    name: 'relays only to the first',
    breaks: 'bonus 2',
    changes: [{ from: 'of sockets.values()', to: 'of [...sockets.values()].slice(0, 1)' }],
  },
  {
    name: 'keeps a transaction twice',
    breaks: 'bonus 3',
    changes: [
      {
        from: '    if (transactions.some((known) => isSame(known, data))) return;\n',
        to: '    const isKnown = transactions.some((known) => isSame(known, data));\n',
      },
      { from: '    for (const other', to: '    if (!isKnown) for (const other' },
    ],
  },
  {
    name: 'passes a transaction on for ever',
    breaks: 'bonus 3',
    changes: [
      {
        from: '    if (transactions.some((known) => isSame(known, data))) return;\n    writeTransactions',
        to: '    if (!transactions.some((known) => isSame(known, data))) writeTransactions',
      },
    ],
  },
];
