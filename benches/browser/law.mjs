// Tries the law of patches in a browser: pairs of renders that Rust made, applied by the client as it is served. After each patch
// the page must be what the browser parses from the new HTML, what has a key must be the same element, and the changes of the page
// must be as many as the operations are worth (docs/patches.md, "What a patch costs").
//
//     node law.mjs [--browser firefox] [--corpus DIR] COMMAND...
//
// Each COMMAND prints histories, a line of JSON each; DIR holds the updates of the corpus as `components export` writes them.
// The last line is `N passed, N failed`, counting patches.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import playwright from 'playwright-core';
import { launch } from '../../client/test/browser/browsers.mjs';

const { values: { browser: name, corpus }, positionals: commands } = parseArgs({
  allowPositionals: true,
  options: { browser: { type: 'string', default: 'chromium' }, corpus: { type: 'string' } },
});
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'";
const PLAYED_BY_A_PAGE = 40; // histories; then it begins anew, with no template known
const SHOWN = 5; // failures
const SHORT = 500; // characters; `pairs KIND SEED 1 STEPS` prints all of a history

const file = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const scripts = new Map(Object.entries({
  'socket.js': file('socket.js'), 'spark.js': file('../../core/client/spark.js'), 'model.js': file('model.js'), 'law.js': file('law.js'),
}));
const tags = [...scripts.keys()].map((name) => `<script src="/${name}"${name === 'spark.js' ? ' data-spark-url="/spark"' : ''}></script>`);
const templates = {};
/** What each player plays. @type {string[]} */
const playing = [];
const server = createServer(({ url }, response) => {
  const name = decodeURIComponent(url.slice(1));
  const send = (type, body) => {
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
    response.end(body);
  };
  if (scripts.has(name)) send('text/javascript; charset=utf-8', scripts.get(name));
  else if (name.startsWith('history/')) send('application/json', playing[name.slice(8)]);
  else if (name.startsWith('spark/t/')) send('application/json', JSON.stringify(templates[name.slice(8)]));
  else send('text/html; charset=utf-8', `<!DOCTYPE html><title>Patches</title><body></body>${tags.join('')}`);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await launch(playwright, name);

const found = { passed: 0, failed: 0, changes: 0, exact: 0, failures: [] };

/** Plays histories in pages of its own, until there are no more. @param {number} player */
async function play(player) {
  let page;
  for (let played = 0; ; played += 1) {
    const { value: text, done } = await histories.next();
    if (done) return;
    playing[player] = text;
    Object.assign(templates, JSON.parse(text).templates);
    if (played % PLAYED_BY_A_PAGE === 0) {
      await page?.close();
      page = await browser.newPage();
      page.on('pageerror', (error) => /settings blocked/.test(error.message) || console.log(`      the page says: ${error.message}`));
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => globalThis.spark?.state === 'open');
    }
    judge(await page.evaluate((path) => playAt(path), `/history/${player}`));
  }
}

function judge({ passed, changes, exact, failure }) {
  const before = Math.floor(found.passed / 1000);
  found.passed += passed;
  found.changes += changes;
  found.exact += exact;
  if (Math.floor(found.passed / 1000) > before) console.log(`      ${found.passed} pairs`);
  if (!failure) return;
  found.failed += 1;
  if (found.failed > SHOWN) return;
  const short = (text = '') => (text.length > SHORT ? `${text.slice(0, SHORT)}… (${text.length} characters)` : text);
  console.log(`FAIL  ${failure.history}, patch ${failure.step + 1}: ${failure.what}\n      patch: ${short(failure.patch)}\n      after: ${short(failure.new)}`);
}

async function* tell() {
  for (const command of commands) {
    console.log(`      ${command}`);
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', resolve));
    yield* createInterface({ input: child.stdout });
    const code = await ended;
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
  }
  if (!corpus) return;
  const files = readdirSync(corpus).sort();
  for (const one of files) {
    const { patch, new: html, ...update } = JSON.parse(readFileSync(join(corpus, one), 'utf8'));
    yield JSON.stringify({ ...update, components: [], isBuilt: false, steps: [{ patch, new: html }] });
  }
  console.log(`      ${files.length} updates of the corpus`);
}
const histories = tell();
await Promise.all(Array.from({ length: availableParallelism() }, (_, player) => play(player)));
await browser.close();
server.close();
console.log(`${found.changes} changes of the page; of ${found.exact} patches it is known exactly how many they must be`);
console.log(`${found.passed} passed, ${found.failed} failed`);
process.exitCode = found.passed > 0 && found.failed === 0 ? 0 : 1;
