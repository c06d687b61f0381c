import { runTestsIn } from '../support/rooms.js';

await runTestsIn(new URL('.', import.meta.url));
