/**
 * swarm: nodes that nobody can dial by an IP address. They find each other in a distributed hash
 * table (HyperDHT), under a name, and reach each other through their routers; a connection is an
 * encrypted stream, on which everything is said as on a socket.
 *
 * Promises that a node is reached by whom it proves to be, that a secret is proven and never told,
 * and that the rest of a node works when the DHT does not. Stands on storage, the limits and the log.
 */

export { Swarm, type SwarmSettings } from './swarm.js';
export { SwarmSocket } from './swarm-socket.js';
