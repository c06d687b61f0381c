/**
 * A name server that a test starts on an island: `node name-server.js '{"mesh.test":"10.0.0.1"}'`.
 * It answers for these names, and says of those under `nowhere.test` that there are none. Of all
 * others it says nothing, as one does that cannot be reached.
 */

import { createSocket } from 'node:dgram';

const names: Record<string, string> = JSON.parse(process.argv[2] ?? '{}');
const HEADER_BYTES = 12;
const [TYPE_A, CLASS_IN] = [1, 1];
const NO_SUCH_NAME = 3;
const TTL_S = 60;

/** The name in a question (RFC 1035, 4.1.2), and where the question ends. */
function readQuestion(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 5 };
}

/** The answer to a query, or undefined for silence. */
function answerTo(query: Buffer): Buffer | undefined {
  const { name, end } = readQuestion(query);
  const ip = names[name];
  const isNone = name.endsWith('nowhere.test');
  if (ip === undefined && !isNone) return undefined;
  const hasAnswer = ip !== undefined && query.readUInt16BE(end - 4) === TYPE_A;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8180 | (isNone ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(hasAnswer ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const question = query.subarray(HEADER_BYTES, end);
  if (!hasAnswer) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  // The name is where the question has it.
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_S, 6);
  record.writeUInt16BE(4, 10);
  for (const [index, part] of ip.split('.').entries()) record[12 + index] = Number(part);
  return Buffer.concat([header, question, record]);
}

const server = createSocket('udp4');
server.on('message', (query, { port, address }) => {
  const answer = answerTo(query);
  if (answer !== undefined) server.send(answer, port, address);
});
server.bind(53, '127.0.0.1', () => console.log('listening'));
