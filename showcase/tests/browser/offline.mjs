// The connection goes and comes back; the server is the real one, or, where its failure must be exact, a scripted one.

import { check, equal } from '../lib.mjs';
import { address, becomes, comesBack, enter, enterRaw, freshRoom, hasState, input, lines, messages, nextOf, open, say, scripted, server, shoot, shows, test } from './world.mjs';

const SOON = 'Going away; come back in 10 ms';

const waiting = (page) => page.locator('#waiting > .pending .text').allTextContents();

test('the server prints its address, and on SIGTERM says goodbye with 1001 and ends cleanly', async () => {
  check(server.output.includes(address), 'what the server printed', address, server.output);
  const raw = await enterRaw(freshRoom());
  const ended = await server.stop();
  await raw.closesWith(1001);
  equal(ended, { code: 0, signal: null }, 'how the server ended');
});

for (const [how, stop] of [['stops', () => server.stop()], ['is killed', async () => { server.signal('SIGKILL'); await server.ended; }]]) {
  test(`when the server ${how} the page says so, keeps what is written, and sends it once it is back`, async () => {
    const room = freshRoom();
    const page = await enter(room, { losesServer: true, name: 'Ada' });
    await say(page, 'before');
    await shows(page, [['own', 'You', 'before']]);
    await stop();
    await hasState(page, 'offline');
    check(await page.locator('#status-text').isVisible(), 'the status line', 'visible', 'hidden');
    equal(await page.locator('#people').textContent(), 'Offline', 'how many there are');
    await say(page, 'first while offline');
    await say(page, 'second while offline');
    equal(await waiting(page), ['first while offline', 'second while offline'], 'what waits');
    await shoot(page, how === 'stops' ? 'chat-offline' : 'chat-killed');

    await server.start();
    const raw = await enterRaw(room); // it may come before the page does, or after
    await comesBack(page);
    await shows(page, [['own', 'You', 'before'], ['own', 'You', 'first while offline'], ['own', 'You', 'second while offline']]);
    equal(await waiting(page), [], 'what waits');
    check(!(await page.locator('#status').isVisible()), 'the status line', 'hidden', 'visible');
    raw.send({ type: 'chat_message', message: 'good to have you back' });
    await messages(page).nth(3).waitFor();
  });
}

test('"Try now" connects at once', async () => {
  const page = await enter(freshRoom(), { losesServer: true, clock: true });
  await server.stop();
  await hasState(page, 'offline');
  await server.start();
  await page.getByRole('button', { name: 'Try now' }).click(); // its clock stands still: no timer helps
  await hasState(page, 'online');
});

test('at most 50 messages wait; the next is not taken and stays in the input', async () => {
  const room = freshRoom();
  const page = await enter(room, { losesServer: true, clock: true });
  await server.stop();
  await hasState(page, 'offline');
  const all = [...Array(50)].map((_, n) => `message ${n}`);
  for (const text of all) await say(page, text);
  await say(page, 'one too many');
  equal(await waiting(page), all, 'what waits');
  equal(await input(page).inputValue(), 'one too many', 'the input');
  await lines(page).getByText('this one was not taken').waitFor();
  await server.start();
  const raw = await enterRaw(room);
  await page.getByRole('button', { name: 'Try now' }).click();
  const heard = [];
  while (heard.length < 50) heard.push((await nextOf(raw, 'chat_message')).message);
  equal(heard, all, 'what arrived, in order');
  await shows(page, all.map((text) => ['own', 'You', text]));
});

