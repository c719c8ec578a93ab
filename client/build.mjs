// Makes the scripts that pages load out of the modules in src/. With `--check` it writes nothing, and fails if a script
// that is checked in is another, or if the one for every page has grown too large.

import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// In the core's folder, because the crate that is published carries them.
// Every page waits for it: what is added has to be worth its bytes.
const LIMIT = 14_336; // bytes, gzipped
const SERVED = [['src/main.js', 'core/client/spark.js', LIMIT], ['src/dev/main.js', 'core/client/spark-dev.js']];

for (const [source, served, limit = Infinity] of SERVED) {
  const { outputFiles } = await build({
    entryPoints: [new URL(source, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    banner: { js: `/*! Lazuli, MIT OR Apache-2.0; made from client/${source.slice(0, source.lastIndexOf('/'))} */` },
    write: false,
  });
  const made = outputFiles[0].text;
  const file = new URL(`../${served}`, import.meta.url);
  const { length: size } = gzipSync(made, { level: 9 });
  console.log(`${served}: ${made.length} bytes, ${size} gzipped`);
  if (size > limit) {
    console.error(`${served} is larger than ${limit} bytes`);
    process.exitCode = 1;
  }
  if (!process.argv.includes('--check')) {
    writeFileSync(file, made);
  } else if (readFileSync(file, 'utf8') !== made) {
    console.error(`${served} is not what client/src gives; run npm run build in client/`);
    process.exitCode = 1;
  }
}
