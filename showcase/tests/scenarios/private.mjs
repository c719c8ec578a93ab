// /private/:channel_id: only for those whose token names the channel.

import { TIME, equal, errorOf, sleep } from '../lib.mjs';
import { connect, freshRoom, inSeconds, slowTest, test, token } from './world.mjs';

const enter = async (channel, claims) => {
  const client = await connect(`/private/${channel}?token=${token({ channels: [channel], ...claims })}`);
  await client.gets({ type: 'authenticated', user_id: claims?.user_id ?? 'ada' });
  return client;
};

test('/private: a token that names the channel lets its user in', async () => {
  const client = await enter(freshRoom(), { user_id: 'user 7 é' });
  await client.getsNothingMore();
});

test('/private: a token may name several channels', async () => {
  const [one, two] = [freshRoom(), freshRoom()];
  const both = token({ channels: [one, two] });
  for (const channel of [one, two]) {
    const client = await connect(`/private/${channel}?token=${both}`);
    await client.gets({ type: 'authenticated', user_id: 'ada' });
  }
});

test('/private: a token may hold for longer than anybody counts', async () => {
  await (await enter(freshRoom(), { exp: Number.MAX_SAFE_INTEGER })).getsNothingMore();
});

test('/private: the token may come in the header Authorization', async () => {
  const channel = freshRoom();
  for (const scheme of ['Bearer', 'bearer']) {
    const headers = { authorization: `${scheme} ${token({ channels: [channel] })}` };
    const client = await connect(`/private/${channel}`, { headers });
    await client.gets({ type: 'authenticated', user_id: 'ada' });
  }
});

test('/private: of a token in the query and one in the header, the query counts', async () => {
  const channel = freshRoom();
  const headers = { authorization: `Bearer ${token({ channels: [channel] })}` };
  const client = await connect(`/private/${channel}?token=wrong`, { headers });
  await client.closesWith(1008, 'Authentication required');
});

test('/private: a browser may offer the token as a subprotocol, or send it as a cookie', async () => {
  const channel = freshRoom();
  const offered = await connect(`/private/${channel}`, { protocols: ['lazuli', `bearer.${token({ channels: [channel] })}`] });
  await offered.gets({ type: 'authenticated', user_id: 'ada' });
  equal(offered.socket.protocol, 'lazuli', 'the subprotocol that was chosen');
  const baked = await connect(`/private/${channel}`, { headers: { cookie: `token=${token({ channels: [channel] })}` } });
  await baked.gets({ type: 'authenticated', user_id: 'ada' });
});

const none = Buffer.from('{"typ":"JWT","alg":"none"}').toString('base64url');
for (const [what, make] of [
  ['no token', () => undefined],
  ['an empty one', () => ''],
  ['words', () => 'let me in'],
  ['one signed with another secret', (claims) => token(claims, { key: 'another secret' })],
  ['one that is over', (claims) => token({ ...claims, exp: inSeconds(-1) })],
  ['one that has not begun', (claims) => token({ ...claims, nbf: inSeconds(60) })],
  ['one without an end', (claims) => token({ ...claims, exp: undefined })],
  ['one of another issuer', (claims) => token({ ...claims, iss: 'somebody' })],
  ['one without an issuer', (claims) => token({ ...claims, iss: undefined })],
  ['one without a user', (claims) => token({ ...claims, user_id: undefined })],
  ['one whose user is a number', (claims) => token({ ...claims, user_id: 7 })],
  ['one without channels', (claims) => token({ ...claims, channels: undefined })],
  ['one that says HS512', (claims) => token(claims, { header: { alg: 'HS512' } })],
  ['one that says RS256', (claims) => token(claims, { header: { alg: 'RS256' } })],
  ['one that says none', (claims) => token(claims, { header: { alg: 'none' } })],
  ['one that says none, without a signature', (claims) => `${none}.${token(claims).split('.')[1]}.`],
  ['one whose claims were changed', (claims) => {
    const [head, , signature] = token(claims).split('.');
    return `${head}.${token({ ...claims, user_id: 'eve' }).split('.')[1]}.${signature}`;
  }],
  ['one cut short', (claims) => token(claims).slice(0, -1)],
]) {
  test(`/private: ${what}: 1008 "Authentication required"`, async () => {
    const channel = freshRoom();
    const shown = make({ channels: [channel] });
    const client = await connect(`/private/${channel}${shown === undefined ? '' : `?token=${encodeURIComponent(shown)}`}`);
    await client.closesWith(1008, 'Authentication required');
  });
}

for (const [what, channels] of [['for no channel', []], ['for others', ['x', 'news']], ['with a pattern', ['*', '']]]) {
  test(`/private: a token ${what}: 1008 "Access denied"`, async () => {
    const client = await connect(`/private/${freshRoom()}?token=${token({ channels })}`);
    await client.closesWith(1008, 'Access denied');
  });
}

test('/private: a message goes to all in the channel, the sender too, and to no other channel', async () => {
  const [here, there] = [freshRoom(), freshRoom()];
  const clients = [await enter(here), await enter(here, { user_id: 'bob' }), await enter(here)];
  const other = await enter(there);
  clients[1].send({ type: 'message', message: ' <b>hi</b> ' });
  for (const client of clients) {
    await client.gets({ type: 'message', message: ' <b>hi</b> ', user_id: 'bob', timestamp: TIME });
    await client.getsNothingMore();
  }
  await other.getsNothingMore();
});

test('/private: one who was refused hears nothing', async () => {
  const channel = freshRoom();
  const refused = await connect(`/private/${channel}`);
  await refused.closesWith(1008);
  const client = await enter(channel);
  client.send({ type: 'message', message: 'secret' });
  await client.gets({ type: 'message', message: 'secret', user_id: 'ada', timestamp: TIME });
  const heard = await refused.next().catch(() => 'nothing');
  equal(heard, 'nothing', 'what the refused one heard');
});

for (const [what, sent, error] of [
  ['text that is not JSON', 'hello', errorOf('Invalid JSON format', 'INVALID_JSON')],
  ['another type', { type: 'foo' }, errorOf('Unknown message type: foo')],
  ['a message without its text', { type: 'message' }, errorOf('Invalid message format: missing field `message`')],
]) {
  test(`/private: ${what}: "${error.message}"`, async () => {
    const channel = freshRoom();
    const [client, other] = [await enter(channel), await enter(channel)];
    client.send(sent);
    await client.gets(error);
    await client.getsNothingMore('an open connection');
    await other.getsNothingMore();
  });
}

slowTest('/private: after the end of a token, what is sent gets "Not authenticated", and then it is closed with 1008', async () => {
  const channel = freshRoom();
  const other = await enter(channel);
  const client = await enter(channel, { exp: inSeconds(3) });
  client.send({ type: 'message', message: 'early' });
  for (const each of [client, other]) await each.gets({ type: 'message', message: 'early', user_id: 'ada', timestamp: TIME });
  await sleep(3_500);
  client.send({ type: 'message', message: 'late' });
  await client.gets(errorOf('Not authenticated'));
  client.send({ type: 'ping' });
  await client.gets(errorOf('Not authenticated'));
  other.send({ type: 'message', message: 'to who may still listen' });
  for (const each of [client, other]) {
    await each.gets({ type: 'message', message: 'to who may still listen', user_id: 'ada', timestamp: TIME });
  }
  await sleep(3_000);
  await client.closesWith(1008);
  await other.getsNothingMore('an open connection of another token');
});
