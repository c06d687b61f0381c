// npm runs this after an install. It is plain JavaScript, because nothing is compiled yet.
const { spawnSync } = require('node:child_process');
const { existsSync, writeFileSync } = require('node:fs');

// A package holds no sources: it was compiled when it was packed.
if (!existsSync('tsconfig.json')) process.exit(0);

// A pool is no part of the code: git would see a change in each run.
if (!existsSync('node-1/transactions.json')) writeFileSync('node-1/transactions.json', '[]\n');

if (existsSync('node_modules/typescript')) {
  const { status } = spawnSync('npm', ['run', 'build'], { stdio: 'inherit', shell: true });
  process.exit(status ?? 1);
}
if (!existsSync('node-1/index.js')) {
  console.error('Nothing is compiled, and the compiler is missing: run npm install --include=dev');
  process.exit(1);
}
