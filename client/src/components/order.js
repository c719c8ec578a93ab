// Which of a list's rows may stay where they are when it gets another order.

/** A longest run of rising values. @param {number[]} order @param {number} pinned an index that is to be in it, or -1
 *  @returns {Set<number>} the indices in it */
export function staying(order, pinned) {
  /** @typedef {[index: number, value: number, before?: End]} End */
  /** The end of the best run of each length. @type {End[]} */
  const ends = [];
  order.forEach((value, index) => {
    // With none pinned this is NaN.
    if ((index - pinned) * (value - /** @type {number} */ (order[pinned])) < 0) return;
    const length = ends.findLastIndex((end) => end[1] < value) + 1;
    ends[length] = [index, value, ends[length - 1]];
  });
  const kept = new Set();
  for (let end = ends.at(-1); end; end = end[2]) kept.add(end[0]);
  return kept;
}
