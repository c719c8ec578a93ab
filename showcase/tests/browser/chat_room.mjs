// The live page of a chat room: two windows, and a raw client of the channel, in one room.

import { check, equal, sleep } from '../lib.mjs';
import { becomes, enterRaw, fitsWidth, freshRoom, losesConnection, nextOf, open, shoot, slows, test, type } from './world.mjs';

const input = (page) => page.getByLabel('Message', { exact: true });
const users = (page, text) => becomes(() => page.locator('.chat-room .badge').textContent(), text, 'how many there are');
const typing = (page, text, ms) => becomes(() => page.locator('.typing').textContent(), text, 'who is typing', ms);
const conversation = (page) =>
  page.locator('.messages > .message').evaluateAll((items) =>
    items.map((item) => [item.className.replace('message', '').trim(), item.querySelector('.name').textContent, item.querySelector('.text').textContent]),
  );
const shows = (page, expected) => becomes(() => conversation(page), expected, 'the conversation');

/** A window in a room in which so many are then. */
async function enter(room, count, options = {}) {
  const page = await open(`/chat-room/${room}`, options);
  await users(page, `${count} users online`);
  if (options.name) {
    await type(page.getByLabel('Your name'), options.name);
    await page.getByLabel('Your name').press('Enter');
  }
  return page;
}

async function say(page, text) {
  await input(page).fill(text);
  await input(page).press('Enter');
  await becomes(() => input(page).inputValue(), '', 'the input');
}

test('chat room, live: two windows and a raw client talk', async () => {
  const room = freshRoom();
  const ada = await enter(room, 1, { name: 'Ada' });
  const ben = await enter(room, 2);
  await users(ada, '2 users online');
  const raw = await enterRaw(room);
  await users(ada, '3 users online');
  await say(ada, 'Hello from Ada');
  const { message, name } = await nextOf(raw, 'chat_message');
  equal([message, name], ['Hello from Ada', 'Ada'], 'what the raw client got');
  await shows(ben, [['other', 'Ada', 'Hello from Ada']]);
  await input(ben).fill('Hello from Ben');
  await ben.getByRole('button', { name: 'Send' }).click();
  await becomes(() => input(ben).inputValue(), '', 'the input');
  const { user_id: benId } = await nextOf(raw, 'chat_message');
  raw.send({ type: 'chat_message', message: 'Hello from a terminal', name: 'Cy' });
  await shows(ada, [['own', 'Ada', 'Hello from Ada'], ['other', `User ${benId}`, 'Hello from Ben'], ['other', 'Cy', 'Hello from a terminal']]);
  await shows(ben, [['other', 'Ada', 'Hello from Ada'], ['own', `User ${benId}`, 'Hello from Ben'], ['other', 'Cy', 'Hello from a terminal']]);
  await raw.leave();
  await users(ada, '2 users online');
  await ben.close();
  await users(ada, '1 users online');
});

test('chat room, live: on a slow connection one may type on', async () => {
  const page = await enter(freshRoom(), 1);
  await slows(page);
  await users(page, '1 users online');
  for (const text of ['hello', 'how are you']) {
    await input(page).pressSequentially(text);
    await input(page).press('Enter');
  }
  await input(page).pressSequentially('newer');
  await becomes(async () => (await conversation(page)).map(([, , text]) => text), ['hello', 'how are you'], 'what was said');
  equal(await input(page).inputValue(), 'newer', 'what is not sent yet');
});

test('chat room, live: a raw client hears who comes and goes, with counts', async () => {
  const room = freshRoom();
  const raw = await enterRaw(room);
  const page = await enter(room, 2);
  await raw.gets({ type: 'user_joined', message: 'A user joined the room', count: 2 });
  await page.close();
  await raw.gets({ type: 'user_left', message: 'A user left the room', count: 1 });
});

test('chat room, live: blank is not sent, and what is said goes as it came', async () => {
  const room = freshRoom();
  const page = await enter(room, 1);
  const raw = await enterRaw(room);
  await input(page).fill('   ');
  await input(page).press('Enter');
  await input(page).fill('  two words ');
  await input(page).press('Enter');
  equal((await nextOf(raw, 'chat_message')).message, '  two words ', 'the first message that was sent');
  await becomes(() => input(page).inputValue(), '', 'the input');
  check(await input(page).evaluate((element) => element === document.activeElement), 'the focus', 'in the input', 'elsewhere');
});

