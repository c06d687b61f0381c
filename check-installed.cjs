// Run by npm before start and test; in plain JavaScript, for it must run before anything is compiled.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!['start-nodes.js', 'node_modules'].every((name) => existsSync(join(__dirname, name)))) {
  console.error('The packages or the compiled code are missing: run npm install');
  process.exit(1);
}
