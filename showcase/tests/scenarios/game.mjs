// /game/:game_id: two play, others watch.

import { ID, TIME, check, equal, errorOf } from '../lib.mjs';
import { connect, freshRoom, refusal, test } from './world.mjs';

const joins = (player_name, color) => ({ type: 'JOIN_GAME', player_name, color });
const moves = (from, to, piece = 'pawn') => ({ type: 'MOVE', from, to, piece });
const joined = (player_name, color) => ({ type: 'player_joined', player_name, color });
const left = (player_id = ID) => ({ type: 'player_left', player_id });

/** `n` clients at one game, none of which plays as yet. */
const watch = (n, game = freshRoom()) => Promise.all([...Array(n)].map(() => connect(`/game/${game}`)));

/** Nothing came but what was read: the next frame is the answer to a type that there is not. */
async function isQuiet(client, what = 'nothing more') {
  client.send({ type: 'NOTHING' });
  await client.gets(errorOf('Unknown message type: NOTHING'), what);
}

async function allGet(clients, message) {
  let seen;
  for (const client of clients) seen = await client.gets(message);
  return seen;
}

/** Two who play, and `watchers` more. */
async function play(watchers = 0) {
  const clients = await watch(2 + watchers);
  for (const [client, name, color] of [[clients[0], 'Ada', 'white'], [clients[1], 'Bob', 'black']]) {
    client.send(joins(name, color));
    await allGet(clients, joined(name, color));
  }
  return clients;
}

async function isRefused(client, others, sent, message, code) {
  client.send(sent);
  await client.gets(errorOf(message, code));
  await isQuiet(client, 'an open connection, and one error only');
  for (const other of others) await isQuiet(other, 'nothing for the others');
}

test('/game: who joins is announced to all, also to those who watch', async () => {
  const clients = await play(2);
  for (const client of clients) await isQuiet(client);
});

test('/game: a move of either player goes to all, with their id', async () => {
  const clients = await play(1);
  const ids = [];
  for (const [player, from, to, piece] of [[0, 'e2', 'e4', 'pawn'], [1, 'a8', 'h1', '♛'], [0, 'h8', 'a1', 'Bishop']]) {
    clients[player].send(moves(from, to, piece));
    ids.push((await allGet(clients, { type: 'move_made', from, to, piece, player_id: ID })).player_id);
  }
  check(ids[0] === ids[2] && ids[0] !== ids[1], 'the ids', 'the same for the same player, another for another', ids);
});

test('/game: chat goes to all; who watches may talk too', async () => {
  const clients = await play(1);
  for (const client of clients) {
    const message = ' <b>good luck</b> 😀';
    client.send({ type: 'CHAT', message });
    await allGet(clients, { type: 'chat_message', message, player_id: ID, timestamp: TIME });
  }
  const long = '😀'.repeat(200);
  clients[0].send({ type: 'CHAT', message: long });
  await allGet(clients, { type: 'chat_message', message: long, player_id: ID, timestamp: TIME });
  await isRefused(clients[0], clients.slice(1), { type: 'CHAT', message: `${long}x` }, 'Message too long');
});

test('/game: the third player is one too many, until another has left', async () => {
  const [ada, bob, cy] = await play(1);
  await isRefused(cy, [ada, bob], joins('Cy', 'red'), 'Game is full');
  await isRefused(cy, [ada, bob], moves('e2', 'e4'), 'Invalid move');
  ada.send({ type: 'LEAVE_GAME' });
  await allGet([ada, bob, cy], left());
  cy.send(joins('Cy', 'red'));
  await allGet([ada, bob, cy], joined('Cy', 'red'));
  await isRefused(ada, [bob, cy], joins('Ada', 'white'), 'Game is full');
  await isRefused(ada, [bob, cy], moves('e2', 'e4'), 'Invalid move');
});

test('/game: who joins twice is one player, by the new name', async () => {
  const [ada, bob] = await watch(2);
  for (const [name, color] of [['Ada', 'white'], ['Ada L.', 'blue']]) {
    ada.send(joins(name, color));
    await allGet([ada, bob], joined(name, color));
  }
  bob.send(joins('Bob', 'black'));
  await allGet([ada, bob], joined('Bob', 'black'));
});

test('/game: a player whose connection ends has left, and makes room', async () => {
  const [ada, bob, cy, dan] = await play(2);
  bob.send(moves('e7', 'e5'));
  const { player_id } = await allGet([ada, bob, cy, dan], { type: 'move_made', from: 'e7', to: 'e5', piece: 'pawn', player_id: ID });
  await bob.leave();
  await allGet([ada, cy, dan], left(player_id));
  ada.socket.terminate();
  await allGet([cy, dan], left());
  for (const [client, name] of [[cy, 'Cy'], [dan, 'Dan']]) {
    client.send(joins(name, 'red'));
    await allGet([cy, dan], joined(name, 'red'));
  }
});

test('/game: who only watched, or has left already, leaves unnoticed', async () => {
  const [ada, bob, cy] = await play(1);
  cy.send({ type: 'LEAVE_GAME' });
  await isQuiet(cy);
  await cy.leave();
  await isQuiet(ada);
  bob.send({ type: 'LEAVE_GAME' });
  await allGet([ada, bob], left());
  bob.send({ type: 'LEAVE_GAME' });
  await isQuiet(bob);
  await bob.leave();
  await isQuiet(ada);
});

