// What the scenarios share: the server's address, rooms of their own, and the ways into a chat room.

import { Client, ID, Runner, TIME, option } from '../lib.mjs';

const base = (process.argv[2] ?? '').replace(/^http/, 'ws').replace(/\/$/, '');
if (!/^wss?:\/\/[^/]+$/.test(base)) {
  console.error('usage: node scenarios.mjs ws://HOST:PORT [--only PART_OF_A_NAME]');
  process.exit(2);
}
export const web = base.replace(/^ws/, 'http');

const runner = new Runner();
export const test = (name, play) => runner.test(name, play);
export const run = () => runner.run(option('only'));

export const KIB = 1024;
export const MIB = 1024 * KIB;

const started = Date.now().toString(36);
let rooms = 0;
export const freshRoom = () => `r${started}-${(rooms += 1)}`;
export const connect = (path) => Client.open(base + path);

/** A WebSocket frame's first bytes, declaring `length` bytes of payload that need never come. */
export function header(opcode, length) {
  const bytes = Buffer.alloc(14);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

export const joined = (count) => ({ type: 'user_joined', message: 'A user joined the room', count });
export const left = (count) => ({ type: 'user_left', message: 'A user left the room', count });
export const chatMessage = (message, name) => ({ type: 'chat_message', message, timestamp: TIME, user_id: ID, name });
export const say = (message, name) => ({ type: 'chat_message', message, name });

export async function enter(room) {
  const client = await connect(`/chat/${room}`);
  await client.gets({ type: 'system', message: `Welcome to room ${decodeURIComponent(room)}`, timestamp: TIME });
  return client;
}

/** `n` clients in one room, whose comings and goings are read. */
export async function company(n, room = freshRoom()) {
  const clients = [];
  for (let count = 1; count <= n; count += 1) {
    const newcomer = await enter(room);
    for (const client of clients) await client.gets(joined(count));
    clients.push(newcomer);
  }
  return clients;
}

/** What `client` sends brings `message` to all of `clients`, and nothing else. */
export async function reachesAll(client, clients, sent, message, options) {
  client.send(sent, options);
  for (const each of clients) await each.gets(message);
  for (const each of clients) await each.getsNothingMore();
}

/** What is sent brings `error` to the sender alone, and the connection stays open. */
export async function isRefused(sent, error, options) {
  const [sender, other] = await company(2);
  sender.send(sent, options);
  await sender.gets(error);
  await sender.getsNothingMore('an open connection, and one error only');
  await other.getsNothingMore('nothing for the others');
}
