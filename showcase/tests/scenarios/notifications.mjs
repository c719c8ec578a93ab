// /notifications/:user_id, and the POST requests that notify.

import { TIME, check, equal, errorOf } from '../lib.mjs';
import { KIB, connect, freshRoom, ownTest, post, posts, test } from './world.mjs';

async function enter(user) {
  const client = await connect(`/notifications/${user}`);
  const message = `Connected to notifications for user ${decodeURIComponent(user)}`;
  await client.gets({ type: 'connected', message, timestamp: TIME });
  return client;
}

const notify = (user, value, reached) =>
  posts(`/notify/${user}`, JSON.stringify(value), reached ? 200 : 202, { reached, kept: reached ? 0 : 1 });

test('/notifications: the newcomer is told so', async () => {
  const client = await enter(freshRoom());
  await client.getsNothingMore();
  await enter(`caf%C3%A9-${freshRoom()}`);
});

test('/notify/:user_id: it reaches every socket of the user, and nobody else', async () => {
  const [ada, bob] = [freshRoom(), freshRoom()];
  const tabs = [await enter(ada), await enter(ada), await enter(ada)];
  const other = await enter(bob);
  await notify(ada, { type: 'notification', title: 'Hello', n: 1.5 }, 3);
  for (const tab of tabs) {
    await tab.gets({ type: 'notification', title: 'Hello', n: 1.5 });
    await tab.getsNothingMore();
  }
  await other.getsNothingMore();
});

test('/notify/:user_id: the body goes on as it came', async () => {
  const user = freshRoom();
  const client = await enter(user);
  for (const body of ['{ "b" : 1.0,\n "a":"\\u00e9", "b":2 }', '[1,[2]]', '"a text"', '7', 'null', '{"x":"é 😀"}']) {
    await posts(`/notify/${user}`, body, 200, { reached: 1, kept: 0 });
    const seen = await client.next();
    // Over Spark a text that is no object or array comes as a string.
    equal(seen, body, 'the notification');
  }
});

test('/notify/:user_id: nobody else who is called the same is reached: a guest of a presence room, say', async () => {
  const user = freshRoom();
  const guest = await connect(`/presence/${user}?user=${user}`);
  await guest.next();
  await notify(user, { kept: true }, 0);
  await guest.getsNothingMore();
});

test('/notify/:user_id: what is sent while the user is offline comes when they connect, in order, and once', async () => {
  const user = freshRoom();
  for (const n of [1, 2, 3]) await notify(user, { n }, 0);
  const client = await enter(user);
  for (const n of [1, 2, 3]) await client.gets({ n });
  await notify(user, { n: 4 }, 1);
  await client.gets({ n: 4 });
  const second = await enter(user);
  await second.getsNothingMore();
  await client.leave();
  await second.leave();
  await notify(user, { n: 5 }, 0);
  const third = await enter(user);
  await third.gets({ n: 5 });
  await third.getsNothingMore();
});

test('/notify/:user_id: 100 are kept for a user; the oldest go', async () => {
  const user = freshRoom();
  for (let n = 0; n < 105; n += 1) await notify(user, { n }, 0);
  const client = await enter(user);
  for (let n = 5; n < 105; n += 1) await client.gets({ n });
  await client.getsNothingMore();
});

test('/notify/:user_id: of long ones 512 KiB are kept, so that who comes can take them', async () => {
  const user = freshRoom();
  const long = 'x'.repeat(60 * KIB);
  for (let n = 0; n < 20; n += 1) await notify(user, { n, long }, 0);
  const client = await enter(user);
  for (let n = 12; n < 20; n += 1) await client.gets({ n, long });
  await client.getsNothingMore();
});

test('/notify: it reaches everyone, each socket once', async () => {
  const [ada, bob] = [freshRoom(), freshRoom()];
  const clients = [await enter(ada), await enter(ada), await enter(bob)];
  const elsewhere = await connect(`/managed/${freshRoom()}`);
  await elsewhere.next();
  const response = await post('/notify', '{"type":"news"}');
  const { reached, kept } = await response.json();
  equal([response.status, kept], [200, 0], 'the answer');
  check(reached >= 3, 'how many were reached', 'at least 3', reached);
  for (const client of clients) {
    await client.gets({ type: 'news' });
    await client.getsNothingMore();
  }
  await elsewhere.getsNothingMore();
});

for (const path of ['/notify', '/notify/someone']) {
  for (const [what, body] of [
    ['nothing', ''],
    ['words', 'hello'],
    ['half an object', '{"a":1'],
    ['two objects', '{}{}'],
    ['what is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ]) {
    test(`POST ${path}: ${what} for a body: 400`, () => posts(path, body, 400, 'The body has to be JSON, such as {"title":"Hello"}\n'));
  }
  ownTest(`POST ${path}: a body of 64 KiB passes, a longer one is 413`, async () => {
    const body = (n) => JSON.stringify('x'.repeat(n - 2));
    check((await post(path, body(64 * KIB))).status < 300, '64 KiB', 'taken', 'refused');
    equal((await post(path, body(64 * KIB + 1))).status, 413, 'the status of more');
  });
  test(`POST ${path}: a page of another site is refused`, async () => {
    for (const site of ['cross-site', 'same-site']) equal((await post(path, '{}', { 'sec-fetch-site': site })).status, 403, 'the status');
    equal((await post(path, '{}', { 'sec-fetch-site': 'same-origin' })).status < 300, true, 'our own page is heard');
  });
}

test('POST /notify/:user_id: an id of more than 200 bytes: 400', async () => {
  equal((await post(`/notify/${'x'.repeat(201)}`, '{}')).status, 400, 'the status');
});

test('/notifications: messages are answered by errors, and the connection stays open', async () => {
  const client = await enter(freshRoom());
  client.send('hello');
  await client.gets(errorOf('Invalid JSON format', 'INVALID_JSON'));
  client.send({ type: 'foo' });
  await client.gets(errorOf('Unknown message type: foo'));
  await client.getsNothingMore();
});
