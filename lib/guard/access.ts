/**
 * Access control: who may connect, and who may see the page. Any web page can open a WebSocket to
 * this machine, and anybody can have a name lead here. So a request must come from no page or from
 * our own, and must be meant for us. Pure.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback, withoutBrackets } from '../peers/addresses.js';

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 408 | 431;
  /** For the log. The caller gets the status alone, */
  readonly reason: string;
  /** and this line, if there is one. */
  readonly header?: string;
}

export interface AccessRules {
  /** The name under which others ask for us, besides `localhost` and IP addresses. */
  readonly hostname: string;
  readonly secret: string | undefined;
  /** The scheme of our own page, as others reach it. */
  readonly scheme: 'http' | 'https';
  /** Whether a connection from loopback may come from elsewhere. */
  readonly isBehindProxy: boolean;
}

type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

const NO_SECRET: Refusal = { status: 401, reason: 'without our NETWORK_SECRET' };
/** What is in the pool and the chain, and what is said to whom: not for everybody who can look. */
const CONTENT = /^\/(messages|transactions|blocks|peers)([/?]|$)/;
const NOT_FROM_HERE: Refusal = {
  status: 403,
  reason: 'asks from elsewhere for what takes a NETWORK_SECRET',
};
/** Makes a browser ask its user for the secret. */
const ASK = 'www-authenticate: Basic realm="NETWORK_SECRET as the password"';
/** Headers that a proxy adds. */
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip)$/;

/** Returns why an upgrade to a WebSocket is refused; undefined if it is not. */
export function whyRefused(
  request: Request,
  { hostname, secret }: AccessRules,
): Refusal | undefined {
  const { authorization, origin } = request.headers;
  // Checked first: a caller without the secret learns nothing else.
  if (secret !== undefined && !isSame(bearerOf(authorization), secret)) return NO_SECRET;
  const isForeign = origin !== undefined;
  return whyUnclear(request) ?? (isForeign ? fromPage(origin) : whyNotFor(hostname, request));
}

/**
 * Returns why a request for our page, or a part of it, is refused; undefined if it is not.
 *
 * @param remoteAddress the IP address of the caller
 */
export function whyNotShown(
  request: Request,
  remoteAddress: string,
  { hostname, secret, scheme, isBehindProxy }: AccessRules,
): Refusal | undefined {
  const { authorization, origin, host } = request.headers;
  const isFromHere = !isBehindProxy && isFromLoopback(request, remoteAddress);
  if (secret !== undefined && !isFromHere) {
    const shown = bearerOf(authorization) || passwordOf(authorization);
    if (!isSame(shown, secret)) return { ...NO_SECRET, header: ASK };
  }
  const unclear = whyUnclear(request);
  if (unclear !== undefined) return unclear;
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${host}`.toLowerCase()) {
    return fromPage(origin);
  }
  if (isWithinForeignPage(request)) return fromPage('somebody else');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, reason: `asks for ${request.method}`, header: 'allow: GET, HEAD' };
  }
  if (secret === undefined && !isFromHere && CONTENT.test(`${request.url}`)) return NOT_FROM_HERE;
  return whyNotFor(hostname, request);
}

function whyUnclear(request: Request): Refusal | undefined {
  const hosts = request.rawHeaders.filter((text, i) => i % 2 === 0 && /^host$/i.test(text));
  if (hosts.length !== 1 || !request.url?.startsWith('/')) {
    return { status: 400, reason: 'a request that says not clearly whom it is for' };
  }
  return undefined;
}

function whyNotFor(hostname: string, { headers: { host } }: Request): Refusal | undefined {
  const asked = hostnameOf(host);
  if (asked === 'localhost' || asked === hostname || isIP(asked) !== 0) return undefined;
  return { status: 403, reason: `asks for ${host}, which is not us` };
}

function fromPage(origin: string): Refusal {
  return { status: 403, reason: `a web page of ${origin}` };
}

/** Whether, as the browser says, a foreign page asks for it other than by a link to it. */
function isWithinForeignPage({ headers }: Request): boolean {
  const httpInterface = headers['sec-fetch-site'];
  const isForeign = httpInterface === 'cross-site' || httpInterface === 'same-site';
  const [mode, dest] = [headers['sec-fetch-mode'], headers['sec-fetch-dest']];
  return isForeign && (mode !== 'navigate' || dest !== 'document');
}

/** Whether a request comes from this machine, and not through a proxy on it. */
function isFromLoopback({ headers }: Request, remoteAddress: string): boolean {
  if (Object.keys(headers).some((name) => FORWARDED.test(name))) return false;
  return isLoopback(remoteAddress) && isLoopback(hostnameOf(headers.host));
}

/** The headers that show the secret. */
export function secretHeaders(secret: string | undefined): Record<string, string> {
  return secret === undefined ? {} : { authorization: `Bearer ${secret}` };
}

function bearerOf(authorization = ''): string {
  return /^Bearer (.*)$/i.exec(authorization)?.[1] ?? '';
}

/** The password that a person typed into the browser's form, with any name. */
function passwordOf(authorization = ''): string {
  const encoded = /^Basic (.*)$/i.exec(authorization)?.[1] ?? '';
  return /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString())?.[1] ?? '';
}

/** Compares digests in constant time, so that the time tells nothing about the secret. */
export function isSame(shown: string, secret: string): boolean {
  return timingSafeEqual(digest(shown), digest(secret));
}

/** A host header, or the host of an address, without its port and brackets, in lower case. */
export function hostnameOf(host = ''): string {
  return withoutBrackets(host.replace(/:\d*$/, '')).replace(/\.$/, '').toLowerCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
