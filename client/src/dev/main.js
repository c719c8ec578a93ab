// For developers, loaded by hand behind spark.js: a slow network, and a log of what patches weigh.
//
//     sparkDev.latency(200)      // ms, there and back each
//     sparkDev.latency(50, 400)  // out, in
//     sparkDev.log(true)
//
// Both last as long as the tab.

const KEY = 'spark-dev';
const Plain = WebSocket;
/** @type {{ out: number, in: number, log: boolean }} */
const settings = { out: 0, in: 0, log: true, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };

/** Calls in the order in which it was asked to, each not before so many ms are over. */
function createLine() {
  let last = 0;
  let waiting = 0;
  return (/** @type {number} */ ms, /** @type {() => void} */ act) => {
    if (!ms && !waiting) return act();
    waiting += 1;
    const due = (last = Math.max(last, performance.now() + ms));
    setTimeout(() => {
      waiting -= 1;
      act();
    }, due - performance.now());
  };
}

/** Says what a frame weighs, if it is one of patches. @param {unknown} data */
function show(data) {
  if (!settings.log || typeof data !== 'string' || data[0] !== '[') return;
  const frame = JSON.parse(data);
  for (let index = 0; index + 1 < frame.length; index += 2) {
    const bytes = new TextEncoder().encode(JSON.stringify(frame[index + 1])).length;
    console.debug(`spark: patch of component ${frame[index]}, ${bytes} bytes`, frame[index + 1]);
  }
}

class SlowSocket extends Plain {
  #out = createLine();
  #in = createLine();
  /** @type {((event: MessageEvent) => void) | null} */
  #heard = null;

  /** @param {string} data @override */
  send(data) {
    this.#out(settings.out, () => this.readyState === Plain.OPEN && super.send(data));
  }

  /** @param {any} listener @override */
  set onmessage(listener) {
    this.#heard = listener;
    super.onmessage = (event) => {
      show(event.data);
      this.#in(settings.in, () => this.#heard?.(event));
    };
  }

  /** @override */
  get onmessage() {
    return this.#heard;
  }
}

/** @param {Partial<typeof settings>} more */
function change(more) {
  sessionStorage.setItem(KEY, JSON.stringify(Object.assign(settings, more)));
}

const sparkDev = {
  /** @param {number} out ms before a frame is sent @param {number} [back] ms before one is heard */
  latency: (out, back = out) => change({ out, in: back }),
  /** @param {boolean} on */
  log: (on) => change({ log: on }),
};
Object.assign(globalThis, { WebSocket: SlowSocket, sparkDev });
// A socket that is open already is a quick one.
/** @type {any} */ (globalThis).spark?.reconnect();