test('chat room, live: 1001 code points are too many, and stay in the input', async () => {
  const page = await enter(freshRoom(), 1);
  await input(page).fill('😀'.repeat(1001));
  await input(page).press('Enter');
  await page.getByText('Message too long').waitFor();
  equal((await input(page).inputValue()).length, 2002, 'what stays in the input');
  await say(page, '😀'.repeat(1000));
  await becomes(async () => (await conversation(page)).length, 1, 'the number of messages');
});

test('chat room, live: those who type are named, for 3 s after their latest event', async () => {
  const room = freshRoom();
  const page = await enter(room, 1);
  const [ada, ben] = [await enterRaw(room), await enterRaw(room)];
  ada.send({ type: 'typing_start', name: 'Ada' });
  await typing(page, 'Ada is typing...');
  ben.send({ type: 'typing_start', name: 'Ben' });
  await typing(page, 'Ada, Ben are typing...');
  const began = Date.now();
  await sleep(1_500);
  ada.send({ type: 'typing_start', name: 'Ada' });
  await typing(page, 'Ada is typing...');
  check(Date.now() - began > 2_500, 'how long Ben was shown', 'about 3 s', Date.now() - began);
  await typing(page, '');
  check(Date.now() - began > 4_000, 'how long Ada was shown', 'about 4.5 s', Date.now() - began);
  ben.send({ type: 'typing_start', name: 'Ben' });
  await typing(page, 'Ben is typing...');
  ben.send({ type: 'chat_message', message: 'said' });
  await typing(page, '');
});

test("chat room, live: one's own typing is told, not shown to oneself, and stops after 2 s", async () => {
  const room = freshRoom();
  const ada = await enter(room, 1, { name: 'Ada' });
  const ben = await enter(room, 2);
  const raw = await enterRaw(room);
  const next = async () => {
    const { type, name } = await nextOf(raw);
    return [type, name];
  };
  await input(ada).pressSequentially('h');
  const began = Date.now();
  equal(await next(), ['user_typing', 'Ada'], 'what the others are told');
  await typing(ben, 'Ada is typing...');
  equal(await ada.locator('.typing').textContent(), '', 'who Ada sees typing');
  equal(await next(), ['user_stopped_typing', 'Ada'], 'what the others are told');
  check(Date.now() - began > 1_800, 'how long she was typing', 'about 2 s', Date.now() - began);
  await typing(ben, '');
  await input(ada).pressSequentially('i');
  equal(await next(), ['user_typing', 'Ada'], 'what the others are told');
  await input(ada).press('Enter');
  equal([(await nextOf(raw)).type, (await nextOf(raw)).type].sort(), ['chat_message', 'user_stopped_typing'], 'what the others are told');
});

