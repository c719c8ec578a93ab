// People in two windows and a raw client in one room.

import { ID, TIME, check, equal } from '../lib.mjs';
import { becomes, conversation, enter, enterRaw, freshRoom, input, lines, messages, nextOf, say, setName, shows, showsPeople, showsTyping, test } from './world.mjs';

test('two windows and a raw client in one room talk', async () => {
  const room = freshRoom();
  const [ada, ben] = [await enter(room, { name: 'Ada' }), await enter(room)];
  const raw = await enterRaw(room);

  await say(ada, 'Hello from Ada');
  const fromAda = await nextOf(raw, 'chat_message');
  equal({ ...fromAda, user_id: 0, timestamp: 0 }, { type: 'chat_message', message: 'Hello from Ada', name: 'Ada', user_id: 0, timestamp: 0 }, 'what the raw client got');
  check(ID.accepts(fromAda.user_id) && TIME.accepts(fromAda.timestamp), 'id and time', 'both', fromAda);
  await shows(ben, [['other', 'Ada', 'Hello from Ada']]); // so that Ben speaks after her
  await say(ben, 'Hello from Ben');
  const { user_id: benId, name } = await nextOf(raw, 'chat_message');
  equal(name, undefined, 'the name of who chose none');
  raw.send({ type: 'chat_message', message: 'Hello from a terminal' });
  const { user_id: rawId } = await nextOf(raw, 'chat_message');

  await shows(ada, [['own', 'You', 'Hello from Ada'], ['other', `User ${benId}`, 'Hello from Ben'], ['other', `User ${rawId}`, 'Hello from a terminal']]);
  await shows(ben, [['other', 'Ada', 'Hello from Ada'], ['own', 'You', 'Hello from Ben'], ['other', `User ${rawId}`, 'Hello from a terminal']]);
});

test('a message shows its time as HH:MM, in the time zone of the reader', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const raw = await enterRaw(room);
  raw.send({ type: 'chat_message', message: 'what time is it?' });
  const { timestamp } = await nextOf(raw);
  const date = new Date(timestamp);
  const expected = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  await becomes(() => messages(page).locator('time').allTextContents(), [expected], 'the times');
});

test('people of one id have one colour, and those of another another', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const [a, b] = [await enterRaw(room), await enterRaw(room)];
  for (const [client, message] of [[a, '1'], [b, '2'], [a, '3']]) {
    client.send({ type: 'chat_message', message, name: 'Twin' });
    await messages(page).nth(Number(message) - 1).waitFor();
  }
  const colours = await messages(page).locator('.name').evaluateAll((names) => names.map((name) => getComputedStyle(name).color));
  check(colours[0] === colours[2] && colours[0] !== colours[1], 'the colours', 'first and third alike, second another', colours);
});

test('who comes and goes is told, and how many there are', async () => {
  const room = freshRoom();
  const page = await enter(room);
  await showsPeople(page, 'Online');
  const [a, b] = [await enterRaw(room), await enterRaw(room)];
  await showsPeople(page, '3 users online');
  await a.leave();
  await showsPeople(page, '2 users online');
  await b.leave();
  await showsPeople(page, '1 user online');
  const told = ['A user joined the room', 'A user joined the room', 'A user left the room', 'A user left the room'];
  await becomes(() => lines(page).allTextContents(), [`Welcome to room ${room}`, ...told], 'the lines');
});

test('an upload by another is told', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const raw = await enterRaw(room);
  raw.send(Buffer.alloc(1536));
  const { user_id } = await nextOf(raw);
  await lines(page).getByText(`User ${user_id} uploaded 1.5 KiB`).waitFor();
});

test('a name is kept over a reload, and by the browser alone', async () => {
  const room = freshRoom();
  const page = await enter(room, { name: '  Ada ' });
  await page.reload();
  equal(await page.getByLabel('Your name').inputValue(), 'Ada', 'the name after a reload');
  const other = await enter(room);
  equal(await other.getByLabel('Your name').inputValue(), '', 'the name in another browser');
});

