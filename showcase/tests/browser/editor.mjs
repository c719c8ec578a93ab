// The editor: two browsers, one document.

import { check, equal } from '../lib.mjs';
import { becomes, fitsWidth, isLive, open, shoot, test, type } from './world.mjs';

let documents = 0;
const fresh = () => `paper-${(documents += 1)}-${Date.now()}`;
const area = (page) => page.getByLabel('Text', { exact: true });
const text = (page) => area(page).inputValue();
const reads = (page, expected, ms) => becomes(() => text(page), expected, 'the text', ms);
const foot = (page, part) => becomes(async () => (await page.locator('.editor footer').textContent()).includes(part), true, `"${part}" below the text`);

/** A window with a document that so many have open then. */
async function edit(id, count = 1, options = {}) {
  const page = await open(`/editor/${id}`, options);
  await foot(page, `${count} collaborators`);
  if (options.name) {
    await isLive(page); // until then the name is not known that takes the field's place
    await type(page.getByLabel('Your name'), options.name);
    await page.getByLabel('Your name').press('Enter');
  }
  return page;
}

const caret = (page) => area(page).evaluate((e) => [e.selectionStart, e.selectionEnd]);
const select = (page, from, to = from) => area(page).evaluate((e, [a, b]) => (e.focus(), e.setSelectionRange(a, b)), [from, to]);

test('editor: what one types, the other sees', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).pressSequentially('Hello, Ben');
  await reads(ben, 'Hello, Ben');
  await select(ben, 5);
  await ben.keyboard.type(' there');
  await reads(ada, 'Hello there, Ben');
  equal(await text(ben), 'Hello there, Ben', 'the text where it was typed');
  const late = await edit(id, 3);
  await reads(late, 'Hello there, Ben');
});

test('editor: simultaneous edits at different places both survive, and all converge', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).fill('one\ntwo\nthree\n');
  await reads(ben, 'one\ntwo\nthree\n');
  await select(ada, 3);
  await select(ben, 13);
  await Promise.all([ada.keyboard.type(' is where Ada writes', { delay: 7 }), ben.keyboard.type(' is where Ben writes', { delay: 9 })]);
  const expected = 'one is where Ada writes\ntwo\nthree is where Ben writes\n';
  await reads(ada, expected);
  await reads(ben, expected);
});

test('editor: edits at the same place converge, with every letter of both', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).focus();
  await area(ben).focus();
  await Promise.all([ada.keyboard.type('abcdefghij', { delay: 11 }), ben.keyboard.type('0123456789', { delay: 13 })]);
  await becomes(async () => (await text(ada)).length, 20, 'the length');
  await becomes(async () => (await text(ada)) === (await text(ben)), true, 'whether both are the same');
  const both = await text(ada);
  equal([...both].filter((char) => /[a-z]/.test(char)).join(''), 'abcdefghij', "Ada's letters, in their order");
  equal([...both].filter((char) => /\d/.test(char)).join(''), '0123456789', "Ben's digits, in their order");
});

test('editor: one who deletes and one who types in it converge', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).fill('keep [this goes 😀 away] keep');
  await reads(ben, 'keep [this goes 😀 away] keep');
  await select(ada, 5, 24);
  await select(ben, 16);
  await Promise.all([ada.keyboard.press('Delete'), ben.keyboard.type('😃stays', { delay: 3 })]);
  await becomes(async () => (await text(ada)) === (await text(ben)), true, 'whether both are the same');
  await becomes(async () => /^keep .*stays.* keep$/.test(await text(ada)), true, 'what is left of it');
});

test('editor: the caret and the selection stay with their letters', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).fill('abcdef');
  await reads(ben, 'abcdef');
  await select(ada, 2, 4);
  await select(ben, 0);
  await ben.keyboard.type('>>> ');
  await reads(ada, '>>> abcdef');
  equal(await caret(ada), [6, 8], 'the selection');
  await select(ben, 10);
  await ben.keyboard.type('!');
  await reads(ada, '>>> abcdef!');
  equal(await caret(ada), [6, 8], 'the selection');
  check(await area(ada).evaluate((e) => e === document.activeElement), 'the focus', 'in the text', 'elsewhere');
});

