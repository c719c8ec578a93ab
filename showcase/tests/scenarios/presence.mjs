// /presence/:room_id?user=: who is here.

import { isDeepStrictEqual } from 'node:util';
import { equal, errorOf } from '../lib.mjs';
import { connect, freshRoom, refusal, test } from './world.mjs';

const here = { metas: [{}] };
const everyone = (users) => Object.fromEntries(users.map((user) => [user, here]));

async function enter(room, user, present) {
  const client = await connect(`/presence/${room}?user=${encodeURIComponent(user)}`);
  await client.gets({ type: 'presence_state', room: `presence:${room}`, users: everyone(present) });
  return Object.assign(client, { present: new Set(present), gone: [] });
}

/** Takes changes until these are the users who are here. What happens within 100 ms may come as one change. */
async function sees(client, users) {
  while (!isDeepStrictEqual([...client.present].sort(), users)) {
    const { type, joins, leaves } = JSON.parse(await client.next(`that ${users} are here`));
    equal(type, 'presence_diff', 'the frame');
    for (const user of Object.keys(joins)) client.present.add(user);
    for (const user of Object.keys(leaves)) client.present.delete(user);
    client.gone.push(...Object.keys(leaves));
  }
}

test('/presence: the newcomer gets the state, the others who has come', async () => {
  const room = freshRoom();
  const ada = await enter(room, 'ada', ['ada']);
  const bob = await enter(room, 'bob é 😀', ['ada', 'bob é 😀']);
  await ada.gets({ type: 'presence_diff', room: `presence:${room}`, joins: everyone(['bob é 😀']), leaves: {} });
  // A name that means something to JavaScript is a name like any other.
  await enter(room, '__proto__', ['__proto__', 'ada', 'bob é 😀']);
  for (const client of [ada, bob]) equal(Object.keys(JSON.parse(await client.next()).joins), ['__proto__'], 'who has come');
});

test('/presence: the others hear who leaves, and who is cut off', async () => {
  const room = freshRoom();
  const ada = await enter(room, 'ada', ['ada']);
  const bob = await enter(room, 'bob', ['ada', 'bob']);
  const cy = await enter(room, 'cy', ['ada', 'bob', 'cy']);
  for (const client of [ada, bob]) await sees(client, ['ada', 'bob', 'cy']);
  await bob.leave();
  for (const client of [ada, cy]) await sees(client, ['ada', 'cy']);
  cy.socket.terminate();
  await sees(ada, ['ada']);
  equal([ada.gone, cy.gone], [['bob', 'cy'], ['bob']], 'who has gone');
  await ada.getsNothingMore();
});

test('/presence: a user with two tabs stays until the last one closes', async () => {
  const room = freshRoom();
  const ada = await enter(room, 'ada', ['ada']);
  const tabs = [await enter(room, 'bob', ['ada', 'bob']), await enter(room, 'bob', ['ada', 'bob'])];
  await sees(ada, ['ada', 'bob']);
  await tabs[0].leave();
  const cy = await enter(room, 'cy', ['ada', 'bob', 'cy']);
  await sees(ada, ['ada', 'bob', 'cy']);
  equal(ada.gone, [], 'who has gone while a tab was open');
  await tabs[1].leave();
  for (const client of [ada, cy]) await sees(client, ['ada', 'cy']);
});

test('/presence: rooms do not hear each other, whoever is in both', async () => {
  const [one, two] = [freshRoom(), freshRoom()];
  const ada = await enter(one, 'ada', ['ada']);
  await enter(two, 'ada', ['ada']);
  const bob = await enter(two, 'bob', ['ada', 'bob']);
  await bob.leave();
  await ada.getsNothingMore();
});

for (const [what, query] of [['no user', ''], ['an empty user', '?user='], ['a blank user', '?user=%20+']]) {
  test(`/presence: ${what}: 400, and what is missing`, async () => {
    equal(await refusal(`/presence/${freshRoom()}${query}`), [400, 'Say who you are: ?user=NAME'], 'the refusal');
  });
}

for (const [what, user] of [['of more than 100 bytes', 'x'.repeat(101)], ['with a slash', 'private%2Fada'], ['with a line break', 'a%0Ab']]) {
  test(`/presence: a user's name ${what}: 400`, async () => {
    const says = 'A name has at most 100 bytes, and neither / nor control characters';
    equal(await refusal(`/presence/${freshRoom()}?user=${user}`), [400, says], 'the refusal');
  });
}

test('/presence: messages are answered by errors, and the connection stays open', async () => {
  const client = await enter(freshRoom(), 'ada', ['ada']);
  client.send('hello');
  await client.gets(errorOf('Invalid JSON format', 'INVALID_JSON'));
  client.send({ type: 'foo' });
  await client.gets(errorOf('Unknown message type: foo'));
  await client.getsNothingMore();
});
