// /chat: one chat for everybody.

import { TIME, equal, errorOf } from '../lib.mjs';
import { chatMessage, company, connect, reachesAll, say, test } from './world.mjs';

async function enterChat() {
  const client = await connect('/chat');
  await client.gets({ type: 'connected', message: 'Connected to chat', timestamp: TIME });
  return client;
}

test('/chat: the newcomer is told so, and nobody else', async () => {
  const first = await enterChat();
  const second = await enterChat();
  await first.getsNothingMore();
  await second.getsNothingMore();
});

test('/chat: a message goes to all, the sender too', async () => {
  const clients = [await enterChat(), await enterChat(), await enterChat()];
  const message = { type: 'message', content: ' <b>hi</b> 😀 ', user: 'Ada "x"' };
  await reachesAll(clients[0], clients, message, { ...message, timestamp: TIME });
});

test('/chat: typing goes to all, true and false', async () => {
  const clients = [await enterChat(), await enterChat()];
  for (const is_typing of [true, false]) {
    const typing = { type: 'typing', user: 'Ada', is_typing };
    await reachesAll(clients[1], clients, typing, typing);
  }
});

test('/chat: another type: "Unknown message type"', async () => {
  const [a, b] = [await enterChat(), await enterChat()];
  a.send({ type: 'foo' });
  await a.gets(errorOf('Unknown message type'));
  await a.getsNothingMore('an open connection');
  await b.getsNothingMore('nothing for the others');
});

test('/chat: what is not JSON gets an error, and the connection stays open', async () => {
  const [a, b] = [await enterChat(), await enterChat()];
  a.send('hello');
  equal(JSON.parse(await a.next()).type, 'error', 'the answer');
  await a.getsNothingMore('an open connection');
  await b.getsNothingMore('nothing for the others');
});

test('/chat: it does not hear the rooms, nor they it', async () => {
  const chat = await enterChat();
  const [inRoom] = await company(1);
  await reachesAll(inRoom, [inRoom], say('room'), chatMessage('room'));
  const message = { type: 'message', content: 'chat', user: 'Ada' };
  await reachesAll(chat, [chat], message, { ...message, timestamp: TIME });
  await inRoom.getsNothingMore();
});
