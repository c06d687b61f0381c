/** Requests to the HTTP interface of a node, and its answers, bounded in time and size. */

import { once } from 'node:events';
import { get as getOverHttp, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { secretHeaders } from '../guard/access.js';
import { parseJson } from '../json-source.js';
import { LIMITS } from '../limits.js';
import { pageAddressOf } from '../peers/addresses.js';
import { notReached } from './dial.js';
import { NodeError, silent } from './node-error.js';
import type { Target } from './target.js';

export interface Asking {
  /** The longest silence of the node. */
  readonly patienceMs: number;
  /** Ends the request, and all that comes of it. */
  readonly signal: AbortSignal;
}

/**
 * Asks for a path.
 *
 * @returns the answer, of which the head has come; undefined if there is nothing at this path
 * @throws NodeError if there is no answer, or a refusal; the reason of the signal
 */
export async function ask(
  { address, secret, ca }: Target,
  path: string,
  { patienceMs, signal }: Asking,
): Promise<IncomingMessage | undefined> {
  const get = address.toLowerCase().startsWith('wss:') ? getOverTls : getOverHttp;
  const options = { agent: false, headers: secretHeaders(secret), signal, ca };
  const request = get(new URL(path, pageAddressOf(address)), options);
  // An error that comes when nobody waits is found in the answer as well.
  request.on('error', () => {});
  const late = setTimeout(() => request.destroy(silent(address, patienceMs)), patienceMs);
  try {
    const [response]: [IncomingMessage] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode === 200) return response;
    response.destroy();
    if (response.statusCode === 404) return undefined;
    throw refused(address, response.statusCode ?? 0);
  } catch (error) {
    throw asNodeError(error, address, signal);
  } finally {
    clearTimeout(late);
  }
}

/**
 * Asks for an object in JSON.
 *
 * @returns what it says; undefined if there is nothing at this path
 * @throws NodeError if it is not reached, falls silent, or is too long; the reason of the signal
 */
export async function askForJson(target: Target, path: string, asking: Asking): Promise<unknown> {
  const response = await ask(target, path, asking);
  if (response === undefined) return undefined;
  const { address } = target;
  const { patienceMs } = asking;
  // For all of it: what comes byte by byte would never be silent for long.
  const late = setTimeout(() => response.destroy(silent(address, patienceMs)), patienceMs);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response) {
      bytes += part.length;
      if (bytes > LIMITS.clientAnswerBytes) throw unfit(address, 'more than a node has to say');
      parts.push(part);
    }
  } catch (error) {
    throw asNodeError(error, address, asking.signal);
  } finally {
    clearTimeout(late);
  }
  return parseJson(Buffer.concat(parts).toString()) ?? null;
}

/**
 * Reads the lines of an answer that does not end; no faster than they are taken. Empty lines, which
 * show that the node is alive, are left out.
 *
 * @throws NodeError when the answer breaks off, the node falls silent, or a line is too long; the
 * reason of the signal
 */
export async function* linesOf(
  response: IncomingMessage,
  address: string,
  { patienceMs, signal }: Asking,
): AsyncGenerator<string, void, undefined> {
  response.setEncoding('utf8');
  const parts: AsyncIterator<string> = response[Symbol.asyncIterator]();
  let rest = '';
  try {
    for (;;) {
      // Not while nobody asks for the next part: then it is not the node that is silent.
      const late = setTimeout(() => response.destroy(silent(address, patienceMs)), patienceMs);
      const { done, value } = await parts.next().finally(() => clearTimeout(late));
      if (done) throw new NodeError(`${address} has ended its answer`);
      const lines = `${rest}${value}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of [...lines, rest]) {
        if (line.length > LIMITS.clientLineCharacters) throw unfit(address, 'a line without end');
      }
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    throw asNodeError(error, address, signal);
  } finally {
    response.destroy();
  }
}

/** What a node answered, and should not have. */
export function unfit(address: string, what: string): NodeError {
  return new NodeError(`${address} answers with ${what}: it may be another program`, true);
}

function refused(address: string, status: number): NodeError {
  if (status === 403) {
    const why = 'only to programs on its own machine, or with its NETWORK_SECRET';
    return new NodeError(`${address} shows this ${why}`, true);
  }
  if (status === 503) return new NodeError(`${address} has no room for one more reader`);
  return notReached(new Error(`Unexpected server response: ${status}`), address);
}

function asNodeError(error: unknown, address: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof NodeError || !(error instanceof Error)) return error;
  return notReached(error, address);
}
