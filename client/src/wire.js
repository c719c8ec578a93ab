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
    const kind = ref ? [2, ref >> 24, ref >> 16, ref >> 8, ref] : [1];
    return new Uint8Array([...kind, channel.length >> 8, channel.length, ...new TextEncoder().encode(channel), ...bytes]).buffer;
  }
  // A Blob would be sent as `{}`, and what has no JSON not at all.
  const json = data instanceof Blob ? undefined : JSON.stringify(data);
  if (json === undefined) throw new TypeError(`no JSON: ${String(data)}`);
  return `${JSON.stringify({ type: 'message', channel, ref }).slice(0, -1)},"data":${json}}`;
}

/** A frame of the server; an empty object if it is none.
 *  @param {string | ArrayBuffer} frame @returns {Record<string, any>} */
export function decode(frame) {
  try {
    if (typeof frame === 'string') {
      const data = JSON.parse(frame);
      return Array.isArray(data) ? { type: 'patches', data } : data ?? {};
    }
    const view = new DataView(frame);
    const length = view.getUint16(1);
    const channel = new TextDecoder().decode(new Uint8Array(frame, 3, length));
    return { type: view.getUint8(0) === 1 && 'binary', channel, data: frame.slice(3 + length) };
  } catch {
    return {}; // no JSON, or too few bytes
  }
}
