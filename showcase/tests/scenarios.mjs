// Plays the showcase's WebSocket paths against a running server with a foreign client (the `ws` package).
//
//     node scenarios.mjs ws://127.0.0.1:4000 [--only PART_OF_A_NAME]
//
// Every test takes rooms of its own; `/chat`, which has no rooms, needs a server that nobody else uses meanwhile.
// That a frame is NOT sent is shown without waiting: the answer to a later ping is the next frame.

import { Client, ID, Runner, TEXT, TIME, anyOf, check, equal, errorOf, eventually, option, sleep, within } from './lib.mjs';

const base = (process.argv[2] ?? '').replace(/^http/, 'ws').replace(/\/$/, '');
if (!/^wss?:\/\/[^/]+$/.test(base)) {
  console.error('usage: node scenarios.mjs ws://HOST:PORT [--only PART_OF_A_NAME]');
  process.exit(2);
}
const web = base.replace(/^ws/, 'http');
const runner = new Runner();
const test = (name, play) => runner.test(name, play);

const KIB = 1024;
const MIB = 1024 * KIB;
const started = Date.now().toString(36);
let rooms = 0;
const freshRoom = () => `r${started}-${(rooms += 1)}`;
const connect = (path) => Client.open(base + path);

/** A WebSocket frame's first bytes, declaring `length` bytes of payload that need never come. */
function header(opcode, length) {
  const bytes = Buffer.alloc(14);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

// ---- /chat/:room_id ----

const joined = (count) => ({ type: 'user_joined', message: 'A user joined the room', count });
const left = (count) => ({ type: 'user_left', message: 'A user left the room', count });
const chatMessage = (message, name) => ({ type: 'chat_message', message, timestamp: TIME, user_id: ID, name });
const say = (message, name) => ({ type: 'chat_message', message, name });

async function enter(room) {
  const client = await connect(`/chat/${room}`);
  await client.gets({ type: 'system', message: `Welcome to room ${decodeURIComponent(room)}`, timestamp: TIME });
  return client;
}

/** `n` clients in one room, whose comings and goings are read. */
async function company(n, room = freshRoom()) {
  const clients = [];
  for (let count = 1; count <= n; count += 1) {
    const newcomer = await enter(room);
    for (const client of clients) await client.gets(joined(count));
    clients.push(newcomer);
  }
  return clients;
}

/** What `client` sends brings `message` to all of `clients`, and nothing else. */
async function reachesAll(client, clients, sent, message, options) {
  client.send(sent, options);
  for (const each of clients) await each.gets(message);
  for (const each of clients) await each.getsNothingMore();
}

/** What is sent brings `error` to the sender alone, and the connection stays open. */
async function isRefused(sent, error, options) {
  const [sender, other] = await company(2);
  sender.send(sent, options);
  await sender.gets(error);
  await sender.getsNothingMore('an open connection, and one error only');
  await other.getsNothingMore('nothing for the others');
}

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
  test(`/chat/:room_id: ${what} is not JSON: code INVALID_JSON`, () => isRefused(text, errorOf('Invalid JSON format', 'INVALID_JSON')));
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

// ---- limits, the same for the three chats ----

for (const path of ['/chat/:room_id', '/chat', '/rooms/:room_id']) {
  const enterFresh = async () => {
    const client = await connect(path.replace(':room_id', freshRoom()));
    await client.next('the greeting');
    return client;
  };
  for (const [what, char, count] of [['', 'a', 64 * KIB + 1], [', counted in bytes', 'ä', 32 * KIB + 1]]) {
    test(`${path}: text over 64 KiB closes with 1009${what}`, async () => {
      const client = await enterFresh();
      client.send(char.repeat(count));
      await client.closesWith(1009);
    });
  }
  test(`${path}: text of fragments that together are over 64 KiB closes with 1009`, async () => {
    const client = await enterFresh();
    for (let n = 0; n < 8; n += 1) client.send('a'.repeat(8 * KIB), { fin: false });
    client.send('a', { fin: true });
    await client.closesWith(1009);
  });
  test(`${path}: binary over 2 MiB closes with 1009`, async () => {
    const client = await enterFresh();
    client.send(Buffer.alloc(2 * MIB + 1));
    await client.closesWith(1009);
  });
  test(`${path}: the header that declares over 2 MiB is enough to close with 1009`, async () => {
    const client = await enterFresh();
    client.socket._socket.write(header(2, 2 * MIB + 1));
    await client.closesWith(1009);
  });
}

test('/chat/:room_id: text of exactly 64 KiB is within the limit', async () => {
  const frame = (n) => JSON.stringify(say('a'.repeat(n)));
  const text = frame(64 * KIB - frame(0).length);
  equal(Buffer.byteLength(text), 64 * KIB, 'the size of the test itself');
  await isRefused(text, errorOf('Message too long'));
});

test('/chat/:room_id: one who breaks a limit leaves the room, and the others stay', async () => {
  const [a, b] = await company(2);
  a.send('a'.repeat(64 * KIB + 1));
  await b.gets(left(1));
  await b.getsNothingMore();
});

// ---- /chat ----

async function enterChat() {
  const client = await connect('/chat');
  await client.gets({ type: 'connected', message: 'Connected to chat', timestamp: TIME });
  return client;
}

test('/chat: the newcomer is told so, and nobody else', async () => {
  const first = await enterChat();
  const second = await enterChat();
  await first.getsNothingMore();
  await second.getsNothingMore();
});

test('/chat: a message goes to all, the sender too', async () => {
  const clients = [await enterChat(), await enterChat(), await enterChat()];
  const message = { type: 'message', content: ' <b>hi</b> 😀 ', user: 'Ada "x"' };
  await reachesAll(clients[0], clients, message, { ...message, timestamp: TIME });
});

test('/chat: typing goes to all, true and false', async () => {
  const clients = [await enterChat(), await enterChat()];
  for (const is_typing of [true, false]) {
    const typing = { type: 'typing', user: 'Ada', is_typing };
    await reachesAll(clients[1], clients, typing, typing);
  }
});

test('/chat: another type: "Unknown message type"', async () => {
  const [a, b] = [await enterChat(), await enterChat()];
  a.send({ type: 'foo' });
  await a.gets(errorOf('Unknown message type'));
  await a.getsNothingMore('an open connection');
  await b.getsNothingMore('nothing for the others');
});

test('/chat: what is not JSON gets an error, and the connection stays open', async () => {
  const [a, b] = [await enterChat(), await enterChat()];
  a.send('hello');
  equal(JSON.parse(await a.next()).type, 'error', 'the answer');
  await a.getsNothingMore('an open connection');
  await b.getsNothingMore('nothing for the others');
});

test('/chat: it does not hear the rooms, nor they it', async () => {
  const chat = await enterChat();
  const [inRoom] = await company(1);
  await reachesAll(inRoom, [inRoom], say('room'), chatMessage('room'));
  const message = { type: 'message', content: 'chat', user: 'Ada' };
  await reachesAll(chat, [chat], message, { ...message, timestamp: TIME });
  await inRoom.getsNothingMore();
});

// ---- /rooms/:room_id ----

async function enterRoom(room, user_count) {
  const client = await connect(`/rooms/${room}`);
  await client.gets({ type: 'room_info', room_id: room, user_count });
  return client;
}

test('/rooms/:room_id: room_info counts who is there, and goes to the newcomer alone', async () => {
  const room = freshRoom();
  const first = await enterRoom(room, 1);
  const second = await enterRoom(room, 2);
  await enterRoom(room, 3);
  first.send('mark');
  for (const client of [first, second]) equal(await client.next(), 'mark', 'the next frame');
});

for (const [what, text] of [
  ['words', 'hello, world'],
  ['nothing', ''],
  ['blanks', ' \t\n '],
  ['JSON, its spaces and order', '{ "b" : 1.0,\n "a":"\\u00e9", "b":2 }'],
  ['what other paths take for a ping', '{"type":"ping"}'],
  ['astral and control characters', '👩‍👩‍👧‍👦 \u0000\u001b \u2028 é e\u0301'],
  ['64 KiB', 'ä'.repeat(32 * KIB)],
]) {
  test(`/rooms/:room_id: ${what} as text is broadcast verbatim, to the sender too`, async () => {
    const room = freshRoom();
    const clients = [await enterRoom(room, 1), await enterRoom(room, 2), await enterRoom(room, 3)];
    clients[1].send(text);
    clients[1].send('mark');
    for (const client of clients) {
      equal(await client.next(), text, 'the text');
      equal(await client.next(), 'mark', 'the next frame');
    }
  });
}

test('/rooms/:room_id: rooms do not hear each other, nor the chat room of the same name', async () => {
  const room = freshRoom();
  const [here, there] = [await enterRoom(room, 1), await enterRoom(freshRoom(), 1)];
  const [chat] = await company(1, room);
  here.send('here');
  equal(await here.next(), 'here', 'the echo');
  there.send('there');
  equal(await there.next(), 'there', 'the first text in the other room');
  await chat.getsNothingMore();
});

test('/rooms/:room_id: an empty room is freed: the next who comes is the first', async () => {
  const room = freshRoom();
  const clients = [await enterRoom(room, 1), await enterRoom(room, 2), await enterRoom(room, 3)];
  await clients[0].leave();
  clients[1].socket.terminate();
  await clients[2].leave();
  await eventually(async () => {
    const client = await connect(`/rooms/${room}`);
    const { user_count } = JSON.parse(await client.next());
    if (user_count !== 1) await client.leave();
    return { done: user_count === 1, expected: 'user_count 1', seen: `user_count ${user_count}` };
  }, 'the count in a room that all have left');
});

// ---- /echo ----

async function echoes(client, message) {
  client.send(message);
  equal(await client.next('the echo', 60_000), message, 'the echo');
}

test('/echo: text comes back as text, binary as binary', async () => {
  const client = await connect('/echo');
  for (const text of ['hello', '', '{"type":"ping"}', ' 👋 \u0000 ']) await echoes(client, text);
  for (const bytes of [Buffer.from([0, 255, 10, 13]), Buffer.alloc(0), Buffer.from('hello')]) await echoes(client, bytes);
});

test('/echo: many messages come back in their order', async () => {
  const client = await connect('/echo');
  const messages = [...Array(500)].map((_, n) => (n % 2 ? `text ${n}` : Buffer.alloc(n, n)));
  for (const message of messages) client.send(message);
  for (const message of messages) equal(await client.next(), message, 'the echo');
});

test('/echo: fragments come back as one message', async () => {
  const client = await connect('/echo');
  const whole = Buffer.from('lapis 💎 lazuli');
  client.send(whole.subarray(0, 8), { binary: false, fin: false }); // ends within the gem's four bytes
  client.send(whole.subarray(8), { fin: true });
  equal(await client.next(), whole.toString(), 'the echo');
});

test('/echo: 16 MiB come back, as text and as binary', async () => {
  const client = await connect('/echo');
  const pattern = Buffer.from([...Array(251)].map((_, n) => n));
  await echoes(client, Buffer.alloc(16 * MIB, pattern));
  await echoes(client, 'é'.repeat(8 * MIB));
});

for (const [what, opcode] of [['text', 1], ['binary', 2]]) {
  test(`/echo: ${what} over 16 MiB closes with 1009`, async () => {
    const client = await connect('/echo');
    client.socket._socket.write(header(opcode, 16 * MIB + 1));
    await client.closesWith(1009);
  });
}

test('/echo: what waits for a slow reader, up to 32 MiB, is kept', async () => {
  const client = await connect('/echo');
  const messages = [Buffer.alloc(16 * MIB, 'one'), Buffer.alloc(15 * MIB, 'two')];
  client.socket.pause();
  for (const message of messages) client.send(message);
  await sleep(1500); // the server's buffers fill; a server that gave up would have cut us off
  client.socket.resume();
  for (const message of messages) equal(await client.next('the echo', 60_000), message, 'the echo');
});

test('/echo: a ping frame brings its pong', async () => {
  const client = await connect('/echo');
  const pong = new Promise((resolve) => client.socket.once('pong', resolve));
  client.socket.ping('lapis');
  equal((await within(pong, 'a pong')).toString(), 'lapis', "the pong's payload");
  await echoes(client, 'and on');
});

// ---- HTTP ----

const get = (path) => within(fetch(new URL(path, web), { redirect: 'manual' }), `GET ${path}`);

test('/healthz: 200 and "ok"', async () => {
  const response = await get('/healthz');
  equal([response.status, await response.text()], [200, 'ok'], 'the answer');
});

test('/: the page lists every path, and all that it refers to is there', async () => {
  const response = await get('/');
  equal(response.status, 200, 'the status');
  check(/^text\/html\b/.test(response.headers.get('content-type')), 'the type', 'text/html', response.headers.get('content-type'));
  const html = await response.text();
  const paths = html.replace(/<var>|<\/var>/g, '');
  for (const path of ['/', '/chat/:room_id', '/chat', '/rooms/:room_id', '/echo', '/healthz']) {
    check(paths.includes(`<code>${path}</code>`), 'the list of paths', path, 'not in the page');
  }
  const links = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((match) => match[1]);
  check(links.length > 3, 'links of the page', 'several', links);
  for (const link of links) equal((await get(link)).status, 200, `GET ${link}`);
});

test('/chat/:room_id: without an upgrade it is the page for people, and all that it refers to is there', async () => {
  const response = await get(`/chat/${freshRoom()}`);
  equal(response.status, 200, 'the status');
  check(/^text\/html\b/.test(response.headers.get('content-type')), 'the type', 'text/html', response.headers.get('content-type'));
  const html = await response.text();
  for (const [link, type] of [['/assets/style.css', /^text\/css\b/], ['/assets/chat.js', /^text\/javascript\b/]]) {
    check(html.includes(`"${link}"`), 'a link of the page', link, 'not in the page');
    const asset = await get(link);
    equal(asset.status, 200, `GET ${link}`);
    check(type.test(asset.headers.get('content-type')), `the type of ${link}`, String(type), asset.headers.get('content-type'));
  }
});

test('what matches no path is 404, before the upgrade too', async () => {
  for (const path of ['/nope', '/chat/a/b', '/rooms', '/assets/nope.js']) {
    equal((await get(path)).status, 404, `GET ${path}`);
    const refusal = await connect(path).then(() => 'an upgrade', (error) => error.status);
    equal(refusal, 404, `an upgrade at ${path}`);
  }
});

test('a WebSocket path without a page, asked without an upgrade, is a client error', async () => {
  for (const path of ['/chat', `/rooms/${freshRoom()}`, '/echo']) {
    const { status } = await get(path);
    equal(status, anyOfStatus(status), `GET ${path}`);
  }
});

function anyOfStatus(status) {
  return [400, 404, 405, 426].includes(status) ? status : 426;
}

process.exitCode = (await runner.run(option('only'))) ? 0 : 1;
