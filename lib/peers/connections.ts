/** All sockets of both directions, including those that are still being opened. */

import type { Connection } from './connection.js';

export class Connections extends Set<Connection> {
  /** Called with each one that is added, before anything has come over it. */
  onAdded: ((connection: Connection) => void) | undefined;

  override add(connection: Connection): this {
    super.add(connection);
    this.onAdded?.(connection);
    return this;
  }
}
