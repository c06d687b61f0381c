/** Something that passes for a node, and is none: what it answers is bounded, and an error that says so. */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { LIMITS } from '../../lib/limits.js';
import { all, lineAt, withFakeAnswers } from '../support/fake-node.js';
import { until } from '../support/helpers.js';

for (const [what, lines, says] of [
  ['no JSON', 'hello\n', 'what is no transaction'],
  ['another object', '{"place":1}\n', 'what is no transaction'],
  ['a place that is none', lineAt(0, null) + lineAt(1.5), 'what is no transaction'],
  [
    'a transaction that is none',
    `${lineAt(0, null)}{"place":1,"block":null,"transaction":[]}\n`,
    'what is no',
  ],
  ['a transaction before the place', lineAt(1), 'places in disorder'],
  ['another place than asked for', lineAt(7, null), 'another place than asked for'],
  ['a transaction again', lineAt(0, null) + lineAt(1) + lineAt(1), 'places in disorder'],
  ['a place again', lineAt(0, null) + lineAt(1) + lineAt(2, null), 'places in disorder'],
  ['a line without end', lineAt(0, null) + 'x'.repeat(200_000), 'a line without end'],
] as const) {
  test(`a loop ends with an error that says so: ${what}`, () =>
    withFakeAnswers(
      (_, response) => void response.write(lines),
      async (client, fake) => {
        const loop = all(client.transactions({ after: 0 }));
        const error = await loop.catch((reason) => reason);
        assert.equal(error.name, 'NodeError');
        assert.match(error.message, new RegExp(`^${fake.address} answers with .*${says}`));
        await until('the end of the request', () => fake.open.size === 0);
        assert.equal(fake.asked.length, 1);
      },
    ));
}

const UNFIT = [
  ['the end of the connection', (response) => response.destroy(), 'it hangs up'],
  ['no JSON', (response) => response.end('<html>'), 'answers with what'],
  ['an object', (response) => response.end('{}'), 'answers with what'],
  ['null', (response) => response.end('null'), 'answers with what'],
  ['something without end', pourSpaces, 'answers with more than a node has to say'],
  ['500', (response) => response.writeHead(500).end(), 'it answers 500'],
  ['401', (response) => response.writeHead(401).end(), 'NETWORK_SECRET'],
  ['403', (response) => response.writeHead(403).end(), 'only to programs on its own machine'],
  ['503', (response) => response.writeHead(503).end(), 'no room for one more reader'],
] as const satisfies [string, (response: ServerResponse) => unknown, string][];

/** Answers that do not come, or not to an end. */
const LATE = [
  ['nothing', () => {}],
  ['a head alone', (response) => response.writeHead(200).flushHeaders()],
  ['a byte at a time', drip],
] as const satisfies [string, (response: ServerResponse) => unknown][];

for (const [what, answer, says, patienceMs] of [
  ...UNFIT.map((each) => [...each, undefined] as const),
  ...LATE.map((each) => [...each, 'has not answered for 0.5 s; is it stopped\\?', 500] as const),
]) {
  test(`an answer that does not fit is an error that says so: ${what}`, () =>
    withFakeAnswers(
      (_, response) => void answer(response),
      async (client) => {
        const unfit = { name: 'NodeError', message: new RegExp(says) };
        await assert.rejects(client.status(), unfit);
        await assert.rejects(client.block(1), unfit);
        await assert.rejects(all(client.blocks()), unfit);
      },
      patienceMs,
    ));
}

test('blocks that are none, or of other heights, are an error; so is a loop that finds nobody', () => {
  const header = { timestamp: 1, nonce: 1 };
  const hash = 'a'.repeat(64);
  const block = { ...header, height: 5, previousHash: hash, merkleRoot: hash, hash };
  const answers: object[] = [
    { blocks: [{ ...block, transactions: [] }] },
    { blocks: [{ ...block, height: 0, transactions: [1] }] },
    { blocks: [{ ...block, height: 0 }] },
    { blocks: Array(LIMITS.listed + 1).fill({ ...block, transactions: [] }) },
  ];
  let number = 0;
  const begin = (_: string, response: ServerResponse) =>
    void response.end(JSON.stringify(answers[number++]));
  return withFakeAnswers(begin, async (client, fake) => {
    for (const _ of answers) await assert.rejects(all(client.blocks()), /what are no blocks/);
    await fake.close();
    await assert.rejects(all(client.transactions({ after: 0 })), /No node is listening on/);
    await assert.rejects(client.status(), /No node is listening on/);
  });
});

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

function pourSpaces(response: ServerResponse): void {
  response.end(' '.repeat(LIMITS.clientAnswerBytes + 1));
}
