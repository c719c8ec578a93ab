// Finds the blocks of a page that a server made: the shape says which there are, the templates where their nodes must be.

/** @import { Block, View } from './blocks.js' */
/** @import { Branch } from './templates.js' */

import { SHAPE, fill } from './blocks.js';
import { misfit } from './templates.js';

const isText = (/** @type {Node | null} */ node) => node?.nodeType === Node.TEXT_NODE;

/** @param {View} view @param {any[]} shape */
export function hydrate(view, shape) {
  Object.assign(view, { data: shape, at: 0, names: [], next: 1, blocks: [], parts: new Set() });
  view.hole.blocks = [];
  fill(view, view.hole, SHAPE);
  if (bindAll(view.hole.blocks, view.root, view.root.firstChild)) misfit();
}

/** Gives blocks their nodes. @param {Block[]} blocks @param {Node} parent @param {ChildNode | null} node the first that may be theirs
 *  @returns {ChildNode | null} the first that is not */
function bindAll(blocks, parent, node) {
  for (const block of blocks) node = bind(block, block.template.root, parent, node);
  return node;
}

/** @param {Block} block @param {Branch} branch @param {Node} parent @param {ChildNode | null} node
 *  @returns {ChildNode | null} */
function bind(block, branch, parent, node) {
  const expected = branch.node.childNodes;
  for (let index = 0; index <= expected.length; index += 1) {
    const slot = branch.gaps[index];
    if (slot !== undefined) node = bindAll(block.slots[slot].blocks, parent, node);
    const own = expected[index];
    if (!own) break;
    const kid = branch.kids[index];
    // A parser makes no node of an empty text.
    if (kid?.slotted && isText(own) && !isText(node)) node = parent.insertBefore(new Text(), node);
    if (node?.nodeName !== own.nodeName) misfit();
    if (kid) {
      if (kid.ref >= 0) block.nodes[kid.ref] = node;
      const isInside = kid.kids.length + kid.gaps.length > 0 && !kid.closed;
      if (isInside && bind(block, kid, node, node.firstChild)) misfit();
    }
    node = node.nextSibling;
  }
  return node;
}
