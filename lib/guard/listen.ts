/**
 * The listening side of the node: which requests it takes, how long they may take, and upgrades.
 */

import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import { fail } from '../log.js';
import { isBehindProxy, type Settings } from '../settings.js';
import type { Swarm, SwarmSocket } from '../swarm/index.js';
import { type AccessRules, hostnameOf } from './access.js';
import { answerOn, type Handlers, limitUnopened } from './answering.js';

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
 * @param swarm by which it can be reached too
 * @param log is told about each refusal
 * @returns the listening servers: of loopback, one for IPv4, and one for IPv6 if the machine has it
 */
export async function listen(
  settings: Settings,
  swarm: Swarm | undefined,
  log: Log,
  { onUpgrade, onRequest }: Required<Handlers>,
): Promise<Server[]> {
  const { hosts, port, tls, address, secret } = settings;
  const rules: AccessRules = {
    hostname: hostnameOf(new URL(address).host),
    secret,
    // A proxy may speak TLS for us.
    scheme: /^wss:/i.test(address) ? 'https' : 'http',
    isBehindProxy: isBehindProxy(settings),
  };
  const unopened = new Map<unknown, Socket>();
  const servers: Server[] = [];
  for (const host of hosts) {
    const server = tls ? createTlsServer({ ...OPTIONS, ...tls }) : createServer(OPTIONS);
    limitUnopened(server, unopened, endOf);
    answerOn(server, { rulesFor: () => rules, isOpen: secret === undefined }, log, {
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
  if (swarm !== undefined) servers.push(serveSwarm(swarm, secret === undefined, log, onUpgrade));
  return servers;
}

/**
 * Takes connections by the swarm: of nodes alone, for no browser has any. Instead of the secret they
 * show a proof that they know it.
 */
function serveSwarm(
  swarm: Swarm,
  isOpen: boolean,
  log: Log,
  onUpgrade: Handlers['onUpgrade'],
): Server {
  const server = createServer(OPTIONS);
  const unopened = new Map<unknown, Socket>();
  const hostname = new URL(swarm.address).hostname;
  const rulesFor = (socket: Socket): AccessRules => {
    const stream: unknown = socket;
    const secret = swarm.proofOf('client', stream as SwarmSocket);
    return { hostname, secret, scheme: 'http', isBehindProxy: true };
  };
  limitUnopened(server, unopened, (socket) => socket);
  answerOn(server, { rulesFor, isOpen }, log, {
    onUpgrade: (request, socket, head) => {
      unopened.delete(request.socket);
      onUpgrade(request, socket, head);
    },
  });
  // Otherwise Node.js checks its timeouts only on servers that listen.
  server.emit('listening');
  swarm.serve((socket) => server.emit('connection', socket));
  return server;
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
