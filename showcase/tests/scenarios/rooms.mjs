// /rooms/:room_id: whatever text is sent, to everybody.

import { equal, eventually } from '../lib.mjs';
import { KIB, company, connect, freshRoom, test } from './world.mjs';

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
