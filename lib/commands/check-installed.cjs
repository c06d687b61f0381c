// npm runs this in the project's folder before start and test. It is plain JavaScript, because nothing is compiled yet.
const { existsSync } = require('node:fs');

if (!['start-nodes.js', 'node_modules'].every((name) => existsSync(name))) {
  console.error('The packages or the compiled code are missing: run npm install');
  process.exit(1);
}
