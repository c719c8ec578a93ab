// js-framework-benchmark's table.

import { check, equal } from '../lib.mjs';
import { becomes, live, test } from './world.mjs';

/** The rows as [id, label]. */
const rows = (page) => page.locator('tbody').evaluate((body) => [...body.rows].map((row) => [Number(row.cells[0].textContent), row.querySelector('a.lbl').textContent]));
const count = (page, expected) => becomes(() => page.locator('tbody').evaluate((body) => body.rows.length), expected, 'how many rows there are', 60_000);

test('table: 1,000 rows, more, changed, swapped, selected, removed, cleared', async () => {
  const page = await live('/table');
  await count(page, 0);
  await page.locator('#run').click();
  await count(page, 1000);
  const first = await rows(page);
  equal([first[0][0], first[999][0], first.every(([, label]) => /^\w+ \w+ \w+$/.test(label))], [1, 1000, true], 'rows');
  await page.locator('#update').click();
  await becomes(async () => (await rows(page))[990][1].endsWith(' !!!'), true, 'the last tenth row');
  const updated = await rows(page);
  equal(updated, first.map(([id, label], n) => [id, n % 10 ? label : `${label} !!!`]), 'rows after #update');
  await page.locator('#swaprows').click();
  await becomes(async () => (await rows(page))[1][0], 999, 'the second row');
  [updated[1], updated[998]] = [updated[998], updated[1]];
  equal(await rows(page), updated, 'rows after #swaprows');
  for (const n of [4, 7]) {
    await page.locator('tbody tr a.lbl').nth(n).click();
    await becomes(() => page.locator('tr.danger').allInnerTexts().then((texts) => texts.map((text) => parseInt(text, 10))), [n + 1], 'what is selected');
  }
  const kept = await page.evaluateHandle(() => document.querySelector('tbody').rows[3]);
  await page.locator('tbody tr a.remove').nth(2).click();
  await count(page, 999);
  updated.splice(2, 1);
  equal(await rows(page), updated, 'rows after a remove');
  await becomes(() => page.evaluate(() => document.activeElement.closest('tr')?.cells[0].textContent), '4', 'the row that has the focus');
  check(await kept.evaluate((row) => row === document.querySelector('tbody').rows[2]), 'the row behind it', 'the same node', 'another');
  await page.locator('#add').click();
  await count(page, 1999);
  equal((await rows(page)).slice(0, 999), updated, 'rows before those that were added');
  equal(await page.evaluate(() => [location.pathname, location.hash]), ['/table', ''], 'where the links lead');
  await page.locator('#run').click();
  await becomes(async () => (await rows(page))[0][0], 2001, 'the first row after another #run');
  await count(page, 1000);
  await page.locator('#clear').click();
  await count(page, 0);
});

test('table: 10,000 rows, and no more than a page can bear', async () => {
  const page = await live('/table');
  await page.locator('#runlots').click();
  await count(page, 10_000);
  await page.locator('#update').click();
  await becomes(async () => (await rows(page))[9990][1].endsWith(' !!!'), true, 'the last tenth row', 60_000);
  await page.locator('#swaprows').click();
  await becomes(async () => (await rows(page))[998][0], 2, 'the 999th row', 60_000);
  for (const more of [11_000, 12_000]) {
    await page.locator('#add').click();
    await count(page, more);
  }
  await page.locator('#add').click();
  await page.getByText('The table is full').waitFor();
  await count(page, 12_000);
});
