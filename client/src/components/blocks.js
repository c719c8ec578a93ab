// Blocks: uses of templates in a page. Made of what is read, or kept with other contents. docs/patches.md says what is read.

/** @import { Branch, Gap, Place, Template, Templates } from './templates.js' */
/** @import { Value } from './values.js' */
/**
 * @typedef {object} Block
 * @property {Template} template
 * @property {number} first the number of its first slot
 * @property {(Node | undefined)[]} nodes those of its nodes that are needed
 * @property {any[]} slots a value, or a Hole; a value that only the page knows is undefined
 * @property {boolean} frozen whether it is inside an element that is left alone
 * @property {boolean} gone
 */
/**
 * @typedef {object} Hole a structure: a gap, and the blocks in it
 * @property {Gap} gap
 * @property {Block} [owner] the view as a whole has none
 * @property {Block[]} blocks
 * @property {boolean} frozen
 * @property {number} [id] the number of the component that it is
 */
/**
 * @typedef {object} View what one component shows
 * @property {Element} root
 * @property {Templates} templates
 * @property {any[]} data what is being read
 * @property {number} at how far
 * @property {string[]} names
 * @property {number} next the number that comes next
 * @property {Block[]} blocks those with slots, in the order of their numbers
 * @property {number} dropped how many of them are gone
 * @property {Hole} hole the view as a whole
 * @property {Set<Hole>} parts the components in this one, the outer before those in it
 * @property {(Node | undefined)[]} [strings] the nodes by their numbers, in a view of strings
 * @property {boolean} broken whether the page is not what it should be, and has to be made anew
 * @property {Node[]} touched where something changed
 */

import { misfit } from './templates.js';
import { read, rewrite, write } from './values.js';

/** The kinds of structures. */
const BRANCH = 3;
export const LIST = 4;
const NAMED = 5;
const PART = 6;

/** What contents are read for: a new block, a page that a server made, another content, a content that keeps nodes. */
const FRESH = 0;
export const SHAPE = 1;
export const OTHER = 2;
export const MERGE = 3;

const COMPACT_FROM = 1_000; // blocks that are gone

/** @param {Element} root @param {Templates} templates @returns {View} */
export const createView = (root, templates) => ({
  root,
  templates,
  data: [],
  at: 0,
  names: [],
  next: 1,
  blocks: [],
  dropped: 0,
  hole: { gap: { kind: NAMED, parent: -1, anchor: -1, templates: [], frozen: false }, blocks: [], frozen: false },
  parts: new Set(),
  broken: false,
  touched: [],
});

/** @param {View} view @returns {any} */
export function take(view) {
  if (view.at >= view.data.length) misfit();
  return view.data[view.at++];
}

/** @param {Block} block */
export const head = ({ nodes, template }) => /** @type {ChildNode} */ (nodes[template.head]);
/** @param {Block} block */
export const tail = ({ nodes, template }) => /** @type {ChildNode} */ (nodes[template.tail]);

/** The component in this one that a node belongs to, the innermost. @param {View} view @param {Node} node */
export const partOf = ({ parts }, node) =>
  [...parts].reverse().find(({ blocks: [block] }) => {
    const parent = block && head(block)?.parentNode;
    let child = /** @type {Node | null} */ (node);
    while (child && child.parentNode !== parent) child = child.parentNode;
    return block && child && isAfter(head(block), child) && isAfter(child, tail(block));
  });

/** @param {Node} one @param {Node} other */
const isAfter = (one, other) => one === other || one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;

/** @param {View} view @param {Hole} hole */
export function parentOf({ root }, { gap, owner }) {
  const parent = !owner ? root : gap.parent < 0 ? owner.nodes[gap.anchor]?.parentNode : owner.nodes[gap.parent];
  if (!parent) misfit();
  return /** @type {Element} */ (parent);
}

/** The node behind the blocks of a hole that come before this index. @param {Hole} hole @param {number} index */
export function nodeAt({ gap, owner, blocks }, index) {
  const block = blocks[index];
  return block ? head(block) : owner?.nodes[gap.anchor] ?? null;
}

// Numbers.

/** @param {View} view @param {Block} block */
function number(view, block) {
  const { length } = block.template.slots;
  block.first = view.next;
  view.next += length;
  if (length) view.blocks.push(block);
}

/** @param {View} view */
export function renumber(view, hole = view.hole) {
  if (hole === view.hole) Object.assign(view, { next: 1, blocks: [], dropped: 0 });
  for (const block of hole.blocks) {
    number(view, block);
    holesOf(block).forEach((inner) => renumber(view, inner));
  }
}

