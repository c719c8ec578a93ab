// POST /revoke/:user_id: an operator takes back a user's tokens.

import { equal } from '../lib.mjs';
import { connect, freshRoom, inSeconds, post, posts, test, token } from './world.mjs';

const operator = () => ({ authorization: `Bearer ${token({ user_id: 'root', channels: ['admin'] })}` });

test('/revoke: it closes all that the user has open with 1008, and their tokens do not hold any more', async () => {
  const [channel, user_id] = [freshRoom(), freshRoom()];
  const enter = async (shown, user) => {
    const client = await connect(`/private/${channel}?token=${shown}`);
    await client.gets({ type: 'authenticated', user_id: user });
    return client;
  };
  const old = token({ user_id, channels: [channel] });
  const tabs = [await enter(old, user_id), await enter(token({ user_id, channels: [channel] }), user_id)];
  const other = await enter(token({ channels: [channel] }), 'ada');
  await posts(`/revoke/${user_id}`, '', 200, { closed: 2 }, operator());
  for (const tab of tabs) await tab.closesWith(1008, 'Your permission was withdrawn');
  await other.getsNothingMore('an open connection of another user');
  for (const shown of [old, token({ user_id, channels: [channel], iat: undefined })]) {
    await (await connect(`/private/${channel}?token=${shown}`)).closesWith(1008, 'Authentication required');
  }
  await enter(token({ user_id, channels: [channel], iat: inSeconds(2) }), user_id);
});

test('/revoke: an operator who is revoked is none any more', async () => {
  const user_id = freshRoom();
  const headers = { authorization: `Bearer ${token({ user_id, channels: ['admin'] })}` };
  await posts(`/revoke/${user_id}`, '', 200, { closed: 0 }, headers);
  equal((await post(`/revoke/${freshRoom()}`, '', headers)).status, 401, 'the status');
});

test('/revoke: whose name is only claimed is not closed', async () => {
  const user = freshRoom();
  const claimed = [await connect(`/notifications/${user}`), await connect(`/presence/${user}?user=${user}`)];
  await posts(`/revoke/${user}`, '', 200, { closed: 0 }, operator());
  for (const client of claimed) {
    await client.next();
    await client.getsNothingMore('an open connection');
  }
});

for (const [what, headers, status] of [
  ['no token', () => ({}), 401],
  ['a bad token', () => ({ authorization: 'Bearer x' }), 401],
  ["a user's token", () => ({ authorization: `Bearer ${token({ user_id: 'admin', channels: ['news'] })}` }), 403],
  ["an operator's token as a cookie", () => ({ cookie: `token=${token({ channels: ['admin'] })}` }), 401],
  ["an operator's token that is over", () => ({ authorization: `Bearer ${token({ channels: ['admin'], exp: inSeconds(-1) })}` }), 401],
]) {
  test(`/revoke: ${what}: ${status}, and nothing is closed`, async () => {
    const [channel, user_id] = [freshRoom(), freshRoom()];
    const client = await connect(`/private/${channel}?token=${token({ user_id, channels: [channel] })}`);
    await client.gets({ type: 'authenticated', user_id });
    const response = await post(`/revoke/${user_id}`, '', headers());
    equal([response.status, response.headers.get('www-authenticate')], [status, status === 401 ? 'Bearer' : null], 'the answer');
    await client.getsNothingMore('an open connection');
  });
}

test('/revoke: a token in the query is not looked at: it would be in the logs of proxies', async () => {
  equal((await post(`/revoke/${freshRoom()}?token=${token({ channels: ['admin'] })}`, '')).status, 401, 'the status');
});
