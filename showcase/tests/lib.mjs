// What the tests share: a runner that ends with one line of counts, a WebSocket client that remembers what it got, and
// comparisons whose failures say what was expected and what was seen.

import { isDeepStrictEqual } from 'node:util';
import WebSocket from 'ws';

const PATIENCE = 10_000; // ms for one answer
const WHOLE_TEST = 120_000; // ms

export class Failure extends Error {
  constructor(what, expected, seen) {
    super(`${what}\n    expected: ${show(expected)}\n    seen:     ${show(seen)}`);
  }
}

function show(value) {
  if (Buffer.isBuffer(value)) return `${value.length} bytes ${value.subarray(0, 24).toString('hex')}`;
  const text = JSON.stringify(value, (_, part) => (part instanceof Pattern ? `<${part.name}>` : part)); // control characters escaped
  return text?.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : String(text);
}

/** Stands in an expected object for a value that is only known by its form. */
class Pattern {
  constructor(name, accepts) {
    this.name = name;
    this.accepts = accepts;
  }
}

const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/;
const MINUTE = 60_000;
export const TIME = new Pattern(
  'now, RFC 3339, UTC',
  (value) => typeof value === 'string' && RFC3339_UTC.test(value) && Math.abs(Date.parse(value) - Date.now()) < 5 * MINUTE,
);
export const ID = new Pattern(
  'a user_id: a string or a whole number that JavaScript can hold',
  (value) => (typeof value === 'string' && value !== '') || Number.isSafeInteger(value),
);
export const TEXT = new Pattern('some text', (value) => typeof value === 'string' && value !== '');

export const errorOf = (message, code) => ({ type: 'error', message, ...(code && { code }), timestamp: TIME });

/** Exactly the keys of `expected`, each with its value or of its form; a key whose value is `undefined` must be absent. */
function fits(seen, expected) {
  if (typeof seen !== 'object' || seen === null || Array.isArray(seen)) return false;
  const keys = Object.keys(expected).filter((key) => expected[key] !== undefined);
  if (Object.keys(seen).length !== keys.length) return false;
  return keys.every((key) => {
    if (!Object.hasOwn(seen, key)) return false;
    const want = expected[key];
    return want instanceof Pattern ? want.accepts(seen[key]) : isDeepStrictEqual(seen[key], want);
  });
}

export function equal(seen, expected, what) {
  const same = Buffer.isBuffer(expected) ? Buffer.isBuffer(seen) && expected.equals(seen) : isDeepStrictEqual(seen, expected);
  if (!same) throw new Failure(what, expected, seen);
}

export function check(condition, what, expected, seen) {
  if (!condition) throw new Failure(what, expected, seen);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `promise`, or a failure after `ms`. */
export async function within(promise, what, ms = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(what, 'an answer', `nothing for ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until `probe` gives something true; for what the server does after nobody is left to be told. */
export async function eventually(probe, what, ms = PATIENCE) {
  const end = Date.now() + ms;
  let seen;
  do {
    seen = await probe();
    if (seen.done) return;
    await sleep(25);
  } while (Date.now() < end);
  throw new Failure(what, seen.expected, seen.seen);
}

const open = new Set();

export class Client {
  #frames = [];
  #wake = null;
  #finish;
  /** Resolves to {code, reason} when the connection is closed. */
  closed = new Promise((resolve) => (this.#finish = resolve));

  constructor(socket) {
    this.socket = socket;
    open.add(this);
    socket.on('message', (data, isBinary) => this.receive(isBinary ? data : data.toString()));
    socket.on('error', () => {}); // the close tells
    socket.on('close', (code, reason) => this.finish({ code, reason: reason.toString() }));
  }

  /** Connects; a refusal before the upgrade rejects with an error that has the HTTP `status` and the answer's `body`. */
  static async open(url, { protocols = [], headers } = {}) {
    const socket = new WebSocket(url, protocols, { headers });
    const client = new this(socket);
    const opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', async (_, response) => {
        const status = response.statusCode;
        const body = (await response.toArray()).join('');
        socket.terminate();
        reject(Object.assign(new Error(`HTTP ${status} instead of an upgrade`), { status, body }));
      });
    });
    await within(opened, `connecting to ${url}`);
    return client;
  }

  /** A frame came in: a string for text, a Buffer for binary. */
  receive(frame) {
    this.#frames.push(frame);
    this.#wake?.();
  }

  /** The connection is at its end. */
  finish(end) {
    this.end ??= end;
    this.#wake?.();
    this.#finish(this.end);
  }

  send(message, options) {
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.send(raw ? message : JSON.stringify(message), options);
  }

  /** The next frame: a string for text, a Buffer for binary. */
  async next(what = 'the next frame', ms) {
    if (this.#frames.length === 0) {
      const arrived = new Promise((resolve) => (this.#wake = resolve));
      if (!this.end) await within(arrived, what, ms);
      this.#wake = null;
    }
    if (this.#frames.length === 0) throw new Failure(what, 'a frame', `closed ${this.end.code} ${this.end.reason}`);
    return this.#frames.shift();
  }

  /** The next frame is a JSON object that fits `expected`; gives it back. */
  async gets(expected, what = `a "${expected.type}"`) {
    const frame = await this.next(what);
    let seen = frame;
    try {
      if (typeof frame === 'string') seen = JSON.parse(frame);
    } catch {
      // Shown as it came.
    }
    if (!fits(seen, expected)) throw new Failure(what, expected, seen);
    return seen;
  }

  /** Nothing came but what was read: the answer to a ping is the very next frame. */
  async getsNothingMore(what = 'nothing but the pong') {
    this.send({ type: 'ping' });
    await this.gets({ type: 'pong', timestamp: TIME }, what);
  }

  async closesWith(code, reason) {
    const seen = await within(this.closed, `a close with ${code}`);
    equal(seen.code, code, 'the close code');
    if (reason !== undefined) equal(seen.reason, reason, 'the close reason');
  }

  async leave() {
    this.socket.close(1000);
    await within(this.closed, 'the answer to our close');
  }
}

/** Runs the named tests; the last line printed is `N passed, N failed`. */
export class Runner {
  #tests = [];
  #slow = [];
  #passed = 0;
  #failed = 0;

  /** `limit`: how many ms it may take. */
  test(name, play, limit) {
    this.#tests.push({ name, play, limit });
  }

  /** A test that waits for the server's clock: all of these are played at once, after the others. */
  slow(name, play) {
    this.#slow.push({ name, play });
  }

  /** `share`: of several processes that share the tests, which one this is, as in `1/2`. */
  async run(only = '', share = '1/1') {
    const [part, parts] = share.split('/').map(Number);
    const isWanted = ({ name }) => name.includes(only);
    const mine = this.#tests.filter(isWanted).filter((_, place) => place % parts === part - 1);
    for (const test of mine) await this.#play([test]);
    await this.#play(this.#slow.filter(isWanted));
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#passed > 0 && this.#failed === 0;
  }

  async #play(tests) {
    await Promise.all(tests.map((test) => this.#judge(test)));
    for (const client of open) client.socket.terminate();
    open.clear();
  }

  async #judge({ name, play, limit = WHOLE_TEST }) {
    try {
      await within(play(), 'the whole test', limit);
      this.#passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      this.#failed += 1;
      console.log(`FAIL  ${name}\n    ${error instanceof Failure ? error.message : error.stack}`);
    }
  }
}

/** `--name VALUE` from the command line. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}
