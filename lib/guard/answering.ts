/** The answers to requests on a server: which are let in, and how many sockets may wait for theirs. */

import { type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { type AccessRules, type Refusal, whyNotShown, whyRefused } from './access.js';

/** They take the requests that access control lets in. */
export interface Handlers {
  /** Takes an upgrade to a WebSocket. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Answers another request; returns true if the answer has no end. Without it there is nothing to see. */
  onRequest?(request: IncomingMessage, response: ServerResponse): boolean;
}

/** Decides which requests are let in. */
export interface Door {
  rulesFor(socket: Socket): AccessRules;
  /** Whether nobody has to know a secret. */
  readonly isOpen: boolean;
}

const NOTHING_TO_SEE: Refusal = { status: 403, reason: 'asks for a page by the swarm' };

/**
 * Limits the sockets that are not WebSockets yet: at the limit, a new one replaces the oldest.
 *
 * @param unopened those of one server or of several; the handler of an upgrade takes its socket out
 * @param endOf tells sockets apart
 */
export function limitUnopened(
  server: Server,
  unopened: Map<unknown, Socket>,
  endOf: (socket: Socket) => unknown,
): void {
  // Node.js removes its own listener before an upgrade or a CONNECT; TLS has a socket of its own.
  const ignoreErrors = (socket: Socket) => socket.on('error', () => {});
  server.on('secureConnection', ignoreErrors);
  server.on('connection', ignoreErrors);
  server.on('connection', (socket: Socket) => {
    const end = endOf(socket);
    unopened.set(end, socket);
    socket.once('close', () => {
      if (unopened.get(end) === socket) unopened.delete(end);
    });
    if (unopened.size <= LIMITS.pendingSockets) return;
    const [oldest] = unopened.values();
    oldest?.destroy();
  });
}

/** Hands over the requests that access control lets in; the others get an error status. */
export function answerOn(
  server: Server,
  { rulesFor, isOpen }: Door,
  log: Log,
  handlers: Handlers,
): void {
  // A connection gets one answer: a second one could get into the first. Further requests would
  // wait in memory until the first is answered, which may be never.
  const requests = new WeakMap<Socket, number>();
  const isFirst = (socket: Socket) => {
    const before = requests.get(socket) ?? 0;
    requests.set(socket, before + 1);
    if (before > LIMITS.pipelinedRequests) socket.destroy();
    return socket.writable && before === 0;
  };
  const turnAway = (socket: Socket, refusal: Refusal) => {
    if (!isFirst(socket)) return;
    log('turned away', `${socket.remoteAddress} (${refusal.reason})`);
    answer(socket, refusal);
  };
  // This tells a caller without the secret nothing either.
  const odd: Refusal = { status: isOpen ? 400 : 401, reason: 'no proper request' };
  const tooLarge: Refusal = {
    status: isOpen ? 431 : 401,
    reason: `headers of more than ${LIMITS.headerBytes} bytes`,
  };
  const late: Refusal = { status: isOpen ? 408 : 401, reason: 'no request in time' };
  const serverOnUpgrade: Handlers['onUpgrade'] = (request, socket, head) => {
    if (!isForWebSocket(request)) {
      serverOnRequest(request, responseOn(request));
      return;
    }
    const refusal = isUpgrade(request) ? whyRefused(request, rulesFor(request.socket)) : odd;
    if (refusal !== undefined) turnAway(request.socket, refusal);
    else if (isFirst(request.socket)) handlers.onUpgrade(request, socket, head);
  };
  const serverOnRequest = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const refusal = whyNotShown(request, socket.remoteAddress ?? '', rulesFor(socket));
    if (refusal !== undefined) turnAway(socket, refusal);
    else if (handlers.onRequest === undefined) turnAway(socket, NOTHING_TO_SEE);
    else if (isFirst(socket)) handlers.onRequest(request, response);
  };
  const serverOnClientError = (error: NodeJS.ErrnoException, socket: Duplex) => {
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (isLate) turnAway(socket as Socket, late);
    else if (error.code === 'HPE_HEADER_OVERFLOW') turnAway(socket as Socket, tooLarge);
    else if (/^HPE_/.test(error.code ?? '')) turnAway(socket as Socket, odd);
    // The caller is gone, or does not speak TLS where we do.
    else socket.destroy();
  };
  server.on('upgrade', serverOnUpgrade);
  server.on('request', serverOnRequest);
  server.on('checkContinue', serverOnRequest);
  server.on('checkExpectation', serverOnRequest);
  server.on('connect', ({ socket }) => turnAway(socket, odd));
  server.on('clientError', serverOnClientError);
}

/** Whether an upgrade is to a WebSocket. Any other is ignored, as RFC 9110, 7.8, has it. */
function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** A response to a request that Node.js has taken for an upgrade, and left to us. */
function responseOn(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(request.socket);
  response.once('finish', () => request.socket.destroySoon());
  return response;
}

/**
 * An upgrade has no body: another request could hide in it. Some clients say that its length is 0.
 */
function isUpgrade({ method, headers }: IncomingMessage): boolean {
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in headers;
  return method === 'GET' && !hasBody;
}

/** Answers with a status and a line, and ends the connection. */
function answer(socket: Socket, { status, header }: Refusal): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-length: 0',
    ...(header === undefined ? [] : [header]),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`, () => socket.destroy());
}
