/**
 * guard: who may come in, and what anyone may cost us. Access control, limits on connections, rate
 * limits, and backpressure.
 *
 * Promises that no peer can exhaust memory, time or slots that others need. Stands on peers.
 */

export { Guard } from './guard.js';
export { listen } from './listen.js';
