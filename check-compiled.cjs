// Run by npm before `npm start`; in plain JavaScript, for it must run before anything is compiled.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!existsSync(join(__dirname, 'start-nodes.js'))) {
  console.error('The code is not compiled yet: run npm install');
  process.exit(1);
}
