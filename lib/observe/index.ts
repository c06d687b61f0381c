/**
 * observe: what a node shows of itself over HTTP. Its page, its status as JSON and as an event
 * stream, its metrics, its health and its readiness; and to programs its transactions, blocks, peers
 * and frames.
 *
 * Promises to change nothing, and to cost next to nothing while nobody looks. Stands on all other
 * rooms, and none of them on it.
 */

export { HttpInterface } from './http.js';