test('/game: an empty game is freed', async () => {
  const game = freshRoom();
  for (let round = 0; round < 3; round += 1) {
    const clients = await watch(2, game);
    for (const [client, name] of [[clients[0], 'Ada'], [clients[1], 'Bob']]) {
      client.send(joins(name, 'white'));
      await allGet(clients, joined(name, 'white'));
    }
    await clients[0].leave();
    await clients[1].gets(left());
    await clients[1].leave();
  }
});

test('/game: games do not hear each other', async () => {
  const [here] = await play();
  const [there] = await play();
  here.send(moves('e2', 'e4'));
  await here.gets({ type: 'move_made', from: 'e2', to: 'e4', piece: 'pawn', player_id: ID });
  await isQuiet(there);
});

for (const [what, move] of [
  ['from nowhere', moves('', 'e4')],
  ['from off the board', moves('i2', 'e4')],
  ['to row 9', moves('e2', 'e9')],
  ['to row 0', moves('e2', 'e0')],
  ['to a capital square', moves('e2', 'E4')],
  ['to two squares', moves('e2', 'e4e5')],
  ['that stays', moves('e2', 'e2')],
]) {
  test(`/game: a move ${what}: "Invalid move"`, async () => {
    const [ada, bob] = await play();
    await isRefused(ada, [bob], move, 'Invalid move');
  });
}

test('/game: a move before joining: "Invalid move"', async () => {
  const [ada, bob] = await watch(2);
  await isRefused(ada, [bob], moves('e2', 'e4'), 'Invalid move');
});

for (const id of ['Chess', 'a_b', 'a.b', '%20', 'caf%C3%A9', '%2a']) {
  test(`/game/${id}: "Game not found", at once and for whatever is sent`, async () => {
    const client = await connect(`/game/${id}`);
    await client.gets(errorOf('Game not found'));
    for (const sent of [joins('Ada', 'white'), moves('e2', 'e4'), { type: 'CHAT', message: 'hi' }, { type: 'LEAVE_GAME' }, 'hello']) {
      client.send(sent);
      await client.gets(errorOf('Game not found'));
    }
  });
}

for (const [what, sent, message] of [
  ['JOIN_GAME without a name', { type: 'JOIN_GAME', color: 'white' }, 'missing field `player_name`'],
  ['JOIN_GAME without a color', { type: 'JOIN_GAME', player_name: 'Ada' }, 'missing field `color`'],
  ['JOIN_GAME with a number for a color', joins('Ada', 5), '`color`: invalid type: integer `5`, expected a string'],
  ['JOIN_GAME with a blank name', joins(' ', 'white'), '`player_name` has 1 to 40 characters'],
  ['JOIN_GAME with a long name', joins('x'.repeat(41), 'white'), '`player_name` has 1 to 40 characters'],
  ['JOIN_GAME with an empty color', joins('Ada', ''), '`color` has 1 to 40 characters'],
  ['MOVE without from', { type: 'MOVE', to: 'e4', piece: 'pawn' }, 'missing field `from`'],
  ['MOVE without to', { type: 'MOVE', from: 'e2', piece: 'pawn' }, 'missing field `to`'],
  ['MOVE without a piece', { type: 'MOVE', from: 'e2', to: 'e4' }, 'missing field `piece`'],
  ['MOVE with null for to', moves('e2', null), '`to`: invalid type: null, expected a string'],
  ['MOVE with an empty piece', moves('e2', 'e4', ''), '`piece` has 1 to 40 characters'],
  ['CHAT without a message', { type: 'CHAT' }, 'missing field `message`'],
  ['CHAT with an array', { type: 'CHAT', message: ['hi'] }, '`message`: invalid type: sequence, expected a string'],
  ['no type', { message: 'hi' }, 'missing field `type`'],
  ['an array', '[]', 'a message is a JSON object'],
]) {
  test(`/game: ${what}: "Invalid message format: ${message}"`, async () => {
    const [ada, bob] = await watch(2);
    await isRefused(ada, [bob], sent, `Invalid message format: ${message}`);
  });
}

for (const type of ['join_game', 'JoinGame', 'PING', '']) {
  test(`/game: type ${JSON.stringify(type)} is unknown, and named`, async () => {
    const [ada, bob] = await watch(2);
    await isRefused(ada, [bob], { type }, `Unknown message type: ${type}`);
  });
}

test('/game: text that is not JSON: code INVALID_JSON', async () => {
  const [ada, bob] = await watch(2);
  await isRefused(ada, [bob], 'e2e4', 'Invalid JSON format', 'INVALID_JSON');
});

test('/game: who sends too fast is told so, and who goes on all the same is closed with 1008', async () => {
  const [ada, bob] = await watch(2);
  for (let n = 0; n < 300; n += 1) ada.send({ type: 'LEAVE_GAME' });
  await ada.gets(errorOf('Too many messages; at most 10 a second', 'RATE_LIMITED'));
  await ada.closesWith(1008);
  await isQuiet(bob);
});

test('/game: an id of more than 200 bytes is refused', async () => {
  equal((await refusal(`/game/${'x'.repeat(201)}`))[0], 400, 'the status');
});
