/**
 * A process that is several nodes at once: it runs the index.js of each folder that it is told. It
 * ends with whoever started it.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Each node listens to the signals that ask a process to end.
process.setMaxListeners(0);
process.on('disconnect', () => process.exit());
process.on('message', (folder: string) => import(pathToFileURL(join(folder, 'index.js')).href));