test('a connection that died silently is found out', async () => {
  const room = freshRoom();
  const half = (page) => page.addInitScript(() => { Math.random = () => 0.5; });
  const page = await enter(room, { losesServer: true, clock: true, before: half });
  // Its clock stands by now. Were the last that it hears from before, its next try might come while the server is stopped.
  const raw = await enterRaw(room);
  raw.send({ type: 'chat_message', message: 'the last that comes' });
  await messages(page).getByText('the last that comes').waitFor(); // from here on it is silent
  server.signal('SIGSTOP'); // nothing is closed, nothing is answered
  await page.clock.runFor(25_000); // the page asks …
  await hasState(page, 'online');
  await page.clock.runFor(10_000); // … and has no answer
  await hasState(page, 'offline');
  server.signal('SIGCONT');
  await page.clock.runFor(10_000); // it tries after 4 s, and may wait 10 s for the answer: more than are left
  await hasState(page, 'online');
});

test('a quiet connection that answers stays', async () => {
  const page = await enter(freshRoom(), { clock: true });
  await page.getByText('Welcome to room').waitFor();
  for (let minute = 0; minute < 3; minute += 1) {
    const heard = await page.evaluate(() => window.heard);
    await page.clock.runFor(25_000);
    await becomes(() => page.evaluate(() => window.heard), heard + 1, 'the pongs that came');
  }
  equal(await page.evaluate(() => window.sockets.length), 1, 'the number of connections');
  await hasState(page, 'online');
});

test('attempts to reconnect back off exponentially to 30 s, with full jitter', async () => {
  const deaf = (page) =>
    page.addInitScript(() => {
      Math.random = () => 0.5;
      window.sockets = [];
      window.attempts = [];
      window.WebSocket = class {
        constructor() {
          window.attempts.push(performance.now());
          if (window.sockets.push(this) > 1) setTimeout(() => this.onclose({ code: 1006, reason: '' }), 0);
        }
        close() {}
      };
    });
  const page = await open(`/chat/${freshRoom()}`, { clock: true, before: deaf });
  await page.evaluate(() => window.sockets[0].onclose({ code: 1006, reason: '' })); // the first one hangs until the clock is ours
  const start = await page.evaluate(() => performance.now());
  await page.clock.runFor(100_000);
  const attempts = await page.evaluate(() => window.attempts);
  const delays = attempts.slice(1).map((at, n) => Math.round((at - (n ? attempts[n] : start)) / 10) * 10);
  equal(delays.slice(0, 8), [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000], 'with 0.5 for chance, half of what each may be at most');
});

test('what was sent without an answer before the connection broke is sent again', async () => {
  const got = [];
  const sockets = [];
  const heard = (data, reply) => {
    got.push(data.message);
    if (got.length === 1) return sockets[0].close(1001, SOON);
    sockets[1].says({ ...data, user_id: 7, timestamp: new Date().toISOString() });
    reply();
  };
  const page = await enter(freshRoom(), { before: scripted((data, reply) => data.type === 'chat_message' && heard(data, reply), sockets) });
  await say(page, 'hello');
  await shows(page, [['own', 'You', 'hello']]);
  equal(got, ['hello', 'hello'], 'what was sent');
});

test('what was heard before the connection broke is not sent again, though its reply was lost', async () => {
  const got = [];
  const sockets = [];
  const heard = (data, reply) => {
    got.push(data.message);
    sockets.at(-1).says({ ...data, user_id: 7, timestamp: new Date().toISOString() });
    if (got.length === 1) sockets[0].close(1001, SOON);
    else reply();
  };
  const page = await enter(freshRoom(), { before: scripted((data, reply) => data.type === 'chat_message' && heard(data, reply), sockets) });
  await say(page, 'hello');
  await shows(page, [['own', 'You', 'hello']]);
  await becomes(() => sockets.length, 2, 'the number of connections');
  await hasState(page, 'online');
  await say(page, 'more');
  await shows(page, [['own', 'You', 'hello'], ['own', 'You', 'more']]);
  equal(got, ['hello', 'more'], 'what was sent');
});

