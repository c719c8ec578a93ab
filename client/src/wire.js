// The frames of the Spark protocol, as text and as bytes.

const PATH = /^\/[!-"$->@-~]{0,1023}$/; // printable ASCII without # and ?

/** @param {string} path @returns {string} the same, if it can name a channel */
export function checkPath(path) {
  if (!PATH.test(path)) throw new TypeError(`no path, percent-encoded: ${path}`);
  return path;
}

/** A message for a channel, ready to be sent.
 *  @param {string} channel @param {any} data @param {number} [ref] @returns {string | ArrayBuffer} */
export function encodeMessage(channel, data, ref) {
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    const bytes = new Uint8Array(/** @type {any} */ (data).buffer ?? data, /** @type {any} */ (data).byteOffset, data.byteLength);
    const kind = ref === undefined ? [1] : [2, ref >> 24, ref >> 16, ref >> 8, ref];
    const head = [...kind, channel.length >> 8, channel.length, ...new TextEncoder().encode(channel)];
    const frame = new Uint8Array(head.length + bytes.length);
    frame.set(head);
    frame.set(bytes, head.length);
    return frame.buffer;
  }
  // A Blob would be sent as `{}`, and what has no JSON not at all.
  const json = data instanceof Blob ? undefined : JSON.stringify(data);
  if (json === undefined) throw new TypeError(`no JSON: ${String(data)}`);
  return `${JSON.stringify({ type: 'message', channel, ref }).slice(0, -1)},"data":${json}}`;
}

/** A frame of the server, or `undefined` if it is none.
 *  @param {string | ArrayBuffer} frame @returns {Record<string, any> | undefined} */
export function decode(frame) {
  if (typeof frame !== 'string') {
    const [kind, high = 0, low = 0] = new Uint8Array(frame);
    const end = 3 + high * 256 + low;
    if (kind !== 1 || frame.byteLength < end) return undefined;
    return { type: 'binary', channel: new TextDecoder().decode(frame.slice(3, end)), data: frame.slice(end) };
  }
  try {
    const object = JSON.parse(frame);
    return Array.isArray(object) ? { type: 'patches', data: object } : object;
  } catch {
    return undefined; // no JSON
  }
}
