import { test } from 'node:test';
import { hangUp, liveWith } from '../support/flappers.js';
import { withNetwork } from '../support/network.js';

test('a known peer that ends each connection is dialled again, and not too often', () =>
  withNetwork((network) => liveWith(network, hangUp, 8)));
