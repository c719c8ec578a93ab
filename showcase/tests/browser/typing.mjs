// Who is typing: the windows' clocks are ours, so that seconds pass exactly.

import { equal } from '../lib.mjs';
import { enter, enterRaw, freshRoom, input, nextOf, say, setName, showsTyping, test } from './world.mjs';

test('one or several who type are named, each until 3 s after their latest event', async () => {
  const room = freshRoom();
  const page = await enter(room, { clock: true });
  const [ada, ben] = [await enterRaw(room), await enterRaw(room)];
  ada.send({ type: 'typing_start', name: 'Ada' });
  await showsTyping(page, 'Ada is typing...');
  await page.clock.runFor(2_000);
  ben.send({ type: 'typing_start', name: 'Ben' });
  await showsTyping(page, 'Ada, Ben are typing...');
  ada.send({ type: 'typing_start', name: 'Ada Lovelace' });
  await showsTyping(page, 'Ada Lovelace, Ben are typing...');
  await page.clock.runFor(2_900);
  await showsTyping(page, 'Ada Lovelace, Ben are typing...');
  await page.clock.runFor(200);
  await showsTyping(page, '');
});

test('who stops, or says it, is typing no more', async () => {
  const room = freshRoom();
  const page = await enter(room, { clock: true });
  const [ada, ben] = [await enterRaw(room), await enterRaw(room)];
  ada.send({ type: 'typing_start', name: 'Ada' });
  await showsTyping(page, 'Ada is typing...');
  ben.send({ type: 'typing_start', name: 'Ben' });
  await showsTyping(page, 'Ada, Ben are typing...');
  ada.send({ type: 'typing_stop' });
  await showsTyping(page, 'Ben is typing...');
  ben.send({ type: 'chat_message', message: 'said', name: 'Ben' });
  await showsTyping(page, '');
});

test('one sees others type across two windows, and not oneself', async () => {
  const room = freshRoom();
  const [ada, ben] = [await enter(room, { name: 'Ada', clock: true }), await enter(room, { clock: true })];
  await input(ada).pressSequentially('h');
  await showsTyping(ben, 'Ada is typing...');
  await showsTyping(ada, '');
  await ada.clock.runFor(2_000);
  await showsTyping(ben, '');
});

test("one's own typing is told at the first key, again while it lasts, and stops 2 s after the last", async () => {
  const room = freshRoom();
  const page = await enter(room, { clock: true, name: 'Ada' });
  const raw = await enterRaw(room);
  const told = async (type) => {
    const { type: seen, name } = await nextOf(raw);
    equal([seen, name], [type, 'Ada'], 'what the others are told');
  };
  const marks = async (text) => {
    raw.send({ type: 'chat_message', message: text });
    equal((await nextOf(raw)).message, text, 'nothing but the mark');
    await page.getByText(text, { exact: true }).waitFor();
  };
  await input(page).pressSequentially('a');
  await told('user_typing');
  await page.clock.runFor(1_000);
  await input(page).pressSequentially('b');
  await marks('not again within so short a time');
  await page.clock.runFor(1_000);
  await input(page).pressSequentially('c');
  await told('user_typing');
  await page.clock.runFor(1_999);
  await marks('still typing');
  await page.clock.runFor(1);
  await told('user_stopped_typing');
  await page.clock.runFor(10_000);
  await marks('and no more of it');
});

test('sending, or clearing the input, stops the typing', async () => {
  const room = freshRoom();
  const page = await enter(room, { clock: true });
  await setName(page, 'Ada');
  const raw = await enterRaw(room);
  const types = async (n) => {
    const seen = [];
    while (seen.length < n) seen.push((await nextOf(raw)).type);
    return seen;
  };
  await say(page, 'hello');
  equal(await types(3), ['user_typing', 'user_stopped_typing', 'chat_message'], 'what the others are told');
  await input(page).fill('x');
  await input(page).fill('');
  equal(await types(2), ['user_typing', 'user_stopped_typing'], 'what the others are told');
});
