// Makes the script that pages load out of the modules in src/. With `--check` it writes nothing, and fails if the script
// that is checked in is another.

import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// In the core's folder, because the crate that is published carries it.
const SERVED = new URL('../core/client/spark.js', import.meta.url);

const { outputFiles } = await build({
  entryPoints: [new URL('src/main.js', import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  banner: { js: '/*! Lazuli, MIT OR Apache-2.0; made from client/src */' },
  write: false,
});
const made = outputFiles[0].text;
console.log(`core/client/spark.js: ${made.length} bytes, ${gzipSync(made, { level: 9 }).length} gzipped`);

if (!process.argv.includes('--check')) {
  writeFileSync(SERVED, made);
} else if (readFileSync(SERVED, 'utf8') !== made) {
  console.error('core/client/spark.js is not what client/src gives; run `npm run build` in client/');
  process.exitCode = 1;
}