/** @param {Block} block @returns {Hole[]} */
const holesOf = ({ template, slots }) => slots.filter((_, index) => !Array.isArray(template.slots[index]));

/** The block that has this number, by halving. @param {View} view @param {number} slot */
export function blockOf({ blocks }, slot) {
  let low = 0;
  let high = blocks.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (/** @type {Block} */ (blocks[middle]).first <= slot) low = middle;
    else high = middle;
  }
  const block = blocks[low];
  if (!block || block.gone || slot < block.first || slot >= block.first + block.template.slots.length) {
    misfit();
  }
  return block;
}

// Contents.

/** Fills a hole with what is read. @param {View} view @param {Hole} hole @param {number} mode */
export function fill(view, hole, mode) {
  const { gap, blocks } = hole;
  if (gap.kind === PART) {
    view.parts.add(hole);
    // A shape does not know it; the answer to the mount does.
    hole.id = mode === SHAPE ? 0 : take(view);
  }
  const isList = gap.kind === LIST;
  const template = isList ? gap.templates[0] : choose(view, gap);
  const count = isList ? take(view) : template ? 1 : 0;
  const mask = count > 1 && mode !== SHAPE ? take(view) : 0;
  const first = blocks[0];
  const kept = mode === MERGE && first?.template === template ? Math.min(count, blocks.length) : 0;
  for (let index = 0; index < kept; index += 1) {
    const block = /** @type {Block} */ (blocks[index]);
    number(view, block);
    fillSlots(view, block, MERGE, index ? first : undefined, mask);
  }
  // What stood there goes when the new is complete: it may lack a template, and is then read once more.
  const made = build(view, hole, template, count - kept, mode, kept ? first : undefined, mask);
  replace(view, hole, kept, blocks.length - kept, made, mode);
}

/** The template that comes next, if any. @param {View} view @param {Gap} gap @returns {Template | undefined} */
function choose(view, gap) {
  const choice = take(view);
  if (choice === 0) return undefined;
  const known = gap.kind === BRANCH ? gap.templates[choice - 1] : view.names[choice - 1];
  if (typeof known === 'object') return known;
  const name = known ?? choice;
  if (typeof name !== 'string') misfit();
  const template = view.templates.get(name);
  if (!known) view.names.push(name);
  return template;
}

/** @param {Hole} hole @param {Template} template @returns {Block} */
const blank = ({ frozen }, template) => ({ template, first: 0, nodes: [], slots: [], frozen, gone: false });

/** Makes blocks of what is read, and gives them and their nodes, to be put in at once.
 *  @param {View} view @param {Hole} hole @param {Template | undefined} template @param {number} count @param {number} mode
 *  @param {Block} [like] the row whose values the others share @param {number} [mask] says which of them */
export function build(view, hole, template, count, mode, like, mask = 0) {
  /** @type {Block[]} */
  const blocks = [];
  if (!template) return { blocks };
  const many = count > 1 ? document.createDocumentFragment() : undefined;
  let { content } = template;
  /** @type {Node | undefined} */
  let nodes;
  for (let index = 0; index < count; index += 1) {
    if (mask && like && content === template.content) content = sharedContent(like, mask);
    const block = blank(hole, template);
    number(view, block);
    if (mode !== SHAPE) nodes = copy(block, content);
    fillSlots(view, block, mode === SHAPE ? SHAPE : FRESH, like, mask);
    if (nodes) many?.appendChild(nodes);
    like ??= block;
    blocks.push(block);
  }
  return { blocks, nodes: many ?? nodes };
}

/** @param {Block} block @param {Node} content */
function copy(block, content) {
  // Into this document at once: nodes of another would each have to be adopted.
  const nodes = document.importNode(content, true);
  find(block, block.template.root.kids, nodes.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? nodes.firstChild : nodes);
  return nodes;
}

/** Finds the nodes of a copy that a block keeps. @param {Block} block @param {Branch[]} kids @param {any} node the first child */
function find(block, kids, node) {
  for (let index = 0; ; node = node.nextSibling) {
    const kid = kids[index];
    if (kid) {
      if (kid.ref >= 0) block.nodes[kid.ref] = node;
      if (kid.kids.length) find(block, kid.kids, node.firstChild);
    }
    index += 1;
    if (index >= kids.length) return;
  }
}

