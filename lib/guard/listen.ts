/**
 * The listening side of the node: which requests it takes, how long they may take, and upgrades.
 */

import {
  createServer,
  type IncomingMessage,
  type Server,
  ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { fail } from '../log.js';
import { isBehindProxy, type Settings } from '../settings.js';
import { type AccessRules, hostnameOf, type Refusal, whyNotShown, whyRefused } from './access.js';

/** What to do with requests that are let in. */
interface Handlers {
  /** Takes an upgrade to a WebSocket. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Answers another request; returns true if the answer has no end. */
  onRequest(request: IncomingMessage, response: ServerResponse): boolean;
}

const OPTIONS = {
  maxHeaderSize: LIMITS.headerBytes,
  headersTimeout: LIMITS.headersTimeoutMs,
  requestTimeout: LIMITS.headersTimeoutMs,
  connectionsCheckingInterval: LIMITS.sweepIntervalMs,
  handshakeTimeout: LIMITS.headersTimeoutMs,
  // We answer requests without a host ourselves.
  requireHostHeader: false,
};

/**
 * Listens on all hosts, and hands over the requests that access control lets in; the others get an
 * error status. Ends the process with one line if the port is not available.
 *
 * @param log is told about each refusal
 * @returns the listening servers: of loopback, one for IPv4, and one for IPv6 if the machine has it
 */
export async function listen(
  settings: Settings,
  log: Log,
  { onUpgrade, onRequest }: Handlers,
): Promise<Server[]> {
  const { hosts, port, tls, address, secret } = settings;
  const door: AccessRules = {
    hostname: hostnameOf(new URL(address).host),
    secret,
    // A proxy may speak TLS for us.
    scheme: /^wss:/i.test(address) ? 'https' : 'http',
    isBehindProxy: isBehindProxy(settings),
  };
  const unopened = new Map<string, Socket>();
  const servers: Server[] = [];
  for (const host of hosts) {
    const server = tls ? createTlsServer({ ...OPTIONS, ...tls }) : createServer(OPTIONS);
    limitUnopened(server, unopened);
    answerOn(server, door, log, {
      onUpgrade: (request, socket, head) => {
        unopened.delete(endOf(request.socket));
        onUpgrade(request, socket, head);
      },
      onRequest: (request, response) => {
        const goesOn = onRequest(request, response);
        if (goesOn) unopened.delete(endOf(request.socket));
        return goesOn;
      },
    });
    const waiting = setTimeout(log, LIMITS.lookupTimeoutMs, 'waiting', explainWaiting(host));
    if (await startOn(server, host, port)) servers.push(server);
    clearTimeout(waiting);
  }
  return servers;
}

/** Limits the sockets that are not WebSockets yet: at the limit, a new one replaces the oldest. */
function limitUnopened(server: Server, unopened: Map<string, Socket>): void {
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

function answerOn(server: Server, door: AccessRules, log: Log, handlers: Handlers): void {
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
  const isOpen = door.secret === undefined;
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
    const refusal = isUpgrade(request) ? whyRefused(request, door) : odd;
    if (refusal !== undefined) turnAway(request.socket, refusal);
    else if (isFirst(request.socket)) handlers.onUpgrade(request, socket, head);
  };
  const serverOnRequest = (request: IncomingMessage, response: ServerResponse) => {
    const refusal = whyNotShown(request, request.socket.remoteAddress ?? '', door);
    if (refusal !== undefined) turnAway(request.socket, refusal);
    else if (isFirst(request.socket)) handlers.onRequest(request, response);
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

/** False if the machine has no IPv6. */
function startOn(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('listening', () => resolve(true));
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hasNoSuchAddress = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT';
      if (host !== '::1' || !hasNoSuchAddress) fail(explain(error, host, port));
      resolve(false);
    });
    server.listen(port, host);
  });
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function explainWaiting(host: string): string {
  return `no name server says which address of this machine HOST, ${host}, is: we do not listen yet`;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is already in use: end the program that uses it, or set another PORT`;
    case 'EACCES':
      return `Port ${port} needs more rights than you have: set a PORT above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address ${host}: set another HOST`;
    case 'EAI_AGAIN':
      return `No name server says which address of this machine HOST, ${host}, is: write the IP address`;
    default:
      return `Cannot listen on port ${port} (${error.message}): set another PORT`;
  }
}
