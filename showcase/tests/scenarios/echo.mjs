// /echo: messages come back as they came.

import { equal, sleep, within } from '../lib.mjs';
import { MIB, connect, header, ownTest, test } from './world.mjs';

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

ownTest('/echo: 16 MiB come back, as text and as binary', async () => {
  const client = await connect('/echo');
  const pattern = Buffer.from([...Array(251)].map((_, n) => n));
  await echoes(client, Buffer.alloc(16 * MIB, pattern));
  await echoes(client, 'é'.repeat(8 * MIB));
});

for (const [what, opcode] of [['text', 1], ['binary', 2]]) {
  ownTest(`/echo: ${what} over 16 MiB closes with 1009`, async () => {
    const client = await connect('/echo');
    client.socket._socket.write(header(opcode, 16 * MIB + 1));
    await client.closesWith(1009);
  });
}

ownTest('/echo: what waits for a slow reader, up to 32 MiB, is kept', async () => {
  const client = await connect('/echo');
  const messages = [Buffer.alloc(16 * MIB, 'one'), Buffer.alloc(15 * MIB, 'two')];
  client.socket.pause();
  for (const message of messages) client.send(message);
  await sleep(1500); // the server's buffers fill; a server that gave up would have cut us off
  client.socket.resume();
  for (const message of messages) equal(await client.next('the echo', 60_000), message, 'the echo');
});

ownTest('/echo: a ping frame brings its pong', async () => {
  const client = await connect('/echo');
  const pong = new Promise((resolve) => client.socket.once('pong', resolve));
  client.socket.ping('lapis');
  equal((await within(pong, 'a pong')).toString(), 'lapis', "the pong's payload");
  await echoes(client, 'and on');
});
