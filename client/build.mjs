// Makes the scripts that pages load out of the modules in src/, and a compressed copy of the one for every page. With `--check`
// it writes nothing, and fails if what is checked in is another, or if the compressed copy has grown too large. The search for
// names takes two minutes; with `--quick`, to see what a change is worth, there is none.

import { gzipAsync } from '@gfx/zopfli';
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { minify } from 'terser';
import { findNames, givenNames } from './names.mjs';

// In the core's folder, because the crate that is published carries them.
// Every page waits for it: what is added has to be worth its bytes.
const LIMIT = 9_088; // bytes, gzipped: what it has, rounded up to 64
const NAMES = process.argv.includes('--quick') ? 0 : 280_000; // steps of the search
const FOUND = new URL('names.json', import.meta.url); // what the search found, and for what
// Names of fields that nobody outside sees: none of a frame, of a page's own objects, or of the browser. Each line is of one kind of
// object; a name that several have stands in each. Two that never are at one object may get the same letter.
const INTERNAL = [
  'after begin reached again', // Tries
  'emit sync fall shut refuse dispatch element view enqueue patch', // Member, Channel, Component
  'ready refuse', // Message
  'subscriptions room next ask emit', // Spark
  'frame', // components of a page
  'update complain load keep', // Page
  'sweep', // session
  'during mountAll', // hooks
  'site attribute prefix suffix frozen whole', // Place
  'kind number frozen templates steps', // Gap
  'tag ignored marks steps kind', // Branch
  'isFlat model steps slots', // Template
  'tail template hole first sites slots front nodes', // Block, and a model of some
  'parent behind blocks kind number frozen templates steps', // Hole
  'hole parts isBroken hydrate partOf apply', // View
  'numbered', // a patch
  'act component element kind timer', // Delay
  'composing sent answered latest', // user
].map((names) => names.split(' '));
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
    compress: { passes: 3, sequences: false, lhs_constants: false, unsafe: true, hoist_funs: true, keep_fargs: false, pure_getters: true, unsafe_arrows: true },
    format: { preamble: '/*! Lazuli, MIT OR Apache-2.0 */' },
  });
  const made = limit < Infinity ? named(`${code}\n`) : `${code}\n`;
  const packed = Buffer.from(await gzipAsync(made, { numiterations: 50 }));
  console.log(`${served}: ${made.length} bytes, ${packed.length} gzipped`);
  if (packed.length > limit) fail(`${served}.gz is larger than ${limit} bytes`);
  put(served, Buffer.from(made), (bytes) => bytes);
  // Another version of the compressor may find another form of the same.
  if (limit < Infinity) put(`${served}.gz`, packed, (bytes) => (bytes.length <= limit ? gunzipSync(bytes) : bytes));
}

/** With short names: those that were found, if nothing else has changed since. @param {string} made */
function named(made) {
  const of = createHash('sha256').update(JSON.stringify([made, INTERNAL])).digest('hex');
  let found = existsSync(FOUND) ? JSON.parse(readFileSync(FOUND, 'utf8')) : {};
  if (found.of !== of || !NAMES) {
    found = { of, ...findNames(made, process.argv.includes('--check') ? 0 : NAMES, INTERNAL) };
    if (NAMES && !process.argv.includes('--check')) writeFileSync(FOUND, `${JSON.stringify(found)}\n`);
  }
  return givenNames(made, INTERNAL, found);
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
