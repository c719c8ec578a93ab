// The frames of the Spark protocol, as text and as bytes.

/** A message for a channel, ready to be sent.
 *  @param {string} channel @param {any} data @param {number} [ref] @returns {string | Uint8Array} */
export function encodeMessage(channel, data, ref) {
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    const kind = ref == null ? [1] : [2, ref >> 24, ref >> 16, ref >> 8, ref];
    const view = /** @type {any} */ (data); // an ArrayBuffer has neither buffer nor offset
    const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset, view.byteLength);
    return new Uint8Array([...kind, channel.length >> 8, channel.length, ...new TextEncoder().encode(channel), ...bytes]);
  }
  // A Blob would be sent as `{}`, and what has no JSON not at all.
  const frame = JSON.stringify({ type: 'message', channel, data, ref });
  if (data instanceof Blob || !frame.includes('"data":')) throw new TypeError('no JSON');
  return frame;
}

/** A binary frame of the server. Throws if it has too few bytes. @param {ArrayBuffer} frame */
export function decodeBinary(frame) {
  const [kind, high, low] = /** @type {any} */ (new Uint8Array(frame));
  const length = 256 * high + low;
  const channel = new TextDecoder().decode(new Uint8Array(frame, 3, length));
  return { type: kind === 1 && 'binary', channel, data: frame.slice(3 + length) };
}
