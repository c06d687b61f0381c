/** A client that a test starts elsewhere: `node speaker.js ADDRESS FRAME …` says this, and stays. */

import { WebSocket } from 'ws';

const [address, ...frames] = process.argv.slice(2);
const socket = new WebSocket(address as string);
socket.on('open', () => {
  for (const frame of frames) socket.send(frame);
  console.log('said');
});
