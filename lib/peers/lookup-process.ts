/**
 * A process that looks up names in the way of the operating system. Such a lookup cannot be
 * cancelled, keeps a thread for as long as the name servers are silent, and Node.js does not end
 * before its threads do; but it can be killed with its process.
 */

import { lookup } from 'node:dns';

process.on('message', (name: string) => {
  lookup(name, { all: true }, (error, found) => {
    process.send?.({ name, found: error ? [] : found, code: error?.code });
  });
});
// To exit would wait for the threads.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
