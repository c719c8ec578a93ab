// What the browser tests share: a small server with a strict policy, whose pages, templates and frames each test decides, and
// windows of a real browser.

import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import playwright from 'playwright-core';
import { WebSocketServer } from 'ws';
import { launch } from './browsers.mjs';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'";
const PATIENCE = 10_000; // ms

const served = (name) => readFileSync(new URL(`../../../core/client/${name}`, import.meta.url));
const inner = await build({
  entryPoints: [new URL('inner.js', import.meta.url).pathname], bundle: true, format: 'iife', write: false, target: 'es2022',
});
const files = new Map([
  ['/js/spark.js', served('spark.js')],
  ['/js/spark-dev.js', served('spark-dev.js')],
  ['/js/inner.js', inner.outputFiles[0].text],
]);

export const equal = (seen, expected, what = 'a value') => {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}\n    expected: ${other}\n    seen:     ${one}`);
};

/** Waits until what `probe` gives equals `expected`. */
export async function becomes(probe, expected, what) {
  const end = Date.now() + PATIENCE;
  let seen;
  do {
    seen = await probe();
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  } while (Date.now() < end);
  equal(seen, expected, what);
}

/** What the server is in one test. */
class Server {
  pages = new Map();
  templates = new Map();
  requests = [];
  sockets = [];
  frames = [];
  nextId = 1;
  /** Answers mounts; a test may say otherwise. */
  mount = () => ({ status: 'ok', payload: [this.nextId++] });
  /** Answers events. */
  event = () => ({ status: 'ok', payload: null });
  other = () => undefined;

  say(frame) {
    for (const socket of this.sockets) if (socket.readyState === 1) socket.send(JSON.stringify(frame));
  }

  command(command, more) {
    this.say({ type: 'component_command', component_id: 1, command, ...more });
  }

  heard(frame) {
    this.frames.push(frame);
    const answer = { component_mount: this.mount, component_event: this.event }[frame.type] ?? this.other;
    const reply = answer(frame);
    if (reply && frame.ref !== undefined) this.say({ type: 'reply', ref: frame.ref, ...reply });
    if (frame.type === 'ping') this.say({ type: 'pong' });
  }

  of(type) {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The events that came, as [name, data]. */
  get events() {
    return this.of('component_event').map(({ event, data }) => [event, data]);
  }
}

let server = new Server();
const http = createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/favicon.ico') return response.writeHead(204).end(); // some browsers ask for it
  server.requests.push(path);
  const send = (status, type, body) => {
    response.writeHead(status, { 'content-type': type, 'content-security-policy': POLICY });
    response.end(body);
  };
  const name = /^\/spark\/t\/(.+)$/.exec(path)?.[1];
  if (files.has(path)) send(200, 'text/javascript; charset=utf-8', files.get(path));
  else if (name && server.templates.has(name)) send(200, 'application/json', JSON.stringify(server.templates.get(name)));
  else if (server.pages.has(path)) send(200, 'text/html; charset=utf-8', `<!DOCTYPE html>${server.pages.get(path)}`);
  else send(404, 'text/plain', 'not here');
});
new WebSocketServer({ server: http }).on('connection', (socket) => {
  server.sockets.push(socket);
  const mine = server;
  socket.on('message', (data) => mine.heard(JSON.parse(data)));
});
await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
export const origin = `http://127.0.0.1:${http.address().port}`;

const browserName = process.env.BROWSER ?? 'chromium';
const browser = await launch(playwright, browserName);

/** A page with one mounted component. `shape` null: the server sends the view with the mount. */
export const pageOf = (html, shape, more = '') => `<html><head><title>Test</title><script src="/js/spark.js" data-spark-url="/spark" defer></script></head>
<body><main><div id="c" data-spark="token-1" data-shape="${escapeHtml(JSON.stringify(shape))}">${html}</div></main>${more}</body></html>`;

export const escapeHtml = (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

const tests = [];
/** `only`: the one browser in which this can be tried. */
export const test = (name, play, { only } = {}) => tests.push({ name, play, only });

/** Opens what a test says; anything the console or the policy complains about fails it, unless it is expected. */
async function judge({ name, play }) {
  server = new Server();
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  const troubles = [];
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => troubles.push(error.stack));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && troubles.push(message.text()));
  const world = {
    browserName,
    page,
    server,
    troubles,
    /** Opens a page, and waits until its component is mounted. */
    async open(html, shape, { more, templates = {}, mounted = true } = {}) {
      for (const [key, source] of Object.entries(templates)) server.templates.set(key, source);
      server.pages.set('/', pageOf(html, shape, more));
      await page.goto(`${origin}/`);
      if (mounted) await becomes(() => server.of('component_mount').length, 1, 'mounts');
      if (mounted) await page.waitForFunction(() => !document.querySelector('#c').matches('.spark-loading') && document.querySelector('.spark-connected'));
    },
    /** A page for calls of the parts. */
    async bare(body = '') {
      server.pages.set('/bare', `<html><head><script src="/js/inner.js"></script></head><body>${body}</body></html>`);
      await page.goto(`${origin}/bare`);
    },
    /** Sends a patch to the component, and waits until it is done. */
    async patch(...data) {
      server.say([1, data]);
      await world.settled();
    },
    /** What was said before has been done. */
    async settled() {
      const mark = `mark-${Math.random()}`;
      server.say({ type: 'component_command', component_id: 1, command: 'dispatch', event: 'settled', detail: mark });
      await page.waitForFunction((wanted) => {
        if (!window.marks) return false;
        return window.marks.includes(wanted);
      }, mark);
    },
    html: () => page.evaluate(() => document.querySelector('#c').innerHTML),
  };
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    window.marks = [];
    addEventListener('settled', (event) => window.marks.push(event.detail), true);
  });
  await play(world);
  equal(troubles, [], 'what the console and the policy say');
  await context.close();
}

export async function run(only = '') {
  let [passed, failed] = [0, 0];
  for (const one of tests.filter(({ name }) => name.includes(only))) {
    if ((one.only ?? browserName) !== browserName) {
      console.log(`left  ${one.name}: only in ${one.only}`);
      continue;
    }
    try {
      await Promise.race([judge(one), new Promise((_, reject) => setTimeout(() => reject(new Error('took too long')), 120_000).unref())]);
      passed += 1;
      console.log(`ok    ${one.name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${one.name}\n    ${error.stack}`);
    }
  }
  await browser.close();
  http.close();
  for (const socket of server.sockets) socket.terminate();
  console.log(`${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0;
}
