// Moves among siblings: as few as there can be, and none of the one that has the focus.

import { misfit } from './templates.js';

/** Which indices of an order may stay where they are: a longest run of rising values.
 *  @param {number[]} order @param {number} pinned an index that is to be one of them, or -1 @returns {Set<number>} */
export function staying(order, pinned) {
  /** The last index of the best run of each length, and before each index the one before it. @type {number[]} */
  const ends = [];
  /** @type {number[]} */
  const before = [];
  const value = (/** @type {number | undefined} */ index) => order[index ?? 0] ?? 0;
  order.forEach((mine, index) => {
    if (pinned >= 0 && index !== pinned && (index < pinned) !== (mine < value(pinned))) return;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value(ends[middle]) < mine) low = middle + 1;
      else high = middle;
    }
    before[index] = ends[low - 1] ?? -1;
    ends[low] = index;
  });
  const kept = new Set();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) kept.add(index);
  return kept;
}

/** The order that takes one out and puts it in elsewhere, and the index where it begins. @param {number} from @param {number} to
 *  @returns {[number, number[]]} */
function orderOfMove(from, to) {
  const at = Math.min(from, to);
  const order = Array.from({ length: Math.abs(from - to) + 1 }, (_, index) => index);
  order.splice(to - at, 0, ...order.splice(from - at, 1));
  return [at, order];
}

/** Gives items, and their nodes, another order: that of the array from `at` on, or with one moved from `at` to the number.
 *  @template T
 *  @param {T[]} items @param {number} at @param {any} argument @param {boolean} isMove
 *  @param {Node | undefined} parent of their nodes, if those are to be moved too
 *  @param {(item: T) => [ChildNode, ChildNode]} ends the first and the last of an item's nodes
 *  @param {Node | null} last what stands behind all items */
export function reorder(items, at, argument, isMove, parent, ends, last) {
  const { activeElement } = document;
  const isFocused = (/** @type {T | undefined} */ item) => item && eachNode(ends(item), (node) => node.contains(activeElement));
  const moved = items[at];
  if (isMove && moved && argument >= 0 && argument < items.length && !(parent?.contains(activeElement) && isFocused(moved))) {
    // One that may leave its place: all others stay, whatever they are.
    items.splice(argument, 0, ...items.splice(at, 1));
    const behind = items[argument + 1];
    const anchor = behind ? ends(behind)[0] : last;
    const both = ends(moved);
    if (parent && both[0].parentNode !== parent) misfit();
    if (parent) eachNode(both, (node) => void move(parent, node, anchor));
    return;
  }
  const [begin, order] = isMove ? orderOfMove(at, argument) : [at, /** @type {number[]} */ (argument)];
  const old = items.slice(begin, begin + order.length);
  const fresh = order.map((index) => old[index]);
  if (new Set(fresh).size !== order.length || fresh.includes(undefined)) misfit();
  fresh.forEach((item, index) => (items[begin + index] = /** @type {T} */ (item)));
  if (!parent) return;

  const kept = staying(order, parent.contains(activeElement) ? fresh.findIndex(isFocused) : -1);
  const following = items[begin + order.length];
  let next = following ? ends(following)[0] : last;
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const both = ends(/** @type {T} */ (fresh[index]));
    if (both[0].parentNode !== parent) misfit();
    const anchor = next;
    if (!kept.has(index)) eachNode(both, (node) => void move(parent, node, anchor));
    next = both[0];
  }
}

/** Calls `act` for each node from the first to the last, until one gives true.
 *  @param {[ChildNode, ChildNode]} ends @param {(node: ChildNode) => boolean | void} act @returns {boolean} */
function eachNode([first, last], act) {
  for (let node = first, next; ; node = next) {
    next = /** @type {ChildNode} */ (node.nextSibling);
    if (act(node)) return true;
    if (node === last) return false;
  }
}

/** @param {any} parent @param {ChildNode} node @param {Node | null} anchor */
function move(parent, node, anchor) {
  // What it scrolled, played and animated goes on, where a browser can do that.
  if (parent.moveBefore) parent.moveBefore(node, anchor);
  else parent.insertBefore(node, anchor);
}
