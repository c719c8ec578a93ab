// The table of users.

import { check, equal } from '../lib.mjs';
import { becomes, live, shoot, test, type } from './world.mjs';

const rows = (page) => page.locator('tbody tr');
const column = (page, n) => rows(page).locator(`td:nth-child(${n})`).allInnerTexts();
const filter = (page) => page.getByLabel('Filter by name or e-mail');
const button = (page, name) => page.getByRole('button', { name, exact: true });
const count = (page, expected) => becomes(() => rows(page).count(), expected, 'how many rows there are');

test('users: the filter looks at names and e-mail addresses, in any case', async () => {
  const page = await live('/users');
  await count(page, 20);
  await filter(page).fill('aDa');
  await count(page, 5);
  check((await column(page, 1)).every((name) => name.startsWith('Ada ')), 'names', 'Ada …', await column(page, 1));
  await filter(page).fill('@BRANDT.');
  await count(page, 9);
  check((await column(page, 2)).every((email) => email.endsWith('@brandt.example')), 'e-mail addresses', '…@brandt.example', await column(page, 2));
  await filter(page).fill('BJÖRN');
  await count(page, 5);
  await filter(page).fill('nobody at all');
  await page.getByText('No users found matching your criteria').waitFor();
  await count(page, 0);
  await filter(page).fill('');
  await count(page, 20);
  equal(await page.getByText('No users found').count(), 0, 'the text for an empty table');
});

test('users: the filter keeps the focus and the caret', async () => {
  const page = await live('/users');
  await filter(page).click();
  await page.keyboard.type('tanka');
  await becomes(() => page.locator('.badge').innerText(), '0 of 45', 'how many are found');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.type('a');
  await count(page, 9);
  equal(await filter(page).evaluate((field) => [field.value, field.selectionStart, field === document.activeElement]), ['tanaka', 4, true], 'the filter');
});

test('users: sorted by each column, both ways', async () => {
  const page = await live('/users');
  const sorted = (list, descending) => [...list].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1) * (descending ? -1 : 1));
  const head = (name) => page.getByRole('columnheader', { name });
  await becomes(() => page.locator('thead').innerText().then((text) => text.match(/[↑↓]/g)), ['↑'], 'the arrow');
  for (const [name, n] of [['E-mail', 2], ['Created', 3], ['Name', 1]]) {
    for (const [arrow, word] of [['↑', 'ascending'], ['↓', 'descending']]) {
      await head(name).getByRole('button').click();
      await becomes(() => head(name).innerText(), `${name} ${arrow}`, 'the head of the column');
      equal(await head(name).getAttribute('aria-sort'), word, 'aria-sort');
      equal(await page.locator('[aria-sort]').count(), 1, 'columns that say that they are sorted');
      const seen = await column(page, n);
      equal(seen, sorted(seen, word === 'descending'), `the column ${name}, ${word}`);
    }
  }
});

test('users: pages of 20', async () => {
  const page = await live('/users');
  const on = (text) => page.getByText(text, { exact: true }).waitFor();
  const seen = [];
  for (const [n, many] of [[1, 20], [2, 20], [3, 5]]) {
    await on(`Page ${n} of 3`);
    await count(page, many);
    seen.push(...(await column(page, 2)));
    equal([await button(page, 'Previous').isDisabled(), await button(page, 'Next').isDisabled()], [n === 1, n === 3], `what page ${n} offers`);
    if (n < 3) await button(page, 'Next').click();
  }
  const focus = (name) => becomes(() => page.evaluate(() => document.activeElement.textContent), name, 'the focus');
  await focus('Previous'); // Next is disabled
  await page.keyboard.press('Enter');
  await on('Page 2 of 3');
  await page.keyboard.press('Enter');
  await on('Page 1 of 3');
  await focus('Next');
  equal(new Set(seen).size, 45, 'different users');
  await filter(page).fill('Brandt');
  await count(page, 9);
  equal(await button(page, 'Next').count(), 0, 'pages of nine users');
});

test('users: Remove asks, removes, and says so', async () => {
  const page = await live('/users');
  const questions = [];
  let answer = false;
  page.on('dialog', (dialog) => {
    questions.push(dialog.message());
    return answer ? dialog.accept() : dialog.dismiss();
  });
  const remove = () => rows(page).first().getByRole('button', { name: 'Remove' }).click();
  await remove();
  equal(await page.locator('.badge').innerText(), '45 of 45', 'how many there are after No');
  answer = true;
  await remove();
  await page.locator('.flash-success', { hasText: 'User removed successfully' }).waitFor();
  await becomes(() => page.locator('.badge').innerText(), '44 of 44', 'how many there are after Yes');
  equal(questions, Array(2).fill('Are you sure you want to remove Ada Almeida?'), 'what is asked');
  await becomes(() => rows(page).first().locator('td').first().innerText(), 'Ada Brandt', 'the first row');
});