test('a message that the server refuses is given back, and the next one goes', async () => {
  const sockets = [];
  const strict = scripted((data, reply) => {
    if (data.type !== 'chat_message') return;
    const timestamp = new Date().toISOString();
    if (data.message === 'bad') return reply({ type: 'error', message: 'Access denied: no', timestamp }, 'error');
    sockets[0].says({ ...data, user_id: 7, timestamp });
    reply();
  }, sockets);
  const page = await enter(freshRoom(), { before: strict });
  await say(page, 'bad');
  await page.locator('#messages > .error').getByText('Access denied: no').waitFor();
  await becomes(() => input(page).inputValue(), 'bad', 'the input');
  equal(await waiting(page), [], 'what waits');
  await say(page, 'good');
  await shows(page, [['own', 'You', 'good']]);
});

test('a room that cannot be joined says why, and "Try now" tries again', async () => {
  const page = await open(`/chat/${'x'.repeat(201)}`);
  await hasState(page, 'offline');
  const said = page.locator('#messages > .error').getByText('An id has at most 200 bytes');
  await becomes(() => said.count(), 1, 'how often it is said');
  await page.getByRole('button', { name: 'Try now' }).click();
  await becomes(() => said.count(), 2, 'how often it is said');
  await hasState(page, 'offline');
});

test('another who says our words before us is not taken for us for long', async () => {
  const sockets = [];
  const replies = [];
  const said = (user_id, message) => sockets[0].says({ type: 'chat_message', message, user_id, timestamp: new Date().toISOString() });
  const held = scripted((data, reply) => data.type === 'chat_message' && replies.push(reply), sockets);
  const page = await enter(freshRoom(), { before: held });
  const sent = (n) => becomes(() => replies.length, n, 'the messages that were sent');
  await say(page, 'hi');
  await sent(1);
  said(5, 'hi'); // not ours, though it looks so
  said(9, 'hi'); // ours
  replies[0]();
  said(5, 'something else'); // what we did not say: so 5 is not us
  await shows(page, [['other', 'User 5', 'hi'], ['other', 'User 9', 'hi'], ['other', 'User 5', 'something else']]);
  await say(page, 'again');
  await sent(2);
  said(9, 'again');
  said(5, 'again');
  replies[1]();
  await shows(page, [
    ['other', 'User 5', 'hi'],
    ['other', 'User 9', 'hi'],
    ['other', 'User 5', 'something else'],
    ['own', 'You', 'again'],
    ['other', 'User 5', 'again'],
  ]);
});

test('after a reconnection, an id that was ours may be another\'s', async () => {
  const sockets = [];
  const replies = [];
  const held = scripted((data, reply) => data.type === 'chat_message' && replies.push(reply), sockets);
  const said = (user_id, message) => sockets.at(-1).says({ type: 'chat_message', message, user_id, timestamp: new Date().toISOString() });
  const page = await enter(freshRoom(), { before: held });
  /** Says it, and is echoed with this id. */
  const speak = async (message, user_id) => {
    const count = replies.length + 1;
    await say(page, message);
    await becomes(() => replies.length, count, 'the messages that were sent');
    said(user_id, message);
  };
  await speak('one', 1);
  replies[0]();
  await shows(page, [['own', 'You', 'one']]);
  await sockets[0].close(1001, SOON);
  await becomes(() => sockets.length, 2, 'the number of connections');
  await hasState(page, 'online');
  await speak('two', 2); // we have another id now …
  replies[1]();
  said(1, 'I came first to the new server'); // … and another has ours
  const first = [['own', 'You', 'one'], ['own', 'You', 'two'], ['other', 'User 1', 'I came first to the new server']];
  await shows(page, first);

  await sockets[1].close(1001, SOON);
  await becomes(() => sockets.length, 3, 'the number of connections');
  await hasState(page, 'online');
  await speak('three', 1); // another's, the same words
  said(1, 'not ours'); // which turns out here, and changes nothing of what 1 said two connections ago
  await shows(page, [...first, ['other', 'User 1', 'three'], ['other', 'User 1', 'not ours']]);
});
