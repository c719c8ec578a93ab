// The size limits of the connection, the same for the three chats.

import { equal, errorOf } from '../lib.mjs';
import { KIB, MIB, company, connect, freshRoom, header, isRefused, left, ownTest, say, test } from './world.mjs';

for (const path of ['/chat/:room_id', '/chat', '/rooms/:room_id']) {
  const enterFresh = async () => {
    const client = await connect(path.replace(':room_id', freshRoom()));
    await client.next('the greeting');
    return client;
  };
  for (const [what, char, count] of [['', 'a', 64 * KIB + 1], [', counted in bytes', 'ä', 32 * KIB + 1]]) {
    test(`${path}: text over 64 KiB closes with 1009${what}`, async () => {
      const client = await enterFresh();
      client.send(char.repeat(count));
      await client.closesWith(1009);
    });
  }
  test(`${path}: text of fragments that together are over 64 KiB closes with 1009`, async () => {
    const client = await enterFresh();
    for (let n = 0; n < 8; n += 1) client.send('a'.repeat(8 * KIB), { fin: false });
    client.send('a', { fin: true });
    await client.closesWith(1009);
  });
  test(`${path}: binary over 2 MiB closes with 1009`, async () => {
    const client = await enterFresh();
    client.send(Buffer.alloc(2 * MIB + 1));
    await client.closesWith(1009);
  });
  ownTest(`${path}: the header that declares over 2 MiB is enough to close with 1009`, async () => {
    const client = await enterFresh();
    client.socket._socket.write(header(2, 2 * MIB + 1));
    await client.closesWith(1009);
  });
}

test('/chat/:room_id: text of exactly 64 KiB is within the limit', async () => {
  const frame = (n) => JSON.stringify(say('a'.repeat(n)));
  const text = frame(64 * KIB - frame(0).length);
  equal(Buffer.byteLength(text), 64 * KIB, 'the size of the test itself');
  await isRefused(text, errorOf('Message too long'));
});

test('/chat/:room_id: one who breaks a limit leaves the room, and the others stay', async () => {
  const [a, b] = await company(2);
  a.send('a'.repeat(64 * KIB + 1));
  await b.gets(left(1));
  await b.getsNothingMore();
});
