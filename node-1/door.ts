/**
 * Who may come in. Any web page can open a WebSocket to this machine, and any name can be made
 * to lead here: so a request has to say that it is from no page, and for us. Pure.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { withoutBrackets } from './addresses.js';

export interface Refusal {
  readonly status: 400 | 401 | 403 | 408 | 426;
  /** For the log; who is refused is told the status alone. */
  readonly reason: string;
}

export interface Door {
  /** By what name others may ask for us, beside `localhost` and IP addresses. */
  readonly hostname: string;
  readonly secret: string | undefined;
}

type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

/** Tells why a request, to become a WebSocket or not, is refused; undefined if it is not. */
export function whyRefused(request: Request, { hostname, secret }: Door): Refusal | undefined {
  const { headers } = request;
  // First, for who does not know the secret is to learn nothing else.
  if (secret !== undefined && !isBearer(headers.authorization, secret)) {
    return { status: 401, reason: 'without our NETWORK_SECRET' };
  }
  const hosts = request.rawHeaders.filter((text, i) => i % 2 === 0 && /^host$/i.test(text));
  if (hosts.length !== 1 || !request.url?.startsWith('/')) {
    return { status: 400, reason: 'a request that says not clearly whom it is for' };
  }
  if (headers.origin !== undefined) {
    return { status: 403, reason: `a web page of ${headers.origin}` };
  }
  const asked = hostnameOf(headers.host);
  if (asked !== 'localhost' && asked !== hostname && isIP(asked) === 0) {
    return { status: 403, reason: `asks for ${headers.host}, which is not us` };
  }
  return undefined;
}

/** The headers by which one who knows the secret shows it. */
export function secretHeaders(secret: string | undefined): Record<string, string> {
  return secret === undefined ? {} : { authorization: `Bearer ${secret}` };
}

/** Compares digests, and in constant time: how long it takes tells nothing about the secret. */
function isBearer(authorization: string | undefined, secret: string): boolean {
  const shown = /^Bearer (.*)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(shown), digest(secret));
}

/** A host header, or the host of an address, without its port and brackets, in lower case. */
export function hostnameOf(host = ''): string {
  return withoutBrackets(host.replace(/:\d*$/, '')).replace(/\.$/, '').toLowerCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