test('users: the focus stays by what was removed, and goes along with who was edited', async () => {
  const page = await live('/users');
  const focus = (id, what) => becomes(() => page.evaluate(() => document.activeElement.id), id, what);
  page.on('dialog', (dialog) => dialog.accept());
  const remove = (row) => row.getByRole('button', { name: 'Remove' });
  const next = await remove(rows(page).nth(1)).getAttribute('id');
  await remove(rows(page).first()).click();
  await focus(next, 'the focus after Remove');
  const [last, before] = await Promise.all([19, 18].map((n) => remove(rows(page).nth(n)).getAttribute('id')));
  await page.locator(`#${last}`).click();
  await focus(before, 'the focus after Remove of the last row of a page');
  await filter(page).fill('chiara clarke');
  await count(page, 1);
  await remove(rows(page).first()).click();
  await focus('filter', 'the focus after Remove of the only row');
  await filter(page).fill('');

  const edit = rows(page).first().getByRole('button', { name: 'Edit' });
  const id = await edit.getAttribute('id');
  await edit.click();
  await page.getByRole('dialog').getByLabel('Name').fill('Zoë Last');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Page 3 of 3').waitFor();
  await focus(id, 'the focus after the order has changed');
});

test('users: the dialog keeps the focus', async () => {
  const page = await live('/users');
  const where = () => page.evaluate(() => {
    const { activeElement: e } = document;
    if (e === document.body) return 'the browser'; // behind the last one
    if (e.matches('dialog')) return 'the dialog';
    return e.closest('dialog') ? e.textContent || e.id : e.outerHTML;
  });
  await rows(page).first().getByRole('button', { name: 'Edit' }).click();
  await becomes(where, 'dialog-name', 'the focus');
  const within = ['dialog-name', 'dialog-email', 'Save', 'Cancel', 'the dialog', 'the browser'];
  for (const key of ['Tab', 'Shift+Tab']) {
    const seen = [];
    for (let n = 0; n < 9; n += 1) {
      await page.keyboard.press(key);
      seen.push(await where());
    }
    equal(seen.filter((one) => !within.includes(one)), [], `what ${key} reaches behind the dialog`);
    if (key === 'Tab') equal(seen.slice(0, 3), within.slice(1, 4), 'what Tab reaches');
  }
  await page.getByRole('button', { name: 'Cancel' }).click();
  await becomes(() => page.getByRole('dialog').count(), 0, 'dialogs after Cancel');
  await page.keyboard.press('Tab');
  await becomes(() => page.evaluate(() => document.activeElement.textContent), 'Remove', 'what the Tab key reaches then');
});

test('users: Edit opens a dialog, which checks and saves', async () => {
  const page = await live('/users');
  const dialog = page.getByRole('dialog', { name: 'Edit user' });
  const name = dialog.getByLabel('Name');
  const edit = rows(page).nth(1).getByRole('button', { name: 'Edit' });
  await edit.click();
  await dialog.waitFor();
  await becomes(() => page.evaluate(() => document.activeElement.id), 'dialog-name', 'the focus');
  equal([await name.inputValue(), await dialog.getByLabel('E-mail').inputValue()], ['Ada Brandt', 'ada@brandt.example'], 'what it shows');
  check(await page.locator('.users').evaluate((table) => table.inert), 'the table behind it', 'inert', 'not inert');
  await name.fill('');
  await dialog.getByText('Name is required').waitFor();
  await name.press('Enter');
  await name.press('Escape');
  await becomes(() => dialog.count(), 0, 'dialogs after Escape');
  await becomes(() => edit.evaluate((one) => one === document.activeElement), true, 'the focus is back');
  equal((await column(page, 1))[1], 'Ada Brandt', 'the name after Escape');

  await edit.click();
  await name.fill('<b>Aaron</b>');
  await type(dialog.getByLabel('E-mail'), 'aaron@brandt.example');
  await shoot(page, 'live-users-dialog');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.locator('.flash-success', { hasText: 'User saved successfully' }).waitFor();
  await becomes(() => dialog.count(), 0, 'dialogs after Save');
  await becomes(async () => (await column(page, 1))[0], '<b>Aaron</b>', 'the name, in its place in the order');
});
