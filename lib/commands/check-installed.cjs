// npm runs this before start and test. It is plain JavaScript, because nothing is compiled yet.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..');
if (!['start-nodes.js', 'node_modules'].every((name) => existsSync(join(root, name)))) {
  console.error('The packages or the compiled code are missing: run npm install');
  process.exit(1);
}
