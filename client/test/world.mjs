// A browser that does only what a test says: sockets, timers, time and chance are the test's. The newest world is the one that
// the client finds itself in.

import { AzuSpark } from '../src/azu.js';
import { connect } from '../src/spark.js';

/** A random generator with a seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The far end of one socket. */
class FakeSocket {
  readyState = 0;
  sent = [];
  closedWith = null;

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
  }

  send(frame) {
    if (this.readyState !== 1) throw new Error(`send in state ${this.readyState}`);
    this.sent.push(typeof frame === 'string' ? JSON.parse(frame) : Buffer.from(frame).toString('hex'));
  }

  close(code) {
    this.closedWith ??= code;
    if (this.readyState < 2) this.readyState = 2;
  }

  // What the server does.

  opens() {
    this.readyState = 1;
    this.onopen();
  }

  says(frame) {
    this.onmessage({ data: frame instanceof ArrayBuffer || typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  closes(code = 1006, reason = '') {
    this.readyState = 3;
    this.onclose({ code, reason });
  }

  /** What was sent since the last look. */
  took() {
    return this.sent.splice(0);
  }

  /** Answers every subscribe that was sent. */
  joins(payload = null) {
    for (const { type, channel, ref } of this.took()) {
      if (type === 'subscribe') this.says({ type: 'reply', ref, channel, status: 'ok', payload });
    }
  }
}

export class World {
  time = 0;
  chance = 0.5;
  online = true;
  sockets = [];
  reported = [];
  states = [];
  attribute = null;
  classes = new Set();
  #timers = new Map();
  #last = 0;
  #listeners = new Map();

  constructor({ refuses = null } = {}) {
    const world = this;
    const documentElement = {
      setAttribute: (name, value) => (this.attribute = `${name}=${value}`),
      classList: { toggle: (name, on) => this.classes[on ? 'add' : 'delete'](name) },
    };
    const browser = {
      self: globalThis,
      WebSocket: function open(url, protocols) {
        if (refuses) throw refuses;
        const socket = new FakeSocket(url, protocols);
        world.sockets.push(socket);
        return socket;
      },
      setTimeout: (act, ms) => {
        this.#timers.set((this.#last += 1), { act, at: this.time + ms });
        return this.#last;
      },
      clearTimeout: (timer) => this.#timers.delete(timer),
      performance: { now: () => this.time },
      reportError: (error) => this.reported.push(error),
      navigator: { get onLine() { return world.online; } },
      location: new URL('http://page.test/a/page'),
      document: { hidden: false, documentElement },
      addEventListener: (name, listener) => this.#listeners.set(name, listener),
      removeEventListener: (name, listener) => this.#listeners.get(name) === listener && this.#listeners.delete(name),
    };
    for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true });
    Math.random = () => (typeof this.chance === 'function' ? this.chance() : this.chance);
  }

  connect(options, url) {
    const spark = connect(url, { components: false, ...options });
    spark.on('state', (state) => this.states.push(state));
    return spark;
  }

  azu(options) {
    return new AzuSpark({ components: false, ...options });
  }

  /** Connected, with one channel joined. */
  joined(options = {}) {
    const spark = this.connect(options);
    this.socket.opens();
    const room = spark.subscribe('/chat/lobby', options);
    this.socket.joins();
    return { spark, room };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  get isWatched() {
    return this.#listeners.size > 0;
  }

  hint(name) {
    this.#listeners.get(name)({ type: name });
  }

  /** Lets so many ms pass, each timer at its time. */
  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (!next) break;
      this.time = Math.max(this.time, next[1].at);
      this.#timers.delete(next[0]);
      next[1].act();
    }
    this.time = end;
  }

  /** Lets time pass until the next socket is being opened; gives back how long it took. */
  comesBack(step = 1) {
    const before = this.time;
    for (const count = this.sockets.length; this.sockets.length === count; ) {
      if (this.time - before > 700_000) throw new Error('no socket is opened any more');
      this.pass(step);
    }
    return this.time - before;
  }

  /** The machine sleeps: time passes, and then the timers that are late come all at once. */
  sleep(ms) {
    this.time += ms;
    this.pass(0);
  }

  /** In how many ms each timer is due. */
  get due() {
    return [...this.#timers.values()].map(({ at }) => at - this.time);
  }

  /** Timers that were set and not cleared. */
  get timers() {
    return this.#timers.size;
  }
}

/** What becomes of a promise, so that it can be looked at later without being awaited. */
export function watchPromise(promise) {
  const seen = { state: 'pending' };
  promise.then(
    (value) => Object.assign(seen, { state: 'resolved', value }),
    (error) => Object.assign(seen, { state: 'rejected', error }),
  );
  return seen;
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Remembers every event of an object: [name, ...arguments]. */
export function eventsOf(emitter, ...names) {
  const seen = [];
  for (const name of names) emitter.on(name, (...args) => seen.push([name, ...args]));
  return seen;
}