test('Enter sends and clears, Shift+Enter breaks the line, blank is not sent', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const raw = await enterRaw(room);
  await say(page, '   ');
  await page.getByRole('button', { name: 'Send' }).click();
  await input(page).fill('');
  await input(page).press('Enter');
  await input(page).pressSequentially(' two');
  await input(page).press('Shift+Enter');
  await input(page).pressSequentially('lines');
  await page.getByRole('button', { name: 'Send' }).click();
  equal((await nextOf(raw, 'chat_message')).message, ' two\nlines', 'the first message that was sent');
  equal(await input(page).inputValue(), '', 'the input');
  check(await input(page).evaluate((element) => element === document.activeElement), 'the focus', 'in the input', 'elsewhere');
  await shows(page, [['own', 'You', ' two\nlines']]);
  equal(await page.locator('.error').count(), 0, 'errors that the blank ones brought');
});

test('Enter that ends the composition of an input method does not send', async () => {
  const page = await enter(freshRoom());
  await input(page).fill('にほん');
  await input(page).evaluate((element) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true })));
  equal(await input(page).inputValue(), 'にほん', 'the input');
  await input(page).press('Enter');
  await shows(page, [['own', 'You', 'にほん']]);
});

test('1000 code points are sent, 1001 are held back and said to be too many', async () => {
  const page = await enter(freshRoom());
  const text = '😀'.repeat(1000);
  await say(page, `${text}x`);
  await lines(page).getByText('Message too long').waitFor();
  equal(await page.locator('#left').textContent(), '1 too many', 'the count');
  equal((await input(page).inputValue()).length, 2001, 'what stays in the input');
  await say(page, text);
  await shows(page, [['own', 'You', text]]);
});

test("the server's errors are shown", async () => {
  const page = await enter(freshRoom());
  await page.evaluate(() => window.sockets[0].send('no JSON'));
  await page.locator('#messages > .error').getByText('Invalid JSON format').waitFor();
  await say(page, 'still here');
  await shows(page, [['own', 'You', 'still here']]);
});

test('markup in messages and names stays text', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const raw = await enterRaw(room);
  const attacks = [
    '<img src=x onerror="window.pwned=1">',
    '"><script>window.pwned=1</script>',
    "<svg onload='window.pwned=1'>",
    '<a href="javascript:window.pwned=1">x</a>',
    '</p></li><iframe srcdoc="<script>parent.pwned=1</script>">',
    '${window.pwned=1} {{constructor.constructor("window.pwned=1")()}}',
  ];
  for (const attack of attacks) {
    const name = [...attack].slice(0, 40).join('').trim();
    raw.send({ type: 'typing_start', name: attack });
    await showsTyping(page, `${name} is typing...`);
    raw.send({ type: 'chat_message', message: attack, name: attack });
  }
  await shows(page, attacks.map((attack) => ['other', [...attack].slice(0, 40).join('').trim(), attack]));
  await setName(page, attacks[0]);
  await say(page, attacks[1]);
  await messages(page).nth(attacks.length).waitFor();
  equal(await page.evaluate(() => window.pwned), undefined, 'what the markup did');
  equal(await page.locator('#messages').locator('img, script, iframe, a, svg').count(), 0, 'elements among the messages');
});

test('the list follows new messages, unless the reader scrolled up', async () => {
  const room = freshRoom();
  const page = await enter(room, { height: 420 });
  const raw = await enterRaw(room);
  const speak = async (from, to) => {
    for (let n = from; n <= to; n += 1) raw.send({ type: 'chat_message', message: `line ${n}` });
    await messages(page).nth(to - 1).waitFor({ state: 'attached' });
  };
  const gap = () => page.locator('#scroller').evaluate((list) => Math.round(list.scrollHeight - list.scrollTop - list.clientHeight));
  await speak(1, 30);
  await becomes(gap, 0, 'the distance from the end');

  await page.locator('#scroller').evaluate((list) => (list.scrollTop = 40));
  await page.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))));
  await speak(31, 40);
  equal(await page.locator('#scroller').evaluate((list) => list.scrollTop), 40, 'where the reader is');
  await page.getByRole('button', { name: 'New messages' }).click();
  await becomes(gap, 0, 'the distance from the end');
  equal(await page.getByRole('button', { name: 'New messages' }).isVisible(), false, 'the button at the end');
  await speak(41, 45);
  await becomes(gap, 0, 'the distance from the end');
});

test('the page keeps a bounded number of messages', async () => {
  const room = freshRoom();
  const page = await enter(room);
  const raw = await enterRaw(room);
  for (let n = 0; n < 600; n += 1) {
    raw.send({ type: 'chat_message', message: String(n) });
    await nextOf(raw);
  }
  await becomes(async () => (await conversation(page)).at(-1)?.[2], '599', 'the latest message');
  equal(await lines(page).count(), 500, 'the length of the list');
});
