// npm run fuzz -- [TARGET…] [--seconds N] [--seed N]: looks for bytes that break a parser's promises, led by the code that they reach.
// What it needs is put together in one folder, so that V8 counts that and nothing else; inputs that led on are kept for the next time.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

prepare();
const cache = join(root, 'node_modules', '.cache', 'sallyport-fuzz');
const outDir = join(cache, 'code');
const corpus = join(cache, 'corpus');
rmSync(outDir, { recursive: true, force: true });
mkdirSync(corpus, { recursive: true });
const { build } = await import('vite');
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: join(root, 'packages', 'mesh', 'test', 'fuzz', 'main.ts'),
    outDir,
    target: 'node20',
    minify: false,
    sourcemap: true,
  },
});
const scripts = pathToFileURL(outDir).href;
const args = [
  '--enable-source-maps',
  join(outDir, 'main.js'),
  '--scripts',
  scripts,
  '--corpus',
  corpus,
  ...process.argv.slice(2),
];
process.exit(spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1);
