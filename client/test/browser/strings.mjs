// Components whose markup is a string, from a real server: transport-std/examples/strings.rs.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { becomes, equal, test } from './world.mjs';

const folder = process.env.CARGO_TARGET_DIR ?? new URL('../../../target', import.meta.url).pathname;
const program = `${folder}/release/examples/strings`;
let address;

/** Where the server is, which is started with the first test that wants it, and ends with this process. */
async function serve() {
  if (!existsSync(program)) throw new Error(`${program} is not there: cargo build --release -p lazuli-std --example strings`);
  const child = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill());
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => resolve(String(text).trim()));
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** Opens a page, and waits until both of its components are mounted. */
async function visit(page, path = '') {
  address ??= serve();
  const response = await page.goto((await address) + path);
  await becomes(() => page.locator('html.spark-connected:not(:has([data-spark].spark-loading))').count(), 1, 'a page that is connected');
  return response.text();
}

const rows = (page) => page.locator('main li').evaluateAll((all) => all.map((row) => row.firstChild.nodeValue.trim()));
const notes = (html) => html.slice(html.indexOf('<main>'), html.indexOf('</main>'));

test('a string from a server is shown, mounted and patched; keyed nodes, focus and what is typed stay', async ({ page }) => {
  const html = notes(await visit(page));
  equal(html.includes('data-shape="[&quot;&quot;,'), true, 'a shape of a view of strings');
  equal(html.includes('<li data-key=1>milk '), true, 'the first page has the markup');
  equal(await rows(page), ['milk', 'bread', 'tea']);
  await page.evaluate(() => {
    for (const row of document.querySelectorAll('main li')) row.mine = row.dataset.key;
    document.querySelector('main input').mine = 'input';
    document.querySelector('main td').mine = 'cell';
  });
  const input = page.getByLabel('Note');
  await input.fill('coffee');
  await input.evaluate((field) => field.setSelectionRange(2, 4));
  await page.evaluate(() => document.querySelector('main [spark-click=reverse]').click());
  await becomes(() => rows(page), ['tea', 'bread', 'milk'], 'rows that changed places');
  equal(await page.locator('main li').evaluateAll((all) => all.map(({ mine }) => mine)), ['3', '2', '1'], 'the same nodes');
  const field = () => input.evaluate((it) => [it.mine, it.value, document.activeElement === it, it.selectionStart, it.selectionEnd]);
  equal(await field(), ['input', 'coffee', true, 2, 4], 'the field');
  await input.fill('<b>cake</b> & "more"');
  await input.press('Enter');
  await becomes(() => rows(page), ['tea', 'bread', 'milk', '<b>cake</b> & "more"'], 'a new row');
  equal([await input.inputValue(), await page.locator('main h2').textContent()], ['', '4 notes']);
  await page.locator('main li button').nth(1).click();
  await becomes(() => rows(page), ['tea', 'milk', '<b>cake</b> & "more"'], 'a row gone');
  equal(await page.locator('main li').evaluateAll((all) => all.map(({ mine }) => mine)), ['3', '1', null], 'the same nodes');
  equal(await page.locator('main td').evaluateAll(([one, two]) => [one.mine, two.textContent]), ['cell', '2']);
  await page.locator('aside button').click();
  await becomes(() => page.locator('aside p').textContent(), 'Clicked 1', 'the component beside it');
});

test('scripts in a string never run: not in the first page, not in a patch, not in a whole view', async ({ page }) => {
  const html = notes(await visit(page, 'scripts'));
  equal(html.includes('<script'), false, 'scripts in the first page');
  // The mount has brought the whole, with them, and they are inert.
  await becomes(() => page.locator('main script').count(), 3, 'scripts in the page');
  await page.locator('main [spark-click=scripts]').click();
  await becomes(() => page.locator('main script').count(), 0, 'scripts');
  await page.locator('main [spark-click=scripts]').click();
  await becomes(() => page.locator('main script').count(), 3, 'scripts from a patch');
  await page.locator('main [spark-click=reverse]').click();
  await becomes(() => rows(page), ['tea', 'bread', 'milk'], 'rows');
  equal(await page.evaluate(() => window.ran ?? null), null, 'what ran');
});

test('a page that somebody else has changed gets the whole string', async ({ page }) => {
  await visit(page);
  await page.evaluate(() => document.querySelector('main ul').remove());
  await page.locator('main [spark-click=reverse]').click();
  await becomes(() => rows(page), ['tea', 'bread', 'milk'], 'rows that are there again');
  await page.locator('main li button').first().click();
  await becomes(() => rows(page), ['bread', 'milk'], 'rows by their new numbers');
});