/** A template's content with the values that its rows share. @param {Block} like @param {number} mask */
function sharedContent(like, mask) {
  const { template, slots } = like;
  /** @type {Block} */
  const block = { ...like, nodes: [] };
  const content = copy(block, template.content);
  template.slots.forEach((places, index) => {
    if (isShared(mask, index)) {
      for (const place of /** @type {Place[]} */ (places)) if (!place.live) write(block.nodes[place.ref], place, slots[index]);
    }
  });
  return content;
}

/** @param {number} mask @param {number} index */
const isShared = (mask, index) => index < 31 && (mask >> index) & 1;

/** @param {View} view @param {Block} block @param {number} mode @param {Block} [like] @param {number} [mask] */
function fillSlots(view, block, mode, like, mask = 0) {
  const { slots } = block.template;
  for (let index = 0; index < slots.length; index += 1) {
    const slot = /** @type {Place[] | Gap} */ (slots[index]);
    if (!Array.isArray(slot)) {
      if (mode !== MERGE) block.slots[index] = { gap: slot, owner: block, blocks: [], frozen: block.frozen || slot.frozen };
      fill(view, block.slots[index], mode);
    } else if (mode !== SHAPE) {
      const shared = like && isShared(mask, index);
      const value = shared ? like.slots[index] : take(view);
      if (mode === MERGE) set(view, block, index, value);
      else {
        block.slots[index] = value;
        for (const place of slot) if (!shared || place.live) write(block.nodes[place.ref], place, value);
      }
    }
  }
}

/** Gives a slot a value, in all of its places. @param {View} view @param {Block} block @param {number} index @param {Value} value */
export function set(view, block, index, value) {
  const before = block.slots[index];
  block.slots[index] = value;
  for (const place of /** @type {Place[]} */ (block.template.slots[index])) {
    if (block.frozen || place.frozen) continue;
    const node = block.nodes[place.ref];
    if (!node?.isConnected) misfit();
    if (rewrite(node, place, value, before)) view.touched.push(node);
  }
}

/** The string that a slot holds. @param {Block} block @param {number} index @returns {string} */
export function held({ slots, nodes, template }, index) {
  const place = /** @type {Place[]} */ (template.slots[index])[0];
  const value = slots[index] === undefined && place ? read(nodes[place.ref], place) : slots[index];
  if (value === undefined) misfit();
  return String(value);
}

// The page.

/** Puts blocks in the place of others. @param {View} view @param {Hole} hole @param {number} at @param {number} count of the others
 *  @param {{ blocks: Block[], nodes?: Node }} made @param {number} mode */
export function replace(view, hole, at, count, { blocks, nodes }, mode) {
  const all = hole.blocks;
  if (at + count > all.length) misfit();
  const old = all.slice(at, at + count);
  hole.blocks = all.slice(0, at).concat(blocks, all.slice(at + count));
  const isNew = mode === FRESH;
  if ((isNew || !hole.frozen) && mode !== SHAPE && (nodes || count)) {
    const parent = parentOf(view, hole);
    const [first, last] = [old[0], old[count - 1]];
    if (first && last) nodes = remove(parent, head(first), tail(last), nodes);
    if (nodes) parent.insertBefore(nodes, nodeAt(hole, at + blocks.length));
    if (!isNew) view.touched.push(parent);
  }
  for (const block of old) drop(view, block);
  if (view.dropped > COMPACT_FROM && view.dropped * 2 > view.blocks.length) {
    view.blocks = view.blocks.filter(({ gone }) => !gone);
    view.dropped = 0;
  }
}

/** Takes nodes out, with as few changes as there can be. @param {Node} parent @param {ChildNode} from @param {ChildNode} to
 *  @param {Node} [instead] @returns {Node | undefined} what is still to be put in */
function remove(parent, from, to, instead) {
  if (from.parentNode !== parent || to.parentNode !== parent) misfit();
  if (from === to && instead) return void parent.replaceChild(instead, from);
  if (from !== to && parent.firstChild === from && parent.lastChild === to) parent.textContent = '';
  else {
    for (let node = from, next; ; node = next) {
      next = /** @type {ChildNode} */ (node.nextSibling);
      parent.removeChild(node);
      if (node === to) break;
    }
  }
  return instead;
}

/** Lets go of what a block holds. @param {View} view @param {Block} block */
function drop(view, block) {
  view.dropped += block.template.slots.length && 1;
  for (const hole of holesOf(block)) {
    view.parts.delete(hole);
    for (const inner of hole.blocks) drop(view, inner);
  }
  Object.assign(block, { gone: true, nodes: [], slots: [] });
}
