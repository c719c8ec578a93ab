// /chat/:room_id: what is said, refused and announced in a room.

import { ID, TEXT, TIME, check, equal, errorOf } from '../lib.mjs';
import { MIB, chatMessage, company, enter, freshRoom, isRefused, joined, left, reachesAll, say, test } from './world.mjs';

test('/chat/:room_id: the newcomer is welcomed, and hears no user_joined', async () => {
  const client = await enter(freshRoom());
  await client.getsNothingMore();
});

test('/chat/:room_id: a room with a percent-encoded name is welcomed by its decoded name', async () => {
  await enter(`caf%C3%A9-${freshRoom()}`);
});

test('/chat/:room_id: the others hear user_joined, counting who joined', async () => {
  const clients = await company(4);
  for (const client of clients) await client.getsNothingMore();
});

test('/chat/:room_id: the rest hears user_left, counting who remain', async () => {
  const [a, b, c] = await company(3);
  await b.leave();
  await a.gets(left(2));
  await c.gets(left(2));
  a.socket.terminate();
  await c.gets(left(1), 'a user_left for a connection that was cut');
  await c.getsNothingMore();
});

test('/chat/:room_id: who comes after somebody left is counted among who remain', async () => {
  const room = freshRoom();
  const [a, b] = await company(2, room);
  await b.leave();
  await a.gets(left(1));
  await enter(room);
  await a.gets(joined(2));
});

test('/chat/:room_id: rooms do not hear each other', async () => {
  const [a, b] = await company(2);
  const [other] = await company(1);
  await reachesAll(a, [a, b], say('here'), chatMessage('here'));
  await other.getsNothingMore();
});

test('/chat/:room_id: a chat_message reaches all in the room, the sender too', async () => {
  const clients = await company(3);
  await reachesAll(clients[1], clients, say('hello'), chatMessage('hello'));
});

test('/chat/:room_id: many who speak at once are all heard by all, in one order', async () => {
  const clients = await company(8);
  for (let n = 0; n < 10; n += 1) clients.forEach((client, i) => client.send(say(`${i}:${n}`)));
  const heard = [];
  for (const client of clients) {
    const texts = [];
    for (let n = 0; n < 80; n += 1) texts.push((await client.gets({ ...chatMessage(TEXT) })).message);
    heard.push(texts);
    await client.getsNothingMore();
  }
  for (const texts of heard) equal(texts, heard[0], 'the same order for everybody');
  const ordered = [...heard[0]].sort();
  equal(ordered, clients.flatMap((_, i) => [...Array(10)].map((_, n) => `${i}:${n}`)).sort(), 'each message once');
  for (let i = 0; i < 8; i += 1) {
    const own = heard[0].filter((text) => text.startsWith(`${i}:`));
    equal(own, [...Array(10)].map((_, n) => `${i}:${n}`), `the order of sender ${i}`);
  }
});

for (const [what, text] of [
  ['with blanks around it', '  \t hello \n '],
  ['with markup', '<script>alert("x")</script> & &amp; \' " \\ /'],
  ['with control characters', 'nul \u0000 bell \u0007 escape \u001b[31m line \u2028 end'],
  ['with scripts, emoji and combining marks', 'Ἀρχή नमस्ते مرحبا 👩‍👩‍👧‍👦 é e\u0301 \u202eabc'],
  ['of one character', '.'],
  ['that looks like JSON', '{"type":"ping"}'],
]) {
  test(`/chat/:room_id: a message ${what} comes as it was sent`, async () => {
    const clients = await company(2);
    await reachesAll(clients[0], clients, say(text), chatMessage(text));
  });
}

for (const [what, char] of [
  ['ASCII letters', 'a'],
  ['letters of two bytes', 'ä'],
  ['astral characters', '😀'],
  ['combining marks', '\u0301'],
]) {
  test(`/chat/:room_id: 1000 ${what} pass, 1001 are too long`, async () => {
    const text = `x${char.repeat(999)}`;
    const clients = await company(2);
    await reachesAll(clients[0], clients, say(text), chatMessage(text));
    await isRefused(say(text + char), errorOf('Message too long'));
  });
}

for (const [what, sent, message] of [
  ['without a message', { type: 'chat_message' }, 'Message is required'],
  ['with an empty message', say(''), 'Message cannot be empty'],
  ['with one blank', say(' '), 'Message cannot be empty'],
  ['with blanks of several kinds', say(' \t\r\n\u00a0\u3000'), 'Message cannot be empty'],
  ['with 1000 blanks', say(' '.repeat(1000)), 'Message cannot be empty'],
  ['with 1001 blanks', say(' '.repeat(1001)), 'Message too long'],
]) {
  test(`/chat/:room_id: a chat_message ${what}: "${message}"`, () => isRefused(sent, errorOf(message)));
}

for (const type of ['foo', 'Ping', 'chat_message ', '<b>"\\', '__proto__']) {
  test(`/chat/:room_id: type ${JSON.stringify(type)} is unknown, and named`, () => isRefused({ type }, errorOf(`Unknown message type: ${type}`)));
}

for (const [what, text] of [
  ['words', 'hello'],
  ['nothing', ''],
  ['half an object', '{"type":"ping"'],
  ['two objects', '{"type":"ping"}{"type":"ping"}'],
  ['a trailing comma', '{"type":"ping",}'],
  ['NaN', '{"type":NaN}'],
]) {
  test(`/chat/:room_id: text that is not JSON (${what}): code INVALID_JSON`, () => isRefused(text, errorOf('Invalid JSON format', 'INVALID_JSON')));
}

