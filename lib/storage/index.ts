/**
 * storage: files that survive a kill. A JSON array that is appended to (the journal), small files
 * that are replaced whole, and a lock that keeps a folder to one process.
 *
 * Promises that what was saved is whole after a kill at any byte, and that a file which a person
 * wrote is never overwritten without a copy. Stands on the limits and the log alone.
 */

export { holderOf, isFolderLocked, lockFolder } from './folder-lock.js';
