// The pages themselves: what they offer, on which screens, and under which policy.

import { check, equal } from '../lib.mjs';
import { address, enter, enterRaw, fitsWidth, freshRoom, hasState, input, messages, open, origin, say, shoot, showsTyping, test } from './world.mjs';

test('the pages come with a Content-Security-Policy that allows nothing inline', async () => {
  for (const path of ['/', `/chat/${freshRoom()}`]) {
    const policy = (await fetch(origin + path)).headers.get('content-security-policy') ?? '';
    check(/default-src 'none'/.test(policy) && !/unsafe|\*/.test(policy), `the policy of ${path}`, "default-src 'none' and nothing unsafe", policy);
  }
});

test('the start page leads into a room, and its examples name this server', async () => {
  const page = await open('/');
  const commands = await page.locator('.terminal kbd').allTextContents();
  const servers = commands.filter((command) => command.includes('://'));
  check(servers.length >= 14, 'the number of examples that name a server', '14 or more', servers.length);
  for (const command of servers) check(command.includes(`://${address}/`), 'an example', address, command);
  for (const none of ['', '  ', '..', ' . ', 'a/b', 'a\\b']) {
    await page.getByLabel('Join a chat room').fill(none);
    await page.getByRole('button', { name: 'Join' }).click();
    equal(new URL(page.url()).pathname, '/', `where "${none}" leads`);
  }
  await page.getByLabel('Join a chat room').fill(' Blue café? #1 100% ');
  await page.getByLabel('Join a chat room').press('Enter');
  await page.waitForURL('**/chat/**');
  await hasState(page, 'online');
  equal(await page.locator('#room').textContent(), 'Blue café? #1 100%', 'the name of the room');
  await page.getByText('Welcome to room Blue café? #1 100%').waitFor();
});

test('every control has a label, and shows where the focus is', async () => {
  for (const path of ['/', `/chat/${freshRoom()}`]) {
    const page = await open(path);
    const controls = page.locator('a[href], button:visible, input, textarea, [tabindex="0"]');
    const count = await controls.count();
    check(count >= 4, `the controls of ${path}`, 'several', count);
    for (let n = 0; n < count; n += 1) {
      const control = controls.nth(n);
      const name = await control.evaluate((e) => (e.ariaLabel ?? '') + (e.labels?.[0]?.textContent ?? '') + (e.matches('a, button') ? e.textContent : ''));
      check(name.trim() !== '', `the label of ${await control.evaluate((e) => e.outerHTML.slice(0, 80))}`, 'a text', name);
    }
    const seen = new Set();
    for (let n = 0; n < count; n += 1) {
      await page.keyboard.press('Tab');
      const ring = await page.evaluate(() => {
        const { activeElement: e } = document;
        const visible = (box) => getComputedStyle(box).outlineStyle !== 'none' || getComputedStyle(box).boxShadow.includes('0px 0px 0px');
        return { what: e.outerHTML.slice(0, 80), visible: visible(e) || visible(e.parentElement) };
      });
      check(ring.visible, `the focus ring of ${ring.what}`, 'visible', 'none');
      seen.add(ring.what);
    }
    check(seen.size >= 4, 'what the Tab key reaches', 'several controls', [...seen]);
  }
});

test('dark and light follow the system, and both are shot', async () => {
  const brightness = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((sum, part) => sum + Number(part), 0));
  for (const dark of [false, true]) {
    const start = await open('/', { dark });
    await shoot(start, `start-${dark ? 'dark' : 'light'}`, { fullPage: true });
    const room = freshRoom();
    const chat = await enter(room, { dark, name: 'Marie' });
    await converse(chat, room);
    await shoot(chat, `chat-${dark ? 'dark' : 'light'}`);
    for (const page of [start, chat]) {
      const seen = await brightness(page);
      check(dark ? seen < 150 : seen > 600, 'the brightness of the page', dark ? 'dark' : 'light', seen);
    }
  }
});

test('a phone of 360 px shows all of it, without scrolling sideways', async () => {
  const start = await open('/', { width: 360, height: 740 });
  await fitsWidth(start, 360);
  await shoot(start, 'start-phone', { fullPage: true });
  for (const dark of [false, true]) {
    const room = freshRoom();
    const chat = await enter(room, { width: 360, height: 640, dark, name: 'Marie' });
    await converse(chat, room);
    await fitsWidth(chat, 360);
    await shoot(chat, `chat-phone-${dark ? 'dark' : 'light'}`);
  }
});

test('words and names without end stay within 360 px', async () => {
  const room = `${freshRoom()}-${'endless'.repeat(6)}`;
  const page = await enter(room, { width: 360, height: 640 });
  const raw = await enterRaw(room);
  raw.send({ type: 'chat_message', message: 'W'.repeat(400), name: 'W'.repeat(40) });
  await messages(page).nth(0).waitFor();
  await say(page, 'M'.repeat(300));
  await messages(page).nth(1).waitFor();
  await input(page).fill('Q'.repeat(950));
  for (let n = 0; n < 3; n += 1) {
    const typist = await enterRaw(room);
    typist.send({ type: 'typing_start', name: `Name${n} ${'x'.repeat(30)}` });
  }
  await page.locator('#typing', { hasText: 'Name2' }).waitFor();
  await fitsWidth(page, 360);
  const cut = await messages(page).locator('.bubble').evaluateAll((bubbles) => bubbles.filter((bubble) => bubble.scrollWidth > bubble.clientWidth).length);
  equal(cut, 0, 'messages that are cut off at the side');
  const box = await page.getByRole('button', { name: 'Send' }).boundingBox();
  check(box.x + box.width <= 360 && box.y + box.height <= 640, 'the Send button', 'on the screen', box);
  await shoot(page, 'chat-phone-endless');
});

/** A few turns of a conversation, with one who is typing. */
async function converse(page, room) {
  const [ada, ben] = [await enterRaw(room), await enterRaw(room)];
  const turns = async (count) => messages(page).nth(count - 1).waitFor();
  ada.send({ type: 'chat_message', message: 'Good morning! Has anybody tried the new room limits?', name: 'Ada' });
  ada.send({ type: 'chat_message', message: 'They look right to me.', name: 'Ada' });
  await turns(2);
  await say(page, 'Yes, all of them hold.');
  await turns(3);
  ben.send({ type: 'chat_message', message: 'I am in from a terminal,\nwith a second line, and with a longer sentence that has to wrap somewhere in the bubble.' });
  await turns(4);
  await say(page, 'Welcome!');
  await turns(5);
  await page.evaluate(() => window.sockets[0].send('{"type":"wave"}'));
  await page.getByText('Unknown message type: wave').waitFor();
  await ben.leave();
  await page.getByText('A user left the room').waitFor();
  ada.send({ type: 'typing_start', name: 'Ada' });
  await showsTyping(page, 'Ada is typing...');
}
