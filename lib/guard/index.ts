/**
 * guard: who may come in, and what anyone may cost us. Access control, limits on connections, rate
 * limits, and backpressure.
 *
 * Promises that no peer can exhaust memory, time or slots that others need. Stands on peers.
 */

export { secretHeaders } from './access.js';
export { Answers } from './answers.js';
export { Backpressure } from './backpressure.js';
export { ConnectionLimits } from './connection-limits.js';
export { listen } from './listen.js';
export { RateLimits } from './rate-limits.js';
