// The applier: does the operations of a patch one after the other.

/** @import { Block, View } from './blocks.js' */

import { LIST, MERGE, OTHER, blockOf, build, fill, head, held, nodeAt, parentOf, renumber, replace, set, tail, take } from './blocks.js';
import { reorder } from './order.js';
import { beginStrings, operateStrings } from './strings.js';
import { Missing, misfit } from './templates.js';
import { spliced } from './values.js';

/** Goes on with a patch. It throws `Missing` between two operations, to be called again when the template is there; or whatever
 *  a page or a patch that does not fit gives rise to.
 *  @param {View} view @param {{ data: any[], at: number }} patch */
export function apply(view, patch) {
  view.data = patch.data;
  while (patch.at < patch.data.length) {
    view.at = patch.at;
    const { next, names, blocks } = view;
    const [named, made] = [names.length, blocks.length];
    try {
      const operation = take(view);
      if (operation === -6) whole(view);
      // What stands behind is for a page that this one is not.
      else if (view.broken) view.at = patch.data.length;
      else if (view.strings) operateStrings(view, view.strings, operation);
      else operate(view, operation);
      patch.at = view.at;
    } catch (error) {
      if (error instanceof Missing) {
        view.next = next;
        names.length = named;
        blocks.length = made;
      }
      throw error;
    }
  }
}

/** @param {View} view */
function whole(view) {
  const isStrings = view.data[view.at] === '';
  if (view.broken || isStrings !== !!view.strings) {
    view.root.textContent = '';
    view.hole.blocks = [];
    view.strings = undefined;
    view.broken = false;
  }
  Object.assign(view, { names: [], next: 1, blocks: [], dropped: 0, parts: new Set() });
  if (!isStrings) return fill(view, view.hole, MERGE);
  take(view);
  beginStrings(view, take(view));
}

/** @param {View} view @param {number} operation */
function operate(view, operation) {
  if (operation === -5) return renumber(view);
  const slot = operation > 0 ? operation : take(view);
  const block = blockOf(view, slot);
  const index = slot - block.first;
  const place = block.template.slots[index];
  if (operation > 0) {
    if (!Array.isArray(place)) return fill(view, block.slots[index], OTHER);
    const value = take(view);
    return set(view, block, index, Array.isArray(value) ? spliced(held(block, index), value) : value);
  }
  const hole = block.slots[index];
  if (Array.isArray(place) || place?.kind !== LIST) misfit();
  const at = take(view);
  if (operation === -2) return leave(view, hole, Array.isArray(at) ? at : [at, take(view)]);
  const argument = take(view);
  if (operation === -1) {
    const mask = argument > 1 ? take(view) : 0;
    replace(view, hole, at, 0, build(view, hole, place.templates[0], argument, OTHER, undefined, mask), OTHER);
  } else if (operation === -3 || operation === -4) {
    const parent = hole.frozen ? undefined : parentOf(view, hole);
    reorder(hole.blocks, at, argument, operation === -3, parent, endsOf, nodeAt(hole, hole.blocks.length));
    if (parent) view.touched.push(parent);
  } else misfit();
}

/** Takes rows out. @param {View} view @param {import('./blocks.js').Hole} hole
 *  @param {any[]} runs so many stay, so many go, and so on */
function leave(view, hole, runs) {
  for (let at = 0, run = 0; run < runs.length; run += 2) {
    replace(view, hole, (at += runs[run]), runs[run + 1], { blocks: [] }, OTHER);
  }
}

/** @param {Block} block @returns {[ChildNode, ChildNode]} */
const endsOf = (block) => [head(block), tail(block)];
