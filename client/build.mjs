// Makes the scripts that pages load out of the modules in src/. With `--check` it writes nothing, and fails if a script
// that is checked in is another, or if the one for every page has grown too large.

import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';

// In the core's folder, because the crate that is published carries them.
// Every page waits for it: what is added has to be worth its bytes.
const LIMIT = 11_072; // bytes, gzipped: what it has, rounded up to 64
// Names of fields that nobody outside sees: none of a frame, of a page's own objects, or of the browser.
const INTERNAL = new RegExp(`^(${[
  'tail|template|hole|slots|blocks|gap|owner|kind|anchor|templates|frozen|tree|kids|whole|special|partOf|parts|spoil|isBroken|changes|hydrate',
  'sites|marks|front|behind|number|models|prefix|suffix|numbered|element|whole|steps|ignored|rank|special|during|mountAll|first|update|known|parent',
  'view|enqueue|want|complain|sync|sweep|mine|act|component|repeats',
  'joined|refused|late|answered|forget|dispatch|failure|revive|lost|expect|take|tell|settle|isOpen|opening|heard|unsubscribed',
  'report|isOnline|hasPage',
].join('|')})$`);
const SERVED = [['src/main.js', 'core/client/spark.js', LIMIT], ['src/dev/main.js', 'core/client/spark-dev.js']];

for (const [source, served, limit = Infinity] of SERVED) {
  const { outputFiles } = await build({
    entryPoints: [new URL(source, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  const { code = '' } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: true,
    compress: { passes: 3, hoist_funs: true, keep_fargs: false, pure_getters: true, unsafe: true, unsafe_arrows: true },
    mangle: { properties: { regex: INTERNAL, builtins: true } }, // of these names none is the browser's here
    format: { preamble: `/*! Lazuli, MIT OR Apache-2.0; made from client/${source.slice(0, source.lastIndexOf('/'))} */` },
  });
  const made = `${code}\n`;
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
