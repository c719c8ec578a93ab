// /managed/:topic: looked after, and counted.

import { ID, TIME, check, equal, errorOf, within } from '../lib.mjs';
import { connect, freshRoom, slowTest, test } from './world.mjs';

async function enter(topic) {
  const client = await connect(`/managed/${topic}`);
  client.id = (await client.gets({ type: 'connected', topic: decodeURIComponent(topic), user_id: ID, server_time: TIME })).user_id;
  return client;
}

async function counts(client) {
  client.send({ type: 'stats' });
  const { type, connections, ...rest } = JSON.parse(await client.next());
  equal([type, rest], ['stats', {}], 'the form of stats');
  return connections;
}

test('/managed: the newcomer is told topic, id and time, and nobody else', async () => {
  const topic = freshRoom();
  const [a, b] = [await enter(topic), await enter(topic)];
  check(a.id !== b.id, 'two ids', 'different ones', [a.id, b.id]);
  for (const client of [a, b]) await client.getsNothingMore();
  await enter(`caf%C3%A9-${freshRoom()}`);
});

test('/managed: stats count the connections of every topic, and forget a topic without any', async () => {
  const [one, two, three] = [freshRoom(), freshRoom(), freshRoom()];
  const clients = [await enter(one), await enter(two), await enter(two), await enter(three)];
  let seen = await counts(clients[0]);
  equal([seen[one], seen[two], seen[three]], [1, 2, 1], 'the counts');
  await clients[2].leave();
  await clients[3].leave();
  seen = await counts(clients[1]);
  equal([seen[one], seen[two], seen[three]], [1, 1, undefined], 'the counts after two have left');
  await clients[0].getsNothingMore('nothing for the others');
});

test('/managed: members tell since when each is here, and when it was last heard of', async () => {
  const topic = freshRoom();
  const [a, b] = [await enter(topic), await enter(topic)];
  const members = async () => {
    b.send({ type: 'members' });
    const { type, members: seen } = JSON.parse(await b.next());
    equal([type, seen.map((member) => member.user_id).sort()], ['members', [a.id, b.id].sort()], 'the members');
    for (const member of seen) {
      equal(Object.keys(member).sort(), ['connected_at', 'last_activity', 'user_id'], 'what is told of a member');
      for (const time of [member.connected_at, member.last_activity]) check(TIME.accepts(time), 'a time', TIME, time);
    }
    return seen.find((member) => member.user_id === a.id);
  };
  const before = await members();
  await a.getsNothingMore();
  const after = await members();
  equal(after.connected_at, before.connected_at, 'since when a is here');
  check(after.last_activity > before.last_activity, 'the last activity of a', `after ${before.last_activity}`, after.last_activity);
  const again = await members();
  equal(again.last_activity, after.last_activity, 'the last activity of one who is silent');
});

for (const [what, sent, error] of [
  ['text that is not JSON', 'hello', errorOf('Invalid JSON format', 'INVALID_JSON')],
  ['another type', { type: 'foo' }, errorOf('Unknown message type: foo')],
  ['no object', '[]', errorOf('Invalid message format: a message is a JSON object')],
  ['binary', Buffer.from('stats'), errorOf('Binary messages are not supported here; send text')],
]) {
  test(`/managed: ${what}: "${error.message}"`, async () => {
    const client = await enter(freshRoom());
    client.send(sent);
    await client.gets(error);
    await client.getsNothingMore('an open connection');
  });
}

slowTest('/managed: the server sends the ping "heartbeat" every 30 s, also to one who is not silent', async () => {
  const client = await enter(freshRoom());
  const pings = [];
  const pinged = new Promise((resolve) => client.socket.on('ping', (bytes) => {
    pings.push(bytes.toString());
    resolve();
  }));
  const chatter = setInterval(() => client.send({ type: 'ping' }), 1_000);
  await within(pinged, 'a ping', 90_000);
  clearInterval(chatter);
  equal(pings, ['heartbeat'], 'the pings');
  client.send({ type: 'stats' });
  let frame;
  do frame = JSON.parse(await client.next()); while (frame.type === 'pong');
  equal(frame.type, 'stats', 'an open connection');
});
