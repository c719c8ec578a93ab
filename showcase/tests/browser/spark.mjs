// The browser client as it is served, in a page with the showcase's own Content-Security-Policy.

import { readFileSync } from 'node:fs';
import { check, equal } from '../lib.mjs';
import { becomes, enterRaw, freshRoom, nextOf, open, origin, server, test } from './world.mjs';

/** A page that has nothing to do with Spark, with the script in it. */
async function withScript(options) {
  const page = await open('/', options);
  await page.addScriptTag({ url: '/js/spark.js' });
  return page;
}
const state = (page) => page.locator('html').getAttribute('data-spark-state');

test('the client is served under both names, and not again to a browser that has it', async () => {
  for (const path of ['/js/spark.js', '/js/azu-spark.js']) {
    const { status, headers } = await fetch(origin + path);
    equal([status, headers.get('content-type'), headers.get('cache-control')], [200, 'text/javascript; charset=utf-8', 'no-cache'], path);
    const again = await fetch(origin + path, { headers: { 'If-None-Match': headers.get('etag') } });
    equal([again.status, await again.text()], [304, ''], `${path} once more`);
  }
});

test('the client is compressed for who takes that, and the same for who does not', async () => {
  const ask = (encoding) => fetch(`${origin}/js/spark.js`, { headers: { 'Accept-Encoding': encoding } });
  const [packed, plain] = [await ask('gzip, br'), await ask('gzip;q=0')];
  equal([packed.headers.get('content-encoding'), plain.headers.get('content-encoding')], ['gzip', null], 'the encodings');
  equal([packed.headers.get('vary'), plain.headers.get('vary')], ['Accept-Encoding', 'Accept-Encoding'], 'what it depends on');
  check(packed.headers.get('etag') !== plain.headers.get('etag'), 'the tags', 'one for each', plain.headers.get('etag'));
  const [one, other] = [await packed.text(), await plain.text()];
  check(one === other && one.length > 2 * packed.headers.get('content-length'), 'the content', 'the same script, half as long', one.length);
});

test('a page subscribes, asks, is answered, and is told what is wrong', async () => {
  const page = await withScript();
  const seen = await page.evaluate(async () => {
    window.spark = Spark.connect();
    const chat = spark.subscribe('/chat');
    const seen = { welcome: await new Promise((done) => chat.on('message', done)), binary: [] };
    chat.off('message');
    seen.pong = await chat.send({ type: 'ping' }, {});
    seen.error = await chat.send({ type: 'sing' }, {}).catch(({ message, payload }) => [message, payload.type]);
    seen.refused = await new Promise((done) => spark.subscribe('/nowhere').on('error', ({ code, payload }) => done([code, payload.http])));
    const echo = spark.subscribe('/echo');
    echo.on('binary', (bytes) => seen.binary.push(...new Uint8Array(bytes)));
    seen.reply = await echo.send(new Uint8Array([192, 255, 238]), {});
    return seen;
  });
  equal([seen.welcome.type, seen.pong.type, seen.error, seen.refused], ['connected', 'pong', ['Unknown message type', 'error'], ['REFUSED', 404]], 'the answers');
  equal([seen.binary, seen.reply], [[192, 255, 238], null], 'the bytes that came back, and the reply');
  equal(await state(page), 'open', 'the state that the page shows');
});

for (const how of ['stops', 'is killed']) {
  test(`when the server ${how}, the page shows it; once it is back the page joins again and sends what waited, once`, async () => {
    const room = freshRoom();
    const page = await withScript({ losesServer: true });
    await page.evaluate((path) => {
      window.states = [];
      window.joins = 0;
      new MutationObserver(() => states.push(document.documentElement.dataset.sparkState)).observe(document.documentElement, { attributeFilter: ['data-spark-state'] });
      window.spark = Spark.connect();
      window.room = spark.subscribe(path);
      room.on('joined', () => (window.joins += 1));
    }, `/chat/${room}`);
    await becomes(() => page.evaluate(() => joins), 1, 'the joins');
    if (how === 'stops') await server.stop();
    else {
      server.signal('SIGKILL');
      await server.ended;
    }
    await becomes(() => state(page), 'waiting', 'the state that the page shows');
    await page.evaluate(() => {
      for (const message of ['first', 'second']) room.send({ type: 'chat_message', message });
      window.reply = room.send({ type: 'ping' }, { timeout: 100_000 });
    });
    await server.start();
    const raw = await enterRaw(room);
    await becomes(() => page.evaluate(() => joins), 2, 'the joins', 60_000);
    equal((await page.evaluate(() => reply)).type, 'pong', 'the reply to what waited');
    equal([await nextOf(raw, 'chat_message'), await nextOf(raw, 'chat_message')].map((frame) => frame.message), ['first', 'second'], 'what waited');
    raw.send({ type: 'chat_message', message: 'last' });
    equal((await nextOf(raw, 'chat_message')).message, 'last', 'nothing came twice');
    const states = await page.evaluate(() => states);
    equal([states.slice(0, 3), states.at(-1)], [['connecting', 'open', 'waiting'], 'open'], 'the states');
    check(states.slice(2, -1).every((name, n) => name === ['waiting', 'connecting'][n % 2]), 'the states between', 'waiting and connecting', states);
  });
}

test('a browser without a network says so, and tries at once when there is one', async () => {
  const page = await withScript({ losesServer: true, clock: true });
  await page.evaluate(() => (window.spark = Spark.connect()));
  await becomes(() => state(page), 'open', 'the state');
  await server.stop();
  await becomes(() => state(page), 'waiting', 'the state');
  await page.context().setOffline(true);
  await becomes(() => state(page), 'offline', 'the state');
  await server.start();
  await page.context().setOffline(false);
  // The server had said when to come back, which the network does not change; the page may.
  await becomes(() => state(page), 'waiting', 'the state');
  await page.evaluate(() => spark.reconnect()); // its clock stands still: no timer helps
  await becomes(() => state(page), 'open', 'the state');
});

test('a page that is left says goodbye', async () => {
  const room = freshRoom();
  const page = await withScript();
  const raw = await enterRaw(room);
  await page.evaluate((path) => Spark.connect().subscribe(path), `/chat/${room}`);
  equal((await nextOf(raw, 'user_joined')).count, 2, 'who is there');
  await page.goto(`${origin}/healthz`);
  equal((await nextOf(raw, 'user_left')).count, 1, 'who is there');
});

test('the examples of the guide do what it says', async () => {
  const guide = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8');
  const code = [...guide.matchAll(/^```js\n(.*?)^```/gms)].map(([, text]) => text).join('\n');
  const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, text]) => text);
  check(expected.length > 10, 'the lines that the guide prints', 'more than 10', expected.length);
  const page = await withScript();
  const lines = () => page.evaluate(() => window.lines.toSorted());
  await page.evaluate(`
    window.lines = [];
    (async (console) => {
      ${code}
    })({ log: (...args) => lines.push(args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ')) })`);
  await becomes(lines, expected.toSorted(), 'what the examples print');
});