test("editor: undo takes back one's own, and leaves what the other typed", async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).fill('start');
  await reads(ben, 'start');
  await ada.waitForTimeout(700); // what is typed within half a second is one step
  await select(ada, 5);
  await ada.keyboard.type(' mine');
  await reads(ben, 'start mine');
  await select(ben, 0);
  await ben.keyboard.type('his ');
  await reads(ada, 'his start mine');
  await select(ada, 14);
  await ada.keyboard.press('Control+z');
  await reads(ada, 'his start');
  await reads(ben, 'his start');
  equal(await caret(ada), [9, 9], 'the caret after it');
  await ada.keyboard.press('Control+Shift+z');
  await reads(ben, 'his start mine');
  await ada.keyboard.type('!');
  await reads(ben, 'his start mine!');
  await select(ben, 0);
  await ben.keyboard.press('Control+z');
  await reads(ada, 'start mine!');
});

test('editor: characters, collaborators, avatars and carets', async () => {
  const id = fresh();
  const ada = await edit(id, 1, { name: 'Ada' });
  await foot(ada, '0 characters');
  await foot(ada, 'Last saved: never');
  await area(ada).pressSequentially('a😀b');
  await foot(ada, '3 characters');
  const ben = await edit(id, 2, { name: 'Ben' });
  await foot(ada, '2 collaborators');
  const people = (page) => page.locator('.people .avatar').evaluateAll((items) => items.map((item) => [item.title, item.textContent]));
  await becomes(() => people(ada), [['Ada (you)', 'A'], ['Ben', 'B']], 'the avatars');
  await becomes(() => people(ben), [['Ben (you)', 'B'], ['Ada', 'A']], 'the avatars');
  await reads(ben, 'a😀b');
  await select(ben, 3);
  const carets = (page) => page.locator('.carets').evaluate((e) => [...e.querySelectorAll('.caret')].map((one) => [one.dataset.name, one.previousSibling.data]));
  await becomes(() => carets(ada), [['Ben', 'a😀']], "where Ben's caret is");
  await select(ada, 0);
  await ada.keyboard.type('x');
  await becomes(() => carets(ada), [['Ben', 'xa😀']], "where Ben's caret is");
  await ben.close();
  await foot(ada, '1 collaborators');
  await becomes(() => carets(ada), [], 'carets');
});

test('editor: Save says when, for everybody; Share shows the link', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await ada.getByRole('button', { name: 'Save' }).click();
  await ada.getByText('Saved', { exact: true }).waitFor();
  const now = () => ada.evaluate(() => [new Date().getHours(), new Date().getMinutes()].map((part) => String(part).padStart(2, '0')).join(':'));
  for (const page of [ada, ben]) {
    await becomes(async () => {
      const shown = await page.locator('.editor footer time').textContent();
      return shown === (await now()) || shown;
    }, true, 'the time of the last save');
  }
  await ada.getByRole('button', { name: 'Share' }).click();
  await becomes(() => ada.locator('.share input').inputValue(), ada.url(), 'the link');
});

test('editor: what is typed while the connection is away is kept, and so is what others typed', async () => {
  const id = fresh();
  const [ada, ben] = [await edit(id), await edit(id, 2)];
  await area(ada).pressSequentially('before');
  await reads(ben, 'before');
  await ada.evaluate(() => spark.close());
  await area(ada).pressSequentially(', during');
  await select(ben, 0);
  await ben.keyboard.type('Ben: ');
  await foot(ben, '1 collaborators');
  await ada.evaluate(() => spark.reconnect());
  await reads(ada, 'Ben: before, during');
  await reads(ben, 'Ben: before, during');
});

test('editor: what is typed before the page is connected stays, and so does what others typed since it was made', async () => {
  const id = fresh();
  const ben = await edit(id);
  await area(ben).fill('Ben was first.');
  await foot(ben, '14 characters');
  const before = (page) =>
    page.addInitScript(() => {
      // The page is there, its scripts have not begun.
      const typed = () => document.readyState === 'interactive' && document.querySelector('textarea').setRangeText('Early: ');
      document.addEventListener('readystatechange', typed);
    });
  const ada = await edit(id, 2, { before });
  for (const page of [ada, ben]) await reads(page, 'Early: Ben was first.');
});

