// What the browser tests share: the server they start, stop and start again, and windows of a real browser.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import playwright from 'playwright-core';
import { launch } from '../../../client/test/browser/browsers.mjs';
import { Client, Runner, TIME, check, equal, eventually, option, within } from '../lib.mjs';

const command = option('server');
if (!command?.includes('PORT')) {
  console.error('usage: node browser.mjs --server "COMMAND --addr 127.0.0.1:PORT" [--shots DIR] [--browser firefox] [--only PART_OF_A_NAME]');
  process.exit(2);
}
const shots = option('shots');
if (shots) mkdirSync(shots, { recursive: true });

/** A port that was free a moment ago: the server must come back to the same address, so it cannot choose for itself. */
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port: chosen } = probe.address();
    probe.close(() => resolve(chosen));
  });
});
export const address = `127.0.0.1:${port}`;
export const origin = `http://${address}`;

const secret = 'for these tests only';

/** A token by which `user` may enter these private channels. */
export function token(user, channels, seconds = 600) {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ typ: 'JWT', alg: 'HS256' }, { user_id: user, channels, iat: now, exp: now + seconds, iss: 'lazuli-showcase' }];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export const server = {
  output: '',
  async start(signedWith = secret) {
    // `exec`, so that a signal reaches the server and not a shell.
    const child = spawn('/bin/sh', ['-c', `exec ${command.replaceAll('PORT', port)} --secret '${signedWith}'`], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.output += text));
    this.child = child;
    this.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    await eventually(async () => {
      const seen = await fetch(`${origin}/healthz`).then((response) => response.status, (error) => error.message);
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${this.output}`);
      return { done: seen === 200, expected: 'a server that answers at /healthz', seen };
    }, command, 60_000);
  },
  signal(name) {
    this.child.kill(name);
  },
  /** Stops it and gives back how it ended: {code, signal}. */
  async stop() {
    this.signal('SIGTERM');
    return within(this.ended, 'the end of the server after SIGTERM', 15_000);
  },
};

export const browserName = option('browser', 'chromium');
/** In Firefox, one for each way of looking at pages. @type {Map<string, Promise<import('playwright-core').Browser>>} */
const browsers = new Map();

function browserFor(look) {
  const key = browserName === 'firefox' ? JSON.stringify(look) : '';
  if (!browsers.has(key)) browsers.set(key, launch(playwright, browserName, look));
  return browsers.get(key);
}

const contexts = [];
const troubles = [];

/** Opens a page in a profile of its own. What its console or its Content-Security-Policy complains about fails the test,
 *  save, for a window that is to lose its server, that a WebSocket could not connect, and what it `ignores`. */
export async function open(path, { width = 900, height = 700, dark = false, clock = false, losesServer = false, script = true, reducedMotion = null, isPhone = false, before, ignores } = {}) {
  const browser = await browserFor({ dark, still: !!reducedMotion, script });
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', ...(browserName === 'chromium' && { javaScriptEnabled: script, reducedMotion, isMobile: isPhone }),
    hasTouch: isPhone,
  });
  contexts.push(context);
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    const Plain = WebSocket;
    window.sockets = [];
    window.heard = 0;
    window.heardBytes = 0;
    window.WebSocket = class extends Plain {
      constructor(...args) {
        super(...args);
        window.sockets.push(this);
        this.addEventListener('message', ({ data }) => {
          window.heard += 1;
          window.heardBytes += data.length ?? data.byteLength;
        });
      }
    };
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complain = (trouble) => ignores?.test(trouble) || troubles.push(trouble);
  // Firefox tells in this way of addresses too that a page may not load.
  page.on('pageerror', (error) => complain(error.stack));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    if (losesServer && /WebSocket connection to .* failed|can’t establish a connection|was interrupted while/.test(message.text())) return;
    complain(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  if (clock) await page.clock.install();
  await before?.(page);
  await page.goto(new URL(path, origin).href);
  // From here on its time is ours. (The jump is shorter than any timeout of the page.)
  if (clock) await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 5_000);
  return page;
}

/** What the console and the policy have complained about, for a test that expects it. */
export const complaints = () => troubles.splice(0);

/** A page of live components, all of them mounted. */
export async function live(path, options) {
  const page = await open(path, options);
  await isLive(page);
  return page;
}

/** From now on each frame takes so many ms, there and back each. */
export async function slows(page, ms = 200) {
  await page.addScriptTag({ url: '/js/spark-dev.js' });
  await page.evaluate((ms) => sparkDev.latency(ms), ms);
  await isLive(page);
}

export const isLive = (page, ms) => becomes(() => page.locator('html.spark-connected:not(:has([data-spark].spark-loading))').count(), 1, 'a page that is connected', ms);

/** The page's connection breaks; it comes back by itself. */
export async function losesConnection(page) {
  const before = await page.evaluate(() => {
    window.sockets.at(-1).close();
    return window.sockets.length;
  });
  await becomes(() => page.evaluate(() => window.sockets.length).then((now) => now > before), true, 'whether there is another connection', 60_000);
  await isLive(page, 60_000);
}

/** A window in a chat room, connected. */
export async function enter(room, options = {}) {
  const page = await open(`/chat/${room}`, options);
  await hasState(page, 'online');
  if (options.name) await setName(page, options.name);
  return page;
}

export const input = (page) => page.getByLabel('Message', { exact: true });
export const lines = (page) => page.locator('#messages > li');
export const messages = (page) => page.locator('#messages > .message');

export async function setName(page, name) {
  await type(page.getByLabel('Your name'), name);
  await page.getByLabel('Your name').blur();
}

/** Types a text in the place of what a field holds. (Firefox tells of a change only if it was the user's, which filling in is not.) */
export async function type(field, text) {
  await field.press('ControlOrMeta+a');
  await field.press('Backspace');
  await field.pressSequentially(text);
}

export async function say(page, text) {
  await input(page).fill(text);
  await input(page).press('Enter');
}

/** Waits until what `probe` gives equals `expected`. */
export async function becomes(probe, expected, what, ms) {
  await eventually(async () => {
    const seen = await probe();
    return { done: JSON.stringify(seen) === JSON.stringify(expected), expected, seen };
  }, what, ms);
}

export const hasState = (page, state, ms) => becomes(() => page.locator('body').getAttribute('data-state'), state, 'the state of the connection', ms);
/** It comes back by itself: a try may be 8 s away, and the one after it 16 s. */
export const comesBack = (page) => hasState(page, 'online', 60_000);
export const showsTyping = (page, text) => becomes(() => page.locator('#typing').textContent(), text, 'who is typing');
export const showsPeople = (page, text) => becomes(() => page.locator('#people').textContent(), text, 'how many there are');

/** The messages that a window shows, as [class, name, text]. */
export async function conversation(page) {
  return messages(page).evaluateAll((items) =>
    items.map((item) => [
      ['own', 'other'].filter((side) => item.classList.contains(side)).join('+'),
      item.querySelector('.name').textContent,
      item.querySelector('.text').textContent,
    ]),
  );
}
export const shows = (page, expected) => becomes(() => conversation(page), expected, 'the conversation');

/** A raw WebSocket client in a chat room, welcomed. */
export async function enterRaw(room) {
  const client = await Client.open(`ws://${address}/chat/${room}`);
  await client.gets({ type: 'system', message: `Welcome to room ${room}`, timestamp: TIME });
  return client;
}

/** Scripts a Spark server, for `before`: everyone may join, and `heard` is called with what a channel is sent, and with
 *  `reply(payload, status)`. Each socket goes into `sockets`, as {says(data), close(code, reason)}. */
export function scripted(heard, sockets = []) {
  return (page) =>
    page.routeWebSocket(/\/spark$/, (socket) => {
      const send = (frame) => socket.send(JSON.stringify(frame));
      let joined;
      sockets.push({
        says: (data) => send({ type: 'message', channel: joined, data }),
        close: (code, reason) => socket.close({ code, reason }),
      });
      socket.onMessage((text) => {
        const { type, channel, ref, data } = JSON.parse(text);
        if (type === 'ping') return send({ type: 'pong' });
        joined ??= channel;
        const reply = (payload = null, status = 'ok') => send({ type: 'reply', ref, channel, status, payload });
        if (type === 'message') heard(data, reply);
        else reply();
      });
    });
}

/** The next frame of `client` that is not a coming or going, or, if a type is given, that has this type. */
export async function nextOf(client, type) {
  for (;;) {
    const frame = JSON.parse(await client.next());
    if (type ? frame.type === type : !['user_joined', 'user_left'].includes(frame.type)) return frame;
  }
}

export async function fitsWidth(page, width) {
  const seen = await page.evaluate(() => document.documentElement.scrollWidth);
  check(seen <= width, 'the width of the page', `at most ${width}`, seen);
}

export async function shoot(page, name, options) {
  if (!shots) return;
  const before = troubles.length;
  await page.screenshot({ path: `${shots}/${name}.png`, ...options });
  // Firefox lets nobody take one without a style of their own, which the page's policy forbids, and says so.
  if (browserName !== 'firefox') return;
  await page.waitForTimeout(100);
  troubles.push(...troubles.splice(before).filter((trouble) => !/style-src-elem/.test(trouble)));
}

let rooms = 0;
export const freshRoom = () => `room-${(rooms += 1)}`;

const runner = new Runner();
/** `only`: the one browser in which this can be tried; `limit`: how many ms it may take. */
export function test(name, play, { only = browserName, limit } = {}) {
  if (only !== browserName) return console.log(`left  ${name}: only in ${only}`);
  runner.test(name, async () => {
    try {
      await play();
      equal(troubles, [], 'what the console and the Content-Security-Policy say');
    } finally {
      troubles.length = 0;
      for (const context of contexts.splice(0)) await context.close();
      server.signal('SIGCONT');
      if (server.child.exitCode !== null || server.child.signalCode !== null) await server.start();
    }
  }, limit);
}

export async function run() {
  await server.start();
  try {
    return await runner.run(option('only'), option('share'));
  } finally {
    for (const browser of browsers.values()) await (await browser).close();
    server.signal('SIGKILL');
  }
}