for (const [what, text] of [
  ['null', 'null'],
  ['an array', '[1,2]'],
  ['a string', '"ping"'],
  ['an object without a type', '{}'],
  ['a number for a type', '{"type":5}'],
  ['null for a message', '{"type":"chat_message","message":null}'],
  ['a number for a message', '{"type":"chat_message","message":5}'],
  ['an object for a message', '{"type":"chat_message","message":{"toString":1}}'],
  ['deep nesting', '['.repeat(30_000) + ']'.repeat(30_000)],
]) {
  test(`/chat/:room_id: ${what} gets an error`, async () => {
    const [sender, other] = await company(2);
    sender.send(text);
    const error = JSON.parse(await sender.next('an error'));
    equal([error.type, typeof error.message], ['error', 'string'], 'the form of an error');
    check(TIME.accepts(error.timestamp), 'the timestamp of an error', TIME, error.timestamp);
    await sender.getsNothingMore('an open connection');
    await other.getsNothingMore('nothing for the others');
  });
}

test('/chat/:room_id: typing_start and typing_stop reach the others, with the id of who types', async () => {
  const [a, b, c] = await company(3);
  a.send(say('so that my id is known'));
  const { user_id } = await a.gets(chatMessage('so that my id is known'));
  for (const other of [b, c]) await other.gets(chatMessage('so that my id is known'));
  for (const [sent, type] of [['typing_start', 'user_typing'], ['typing_stop', 'user_stopped_typing']]) {
    a.send({ type: sent });
    for (const other of [b, c]) await other.gets({ type, user_id, timestamp: TIME });
    await a.getsNothingMore('nothing for who types');
    for (const other of [b, c]) await other.getsNothingMore();
  }
});

test('/chat/:room_id: a name comes with messages and typing, trimmed', async () => {
  const [a, b] = await company(2);
  await reachesAll(a, [a, b], say('hello', '  Ada <b>\t'), chatMessage('hello', 'Ada <b>'));
  a.send({ type: 'typing_start', name: 'Ada' });
  await b.gets({ type: 'user_typing', user_id: ID, timestamp: TIME, name: 'Ada' });
  a.send({ type: 'typing_stop', name: 'Ada' });
  await b.gets({ type: 'user_stopped_typing', user_id: ID, timestamp: TIME, name: 'Ada' });
});

test('/chat/:room_id: a name has at most 40 code points', async () => {
  const [a] = await company(1);
  const name = '😀'.repeat(40);
  await reachesAll(a, [a], say('hello', name), chatMessage('hello', name));
  a.send(say('hello', `${name}x`));
  const { name: seen } = JSON.parse(await a.next());
  check(seen === undefined || seen === name, 'a longer name', 'cut, or left out', seen);
});

test('/chat/:room_id: a blank name is none', async () => {
  const [a] = await company(1);
  await reachesAll(a, [a], say('hello', ' \t'), chatMessage('hello'));
});

test('/chat/:room_id: ping brings a pong to the sender alone', async () => {
  const [a, b] = await company(2);
  a.send({ type: 'ping' });
  await a.gets({ type: 'pong', timestamp: TIME });
  await b.getsNothingMore();
});

for (const size of [0, 1, 1_048_576]) {
  test(`/chat/:room_id: ${size} bytes are announced to the room, the sender too`, async () => {
    const clients = await company(2);
    await reachesAll(clients[0], clients, Buffer.alloc(size, 7), { type: 'file_upload', size, user_id: ID, timestamp: TIME });
  });
}

for (const size of [1_048_577, 2 * MIB]) {
  test(`/chat/:room_id: ${size} bytes: "File too large"`, () => isRefused(Buffer.alloc(size), errorOf('File too large')));
}

test('/chat/:room_id: a file in fragments is one file', async () => {
  const clients = await company(2);
  clients[0].send(Buffer.alloc(1000), { binary: true, fin: false });
  clients[0].send(Buffer.alloc(0), { binary: true, fin: false });
  const announced = { type: 'file_upload', size: 1500, user_id: ID, timestamp: TIME };
  await reachesAll(clients[0], clients, Buffer.alloc(500), announced, { binary: true, fin: true });
});

test('/chat/:room_id: a user_id is stable for a connection, and another for another', async () => {
  const clients = await company(3);
  const ids = [];
  for (const client of clients) {
    const seen = new Set();
    const heardBy = clients.filter((other) => other !== client);
    client.send(say('one'));
    client.send({ type: 'typing_start' });
    client.send(Buffer.from('two'));
    client.send(say('three'));
    for (const other of heardBy) {
      seen.add((await other.gets(chatMessage('one'))).user_id);
      seen.add((await other.gets({ type: 'user_typing', user_id: ID, timestamp: TIME })).user_id);
      seen.add((await other.gets({ type: 'file_upload', size: 3, user_id: ID, timestamp: TIME })).user_id);
      seen.add((await other.gets(chatMessage('three'))).user_id);
    }
    seen.add((await client.gets(chatMessage('one'))).user_id);
    await client.gets({ type: 'file_upload', size: 3, user_id: ID, timestamp: TIME });
    await client.gets(chatMessage('three'));
    equal(seen.size, 1, 'the number of ids that one connection had');
    ids.push(...seen);
  }
  equal(new Set(ids).size, 3, 'the number of ids that three connections had');
});

test('/chat/:room_id: a user_id is never used again, in no room', async () => {
  const seen = new Set();
  const [witness] = await company(1);
  for (let round = 0; round < 6; round += 1) {
    const clients = await Promise.all([...Array(10)].map(() => enter(freshRoom())));
    for (const client of [...clients, ...(round === 0 ? [witness] : [])]) {
      client.send(say('who am I?'));
      const { user_id } = await client.gets(chatMessage('who am I?'));
      check(!seen.has(user_id), 'an id', 'never seen before', user_id);
      seen.add(user_id);
    }
    await Promise.all(clients.map((client) => client.leave()));
  }
});
