// A WebSocket without a network behind it: the server is what a measurement says.

globalThis.WebSocket = class Socket {
  static OPEN = 1;
  readyState = 1;
  components = 0;
  resyncs = 0;
  /** What the answer to a mount says behind the number. @type {any[]} */
  answer = [];

  constructor() {
    globalThis.socket = this;
    setTimeout(() => this.onopen());
  }

  send(text) {
    const { type, ref } = JSON.parse(text);
    if (type === 'component_mount') {
      const id = (this.components += 1);
      setTimeout(() => this.say(JSON.stringify({ type: 'reply', ref, status: 'ok', payload: [id, ...this.answer] })));
    } else if (type === 'ping') setTimeout(() => this.say('{"type":"pong"}'));
    else if (type === 'component_resync') {
      this.resyncs += 1;
      this.onresync?.();
    }
  }

  say(data) {
    this.onmessage({ data });
  }

  close() {}
};
