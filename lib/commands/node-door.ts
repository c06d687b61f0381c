/** Requests to a node on this machine. */

import { type ClientRequest, get as getPlain, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { secretHeaders } from '../guard/access.js';
import type { Settings } from '../settings.js';

const ANSWER_LIMIT_MS = 5000;

/** Where a node answers requests. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export function doorOf({ hosts, port, tls, secret }: Settings): Door {
  const [host = ''] = hosts;
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return {
    host: isEverywhere ? '127.0.0.1' : host,
    port,
    isTls: tls !== undefined,
    headers: { host: `localhost:${port}`, ...secretHeaders(secret) },
  };
}

/**
 * Reads what a node has at a path.
 *
 * @param isEnough whether no more is needed than what has come
 * @throws Error if it does not answer, or not with a 200
 */
export function read(
  door: Door,
  path: string,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = requestTo(door, path, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (!isEnough(text)) return;
        resolve(text);
        request.destroy();
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(text.trim() || `status ${response.statusCode}`));
      });
      response.on('error', reject);
    });
    request.setTimeout(ANSWER_LIMIT_MS, () => request.destroy(new Error('it does not answer')));
    request.on('error', reject);
  });
}

/** Asks for a path. */
export function requestTo(
  { host, port, isTls, headers }: Door,
  path: string,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const options = { host, port, path, headers, agent: false };
  // It is our own node, on this machine.
  return isTls
    ? getOverTls({ ...options, rejectUnauthorized: false }, onResponse)
    : getPlain(options, onResponse);
}
