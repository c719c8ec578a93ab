// Makes the scripts that pages load out of the modules in src/, and a compressed copy of the one for every page. With `--check`
// it writes nothing, and fails if what is checked in is another, or if the compressed copy has grown too large. The search for
// names takes a minute; with `--quick`, to see what a change is worth, there is none.

import { gzipAsync } from '@gfx/zopfli';
import { build } from 'esbuild';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { minify } from 'terser';
import { plainNames, shortNames } from './names.mjs';

// In the core's folder, because the crate that is published carries them.
// Every page waits for it: what is added has to be worth its bytes.
const LIMIT = 9_600; // bytes, gzipped: what it has, rounded up to 64
const NAMES = process.argv.includes('--quick') ? 0 : 80_000; // steps of the search
// Names of fields that nobody outside sees: none of a frame, of a page's own objects, or of the browser.
const INTERNAL = new RegExp(`^(${[
  'tail|template|hole|slots|blocks|gap|kind|templates|frozen|whole|special|partOf|isMarkup|parts|isBroken|hydrate',
  'sites|marks|model|isFlat|front|behind|number|prefix|suffix|numbered|element|steps|ignored|during|mountAll|first|update|parent',
  'view|enqueue|complain|sync|sweep|mine|act|component|repeats',
  'dispatch|emit|shut|fall|ask|begin|after|reached|again|subscriptions|room|ready|refuse|frame|next',
].join('|')})$`);
const SERVED = [['src/main.js', 'core/client/spark.js', LIMIT], ['src/dev/main.js', 'core/client/spark-dev.js']];

for (const [source, served, limit = Infinity] of SERVED) {
  const { outputFiles } = await build({
    entryPoints: [new URL(source, import.meta.url).pathname],
    bundle: true,
    minifySyntax: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  const { code = '' } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: true,
    compress: { passes: 3, lhs_constants: false, unsafe: true, hoist_funs: true, keep_fargs: false, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
    mangle: { properties: { builtins: true, regex: INTERNAL } },
    format: { preamble: '/*! Lazuli, MIT OR Apache-2.0 */' },
  });
  const made = limit < Infinity ? named(served, `${code}\n`) : `${code}\n`;
  const packed = Buffer.from(await gzipAsync(made, { numiterations: 50 }));
  console.log(`${served}: ${made.length} bytes, ${packed.length} gzipped`);
  if (packed.length > limit) fail(`${served}.gz is larger than ${limit} bytes`);
  put(served, Buffer.from(made), (bytes) => bytes);
  // Another version of the compressor may find another form of the same.
  if (limit < Infinity) put(`${served}.gz`, packed, (bytes) => (bytes.length <= limit ? gunzipSync(bytes) : bytes));
}

/** With short names: those that it has already, if nothing else has changed. @param {string} path @param {string} made */
function named(path, made) {
  const file = new URL(`../${path}`, import.meta.url);
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (NAMES && plainNames(present) === plainNames(made)) return present;
  return process.argv.includes('--check') ? made : shortNames(made, NAMES);
}

/** Writes a file, or checks that what is there has the same content. @param {string} path @param {Buffer} made
 *  @param {(bytes: Buffer) => Buffer} content */
function put(path, made, content) {
  const file = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, made);
  else if (!content(readFileSync(file)).equals(content(made))) fail(`${path} is not what client/src gives; run npm run build in client/`);
}

/** @param {string} why */
function fail(why) {
  console.error(why);
  process.exitCode = 1;
}
