/** All sockets of both directions, including those that are still being opened. */

import type { Connection } from './connection.js';
import { Traffic } from './traffic.js';

export class Connections extends Set<Connection> {
  /** What came and went over all of them, also over those that have ended. */
  readonly traffic = new Traffic();
  /** Called with each one that is added, before anything has come over it. */
  onAdded: ((connection: Connection) => void) | undefined;

  override add(connection: Connection): this {
    super.add(connection);
    connection.traffic = this.traffic;
    this.onAdded?.(connection);
    return this;
  }
}
