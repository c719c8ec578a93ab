// Plays a channel over a Spark socket as if it were on a WebSocket of its own, so that the same scenarios run over both.
// `docs/protocol.md` has the protocol.

import { Client, Failure, within } from './lib.mjs';

const JOIN = 1;
const LEAVE = 2;

export class SparkClient extends Client {
  #channel;
  #head; // of a binary message
  #fragments = [];
  #replies = new Map();

  /** Opens a Spark socket and subscribes to the channel of this path; its query becomes the parameters. */
  static async subscribe(base, path, options) {
    const client = await this.open(`${base}/spark`, options);
    const [channel, query] = path.split('?');
    const params = query && Object.fromEntries(new URLSearchParams(query));
    const { status, payload } = await client.#join(channel, params);
    if (status === 'ok') {
      if (payload !== null) throw new Failure('the payload of the answer to a subscribe', null, payload);
    } else if (payload.http !== undefined) {
      throw Object.assign(new Error(`HTTP ${payload.http} instead of a subscription`), { status: payload.http, body: payload.message });
    } else {
      client.#endWith({ code: payload.close, reason: payload.message });
    }
    return client;
  }

  #join(channel, params) {
    this.#channel = channel;
    const name = Buffer.from(channel);
    this.#head = Buffer.concat([Buffer.from([1, name.length >> 8, name.length & 255]), name]);
    return this.#ask({ type: 'subscribe', channel, params, ref: JOIN });
  }

  #ask(message) {
    const answer = new Promise((resolve) => this.#replies.set(message.ref, resolve));
    this.socket.send(JSON.stringify(message));
    return within(answer, `the reply to ${message.type}`);
  }

  #endWith(end) {
    this.finish(end);
    this.socket.close();
  }

  /** Fragments are collected: a message over Spark is one frame. */
  send(message, { fin = true, binary } = {}) {
    if (typeof message !== 'string' && !Buffer.isBuffer(message)) return this.#sendData(message);
    const isBinary = this.#fragments.length ? this.#fragments.isBinary : binary ?? Buffer.isBuffer(message);
    if (!fin || this.#fragments.length) {
      this.#fragments.isBinary = isBinary;
      this.#fragments.push(Buffer.from(message));
      if (!fin) return undefined;
      message = Buffer.concat(this.#fragments);
      this.#fragments = [];
    }
    return isBinary ? this.socket.send(Buffer.concat([this.#head, Buffer.from(message)])) : this.#sendData(message.toString());
  }

  #sendData(data) {
    this.socket.send(JSON.stringify({ type: 'message', channel: this.#channel, data }));
  }

  receive(frame) {
    if (this.end) return;
    if (Buffer.isBuffer(frame)) {
      const { length } = this.#head;
      if (!frame.subarray(0, length).equals(this.#head)) throw new Failure('a binary frame', `${this.#head} …`, frame);
      super.receive(frame.subarray(length));
      return;
    }
    // What the channel sent is taken as it stands there, not as it would be written anew.
    const head = `{"type":"message","channel":${JSON.stringify(this.#channel)},"data":`;
    if (frame.startsWith(head)) {
      const data = frame.slice(head.length, -1);
      super.receive(data.startsWith('"') ? JSON.parse(data) : data);
      return;
    }
    const { type, ref, code, reason, ...rest } = JSON.parse(frame);
    if (type === 'reply' && this.#replies.has(ref)) this.#replies.get(ref)(rest);
    else if (type === 'unsubscribed' && rest.channel === this.#channel) this.#endWith({ code, reason });
    else super.receive(frame);
  }

  async leave() {
    const { status } = await this.#ask({ type: 'unsubscribe', channel: this.#channel, ref: LEAVE });
    this.#endWith({ code: status === 'ok' ? 1000 : status, reason: '' });
  }
}