test('editor: a connection that breaks while something is told loses nothing, and nothing comes twice', async () => {
  const id = fresh();
  const ada = await edit(id);
  let expected = '';
  for (let n = 0; n < 12; n += 1) {
    await area(ada).focus();
    await ada.keyboard.type(`<${n}`);
    await ada.evaluate(() => window.sockets.at(-1).close());
    await ada.keyboard.type('>');
    expected += `<${n}>`;
    await ada.evaluate(() => spark.reconnect());
    await foot(ada, `${expected.length} characters`);
    await reads(ada, expected);
  }
  const ben = await edit(id, 2);
  await reads(ben, expected);
});

test('editor: markup in texts and names stays text, and a text survives a reload', async () => {
  const id = fresh();
  const attack = '\n</textarea><script>window.pwned=1</script><img src=x onerror="window.pwned=1">';
  const ada = await edit(id, 1, { name: '"><img src=x onerror=window.pwned=1>' });
  await area(ada).fill(attack);
  const ben = await edit(id, 2);
  await reads(ben, attack);
  await ben.locator('.people .avatar').nth(1).waitFor();
  await ada.getByRole('button', { name: 'Save' }).click();
  await ben.locator('.editor footer time').waitFor();
  await ben.reload();
  await foot(ben, '2 collaborators');
  await reads(ben, attack);
  for (const page of [ada, ben]) {
    equal(await page.evaluate(() => window.pwned), undefined, 'what the markup did');
    equal(await page.locator('.editor').locator('img, script').count(), 0, 'elements in the editor');
  }
});

test('editor: a text that is too long is refused, and what is there stays', async () => {
  const id = fresh();
  const ada = await edit(id);
  await area(ada).fill('short');
  await foot(ada, '5 characters');
  await area(ada).fill('x'.repeat(20_000));
  await foot(ada, '20000 characters');
  await area(ada).press('y'); // what a user enters is cut …
  await foot(ada, '20000 characters');
  equal(await text(ada), 'x'.repeat(20_000), 'the text');
  await area(ada).fill('short');
  await foot(ada, '5 characters');
  await area(ada).evaluate((e) => {
    e.value = '😀'.repeat(10_001); // … and what comes in another way is refused
    e.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
  await ada.getByText('This document cannot become longer').waitFor();
  await reads(ada, 'short');
});

test('editor: a hundred edits by three browsers at random converge', async () => {
  const id = fresh();
  const pages = [await edit(id), await edit(id, 2), await edit(id, 3)];
  let state = 11;
  const random = (below) => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
  const plans = pages.map(() => Array.from({ length: 35 }, () => [random(1000), random(6), random(3), random(4)]));
  await Promise.all(
    pages.map(async (page, index) => {
      for (const [where, length, what, pause] of plans[index]) {
        await area(page).evaluate((e, [at, count]) => {
          const from = at % (e.value.length + 1);
          e.focus();
          e.setSelectionRange(from, Math.min(from + count, e.value.length));
        }, [where, length]);
        if (what === 0) await page.keyboard.press('Backspace');
        else await page.keyboard.insertText(['', 'word ', '😀\n'][what]);
        await page.waitForTimeout(pause * 15);
      }
    }),
  );
  await becomes(async () => {
    const texts = await Promise.all(pages.map(text));
    return texts.every((one) => one === texts[0]);
  }, true, 'whether all are the same');
  check((await text(pages[0])).length > 20, 'the text', 'not empty', await text(pages[0]));
});

test('editor: light, dark and on a phone', async () => {
  for (const [look, options] of [['light', {}], ['dark', { dark: true }], ['phone', { width: 360, height: 720 }]]) {
    const id = `minutes-${look}`;
    const page = await edit(id, 1, { ...options, name: 'Marie' });
    const [ada, ben] = [await edit(id, 2, { name: 'Ada' }), await edit(id, 3, { name: 'Ben' })];
    await area(page).fill('Minutes\n\nWe met at ten, and agreed that patches are small.\nNobody had to leave early.\n\nNext time: the weather.');
    await reads(ben, await text(page));
    await reads(ada, await text(page));
    await select(ada, 30);
    await select(ben, 80);
    await page.getByRole('button', { name: 'Save' }).click();
    await becomes(() => page.locator('.caret').count(), 2, 'the number of carets');
    await fitsWidth(page, options.width ?? 900);
    await page.locator('.flash').click();
    await shoot(page, `editor-${look}`);
  }
});
