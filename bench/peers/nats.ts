/**
 * A client of NATS JetStream. With an address alone, it makes the stream; else it takes the place of
 * the injector, and hands transactions to that stream: node bench/peers/nats.js ADDRESS [FROM COUNT]
 *
 * Set for the highest rate: so many are under way as a server acknowledges in a few round trips, and
 * all acknowledgements come to one subscription, for that costs the client half as much as a promise
 * for each. The server tells by the message id whether it has a transaction already.
 */

import { once } from 'node:events';
import { connect, headers, type Msg, type MsgHdrs, type NatsConnection, StorageType } from 'nats';
import { nowMs } from '../machine.js';
import { idOf, transactionText } from '../transactions.js';

const SUBJECT = 'transactions';
const ACKS = 'acks';
const REPLICAS = 3;
/** Not yet acknowledged. */
const UNDER_WAY = 4096;

const [address = '', from, count] = process.argv.slice(2);
const connection = await connect({ servers: address });
if (from === undefined) await makeStream(connection);
else await handIn(connection, Number(from), Number(count));

async function makeStream(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.streams.add({
    name: SUBJECT,
    subjects: [SUBJECT],
    num_replicas: REPLICAS,
    storage: StorageType.File,
  });
  await connection.close();
}

async function handIn(connection: NatsConnection, from: number, count: number): Promise<void> {
  process.once('disconnect', () => process.exit());
  const messages = Array.from({ length: count }, (_, place) => encode(from + place));
  process.send?.('ready');
  await once(process, 'message');
  const startedMs = nowMs();
  await publish(connection, messages);
  process.send?.([startedMs]);
}

/** Resolves when all are acknowledged. */
function publish(
  connection: NatsConnection,
  messages: readonly { readonly data: Uint8Array; readonly headers: MsgHdrs }[],
): Promise<void> {
  let sent = 0;
  let acknowledged = 0;
  const send = () => {
    for (; sent < messages.length && sent - acknowledged < UNDER_WAY; sent++) {
      const { data, headers } = messages[sent] as (typeof messages)[number];
      connection.publish(SUBJECT, data, { headers, reply: ACKS });
    }
  };
  return new Promise((done, fail) => {
    const callback = (error: Error | null, message: Msg) => {
      const why = error?.message ?? whyRefused(message);
      if (why !== undefined) fail(new Error(why));
      acknowledged += 1;
      if (acknowledged === messages.length) done();
      else send();
    };
    connection.subscribe(ACKS, { callback });
    send();
  });
}

/** An acknowledgement names the place in the stream; undefined if this is one of a new message. */
function whyRefused(message: Msg): string | undefined {
  const text = message.string();
  return /^{"stream":"[^"]*", ?"seq":\d+}$/.test(text) ? undefined : `the server says: ${text}`;
}

function encode(number: number) {
  const data = Buffer.from(transactionText(number));
  const its = headers();
  its.set('Nats-Msg-Id', Buffer.from(idOf(data)).toString());
  return { data, headers: its };
}
