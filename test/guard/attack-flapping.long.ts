import { describe, test } from 'node:test';
import { headerLines, identityHeaders } from '../../lib/peers/identity.js';
import { liveWith, mostHurriedDials, takeAnd } from '../support/flappers.js';
import { say } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

const SECONDS = 120;

describe('in two minutes, a known peer is dialled a few times only', { concurrency: 2 }, () => {
  test('that takes each upgrade, and closes', () =>
    withNetwork((network) =>
      liveWith(network, () => takeAnd((socket) => socket.close()), SECONDS),
    ));

  test('that does so and dials us a hundred times a second, to say that it is there', () =>
    withNetwork((network) =>
      liveWith(
        network,
        (address) => {
          const identity = identityHeaders('f'.repeat(32), address);
          return takeAnd((socket) => socket.terminate(), headerLines(identity));
        },
        SECONDS,
        mostHurriedDials,
        (node, flapper) => void say(node, { type: 'HANDSHAKE', data: [flapper] }).catch(() => {}),
      ),
    ));
});