test('chat room, live: HH:MM in the time zone of the reader', async () => {
  const room = freshRoom();
  const page = await enter(room, 1);
  const raw = await enterRaw(room);
  raw.send({ type: 'chat_message', message: 'what time is it?' });
  const date = new Date((await nextOf(raw, 'chat_message')).timestamp);
  const expected = await page.evaluate((time) => {
    const local = new Date(time);
    return [local.getHours(), local.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  }, date.getTime());
  await becomes(() => page.locator('.message time').allTextContents(), [expected], 'the times');
});

test('chat room, live: the list follows, unless the reader scrolled up', async () => {
  const room = freshRoom();
  const page = await enter(room, 1);
  const raw = await enterRaw(room);
  const speak = async (from, to) => {
    for (let n = from; n <= to; n += 1) raw.send({ type: 'chat_message', message: `line ${n}` });
    await page.getByText(`line ${to}`, { exact: true }).waitFor({ state: 'attached' });
  };
  const list = page.locator('.messages');
  const gap = () => list.evaluate((e) => Math.round(e.scrollHeight - e.scrollTop - e.clientHeight));
  await speak(1, 40);
  check((await list.evaluate((e) => e.scrollHeight - e.clientHeight)) > 200, 'the list', 'longer than what is seen of it', 'short');
  await becomes(gap, 0, 'the distance from the end');
  await list.evaluate((e) => (e.scrollTop = 40));
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await speak(41, 50);
  equal(await list.evaluate((e) => e.scrollTop), 40, 'where the reader is');
  await list.evaluate((e) => (e.scrollTop = e.scrollHeight));
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await speak(51, 55);
  await becomes(gap, 0, 'the distance from the end');
});

test('chat room, live: what was said and who one is outlive a reload and a lost connection', async () => {
  const room = freshRoom();
  const page = await enter(room, 1, { name: 'Ada' });
  await say(page, 'one');
  const raw = await enterRaw(room);
  raw.send({ type: 'chat_message', message: 'two', name: 'Cy' });
  const all = [['own', 'Ada', 'one'], ['other', 'Cy', 'two']];
  await shows(page, all);
  const late = await enter(room, 3);
  await shows(late, all.map(([, ...line]) => ['other', ...line]));
  await late.close();
  for (const how of [() => page.reload(), () => losesConnection(page)]) {
    await how();
    await users(page, '2 users online');
    await shows(page, all);
    equal(await page.getByLabel('Your name').inputValue(), 'Ada', 'the name');
    await say(page, 'and on');
    all.push(['own', 'Ada', 'and on']);
    await shows(page, all);
  }
});

test('chat room, live: a bounded number of messages is kept', async () => {
  const room = freshRoom();
  const page = await enter(room, 1);
  const raw = await enterRaw(room);
  for (let n = 0; n < 260; n += 1) {
    raw.send({ type: 'chat_message', message: String(n) });
    await nextOf(raw);
  }
  await becomes(async () => (await conversation(page)).at(-1)?.[2], '259', 'the latest message');
  equal((await conversation(page)).length, 200, 'the length of the list');
});

test('chat room, live: markup in messages and names stays text', async () => {
  const room = freshRoom();
  const page = await enter(room, 1, { name: '<img src=x onerror=window.pwned=1>' });
  const raw = await enterRaw(room);
  const attacks = ['<img src=x onerror="window.pwned=1">', '"><script>window.pwned=1</script>', "<svg onload='window.pwned=1'>", '${window.pwned=1}'];
  for (const attack of attacks) {
    raw.send({ type: 'typing_start', name: attack });
    await typing(page, `${attack} is typing...`);
    raw.send({ type: 'chat_message', message: attack, name: attack });
  }
  await say(page, attacks[1]);
  await becomes(async () => (await conversation(page)).map(([, , text]) => text), [...attacks, attacks[1]], 'the conversation');
  equal(await page.evaluate(() => window.pwned), undefined, 'what the markup did');
  equal(await page.locator('.chat-room').locator('img, script, svg').count(), 0, 'elements in the room');
});

test('chat room, live: light, dark and on a phone', async () => {
  for (const [look, options] of [['light', {}], ['dark', { dark: true }], ['phone', { width: 360, height: 720 }]]) {
    const room = `tea-${look}`;
    const page = await enter(room, 1, { ...options, name: 'Marie' });
    const [ada, ben] = [await enterRaw(room), await enterRaw(room)];
    await users(page, '3 users online');
    const turns = async (count) => becomes(async () => (await conversation(page)).length, count, 'the number of messages');
    ada.send({ type: 'chat_message', message: 'Good morning! Has anybody tried the new page?', name: 'Ada' });
    await turns(1);
    await say(page, 'Yes. It is all rendered on the server.');
    await turns(2);
    ben.send({ type: 'chat_message', message: 'I am in from a terminal, and write a longer sentence that has to wrap somewhere.' });
    await turns(3);
    await say(page, 'Welcome!');
    await turns(4);
    ada.send({ type: 'typing_start', name: 'Ada' });
    ben.send({ type: 'typing_start', name: 'Ben' });
    await typing(page, 'Ada, Ben are typing...');
    await fitsWidth(page, options.width ?? 900);
    await shoot(page, `chat-room-${look}`);
  }
});
