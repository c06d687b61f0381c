/**
 * Loaded into a node before it begins: has it end, as by `kill -9`, in the midst of the n-th thing
 * that it does to its files; its URL ends in ?at=n. Of a write half is done by then.
 */

import { writeSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

const crashAt = Number(new URL(import.meta.url).searchParams.get('at'));
let steps = 0;

type WriteArguments = [bytes: Buffer, offset: number, length: number, position: number];

/** Makes each call of a method a step, at which the process may end. */
function crashIn(
  object: object,
  name: string,
  half: (self: FileHandle, ...args: WriteArguments) => void = () => {},
): void {
  const whole: (...args: WriteArguments) => unknown = Reflect.get(object, name);
  Reflect.set(object, name, function (this: FileHandle, ...args: WriteArguments) {
    steps += 1;
    if (steps === crashAt) {
      half(this, ...args);
      process.kill(process.pid, 'SIGKILL');
    }
    return whole.apply(this, args);
  });
}

const handle = await promises.open(fileURLToPath(import.meta.url));
const everyHandle: FileHandle = Object.getPrototypeOf(handle);
await handle.close();
crashIn(everyHandle, 'truncate');
crashIn(everyHandle, 'write', ({ fd }, bytes, offset, length, position) => {
  writeSync(fd, bytes, offset, length >> 1, position);
});
crashIn(promises, 'rename');
crashIn(promises, 'rm');
syncBuiltinESMExports();
