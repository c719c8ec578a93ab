// Plays the updates of the corpus in Chromium, checks that the page is what a parser makes of the new HTML, and tells how
// long the script takes.
//
//     cargo run --release -p lazuli-benches --bin components export DIR
//     npm ci && node run.mjs DIR [PART_OF_A_NAME]
//
// Times are the shortest of several, of the script alone: no layout and no painting.

import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [folder, part = ''] = process.argv.slice(2);
if (!folder) throw new Error('usage: node run.mjs DIR [PART_OF_A_NAME]');
const here = (name) => new URL(name, import.meta.url).pathname;

const scripts = new Map([
  ['socket.js', here('socket.js')],
  ['spark.js', here('../../core/client/spark.js')],
  ['morphdom.js', here('node_modules/morphdom/dist/morphdom-umd.js')],
  ['idiomorph.js', here('node_modules/idiomorph/dist/idiomorph.js')],
  ['page.js', here('page.js')],
].map(([name, path]) => [name, readFileSync(path, 'utf8')]));
const tags = [...scripts.keys()].map((name) => `<script src="/${name}"${name === 'spark.js' ? ' data-spark-url="/spark"' : ''}></script>`);

let update;
const server = createServer(({ url }, response) => {
  const name = url.slice(1);
  const send = (type, body) => {
    // A page that is isolated has a clock of 5 µs.
    const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    response.writeHead(200, { 'content-type': type, ...isolated });
    response.end(body);
  };
  if (scripts.has(name)) send('text/javascript; charset=utf-8', scripts.get(name));
  else if (name.startsWith('spark/t/')) send('application/json', JSON.stringify(update.templates[decodeURIComponent(name.slice(8))]));
  else send('text/html; charset=utf-8', `<!DOCTYPE html><title>Benchmark</title><body></body>${tags.join('')}`);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

const LARGE = 100_000; // bytes of HTML
const results = new Map();
const broken = [];
const shown = (time) => (time === undefined ? '-' : String(Math.round(time)));
console.log('| update | lazuli | innerHTML | morphdom | idiomorph | changes of the page |');
console.log('|---|---:|---:|---:|---:|---:|');
// Those of 10,000 rows take too long with all but one.
const files = readdirSync(folder).filter((file) => file.includes(part) && !file.includes('_10k'));
for (const file of files.sort()) {
  update = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const page = await browser.newPage();
  page.on('pageerror', (error) => broken.push(`${update.name}: ${error.message}`));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.spark?.state === 'open');
  const rounds = update.old.length + update.new.length > LARGE ? 15 : 21;
  const { equal, kept, mutations, times } = await page.evaluate(([one, count]) => measure(one, count), [update, rounds]);
  if (!equal) broken.push(`${update.name}: the page is not what a parser makes of the new HTML`);
  if (!kept) broken.push(`${update.name}: an element with the same id is another one`);
  results.set(update.name, times);
  const columns = [times.lazuli, times.innerHTML, times.morphdom, times.idiomorph].map(shown);
  console.log(`| ${[update.name, ...columns, mutations].join(' | ')} |`);
  await page.close();
}
await browser.close();
server.close();

let missed = 0;
function judge(what, found, most) {
  if (!Number.isFinite(found)) return;
  const met = found <= most;
  missed += met ? 0 : 1;
  console.log(`${what}: ${found.toFixed(2)}; at most ${most}: ${met ? 'met' : 'MISSED'}`);
}
console.log();
const rows = ['select', 'reselect', 'remove', 'prepend1', 'lastfirst'].map((what) => results.get(`table_${what}_1k`)?.lazuli);
judge('one row of 1,000, the slowest of five, ms of script', Math.max(...rows.map((time) => time ?? NaN)) / 1000, 0.25);
const created = results.get('table_create_1k');
judge('1,000 rows created, of the time of innerHTML', created ? created.lazuli / created.innerHTML : NaN, 0.75);
for (const one of broken) console.log(`BROKEN ${one}`);
console.log(`${results.size} updates, ${broken.length} broken, ${missed} goals missed`);
process.exitCode = broken.length || missed ? 1 : 0;
