// What the scenarios share: the server's address, rooms of their own, tokens, and the ways into a chat room.

import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Client, Failure, ID, Runner, TIME, option } from '../lib.mjs';
import { SparkClient } from '../spark.mjs';

const base = (process.argv[2] ?? '').replace(/^http/, 'ws').replace(/\/$/, '');
if (!/^wss?:\/\/[^/]+$/.test(base)) {
  console.error('usage: node scenarios.mjs ws://HOST:PORT --secret TEXT [--over spark] [--only PART_OF_A_NAME]');
  process.exit(2);
}
export const web = base.replace(/^ws/, 'http');

const runner = new Runner();
export const test = (name, play) => runner.test(name, play);
export const slowTest = (name, play) => runner.slow(name, play);
/** What only a path of its own has: sizes beyond those of a Spark socket, frames by hand, pages. */
export const overSpark = option('over') === 'spark';
export const ownTest = (name, play) => overSpark || runner.test(name, play);
export const run = () => runner.run(option('only'));

export const KIB = 1024;
export const MIB = 1024 * KIB;

const started = Date.now().toString(36);
let rooms = 0;
export const freshRoom = () => `r${started}-${(rooms += 1)}`;
export const connect = (path, options) =>
  overSpark ? SparkClient.subscribe(base, path, options) : Client.open(base + path, options);

export const get = (path) => fetch(new URL(path, web), { redirect: 'manual' });
export const post = (path, body, headers) => fetch(new URL(path, web), { method: 'POST', body, headers });

/** Expects a POST to be answered with this status, and JSON that equals `answer` or a text. */
export async function posts(path, body, status, answer, headers) {
  const response = await post(path, body, headers);
  const text = await response.text();
  const seen = response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text;
  const isRight = response.status === status && isDeepStrictEqual(seen, answer);
  if (!isRight) throw new Failure(`POST ${path}`, { status, answer }, { status: response.status, answer: seen });
}

/** The status of a refusal before the upgrade, and what it says. */
export const refusal = (path, options) =>
  connect(path, options).then(
    () => 'no refusal',
    (error) => [error.status, error.body?.trim()],
  );

export const secret = option('secret', '');
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** All tokens that were shown to the server. */
export const tokens = [];

/** A token made here, by the standard; `claims` and `header` change it. */
export function token(claims = {}, { header = {}, key = secret } = {}) {
  const all = { user_id: 'ada', channels: [], exp: inSeconds(600), iat: inSeconds(0), iss: 'lazuli-showcase', ...claims };
  const input = `${base64url({ typ: 'JWT', alg: 'HS256', ...header })}.${base64url(all)}`;
  const made = `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  tokens.push(made);
  return made;
}

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
