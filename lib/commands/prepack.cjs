// npm runs this before npm pack: it makes the declarations, which only a package needs.
const { spawnSync } = require('node:child_process');
const { readFileSync, rmSync } = require('node:fs');

// The .env of node-1 is packed: a setting of its owner, such as a secret, is nobody else's.
if (readFileSync('node-1/.env', 'utf8').trim() !== 'PORT=4001') {
  console.error('node-1/.env has settings of yours: leave PORT=4001 alone in it before you pack');
  process.exit(1);
}
rmSync('types', { recursive: true, force: true });
const { status } = spawnSync('tsc -p tsconfig.pack.json', { stdio: 'inherit', shell: true });
process.exit(status ?? 1);
