// A view: what one component shows. Blocks are uses of templates in the page; docs/patches.md says what is read.

/** @import { Branch, Gap, Place, Template, Templates } from './templates.js' */
/**
 * @typedef {object} Block
 * @property {ChildNode} head its first node
 * @property {ChildNode} tail its last
 * @property {Template} template
 * @property {Hole} hole that it is in
 * @property {number} first the number of its first slot
 * @property {any[]} nodes those of its nodes that are needed
 * @property {any[]} slots a value, or a Hole; a value that nobody knows is undefined
 */
/**
 * @typedef {object} Hole a structure: a gap, and the blocks in it
 * @property {Gap} gap
 * @property {Block} [owner]
 * @property {Node} [parent] what it is in, if it has no owner
 * @property {Block[]} [blocks] none at all while it is new
 * @property {number} [id] the number of the component that it is
 */
/** @typedef {ReturnType<typeof createView>} View */

import { staying } from './order.js';
import { changed, misfit, nodesOf, read, setAttribute, setText, within, write } from './values.js';
import { isClosed, morph } from './strings.js';

// The kinds of structures.
const LIST = 4;
const PART = 6;

/** @param {Element} root @param {Templates} templates */
export function createView(root, templates) {
  /** What is being read. @type {any[]} */
  let data = [];
  let at = 0;
  let isShape = false; // it has no values
  /** Blocks by the numbers of their slots; or, in a view of strings, nodes. @type {any[]} */
  let slots = [];
  /** @type {string[]} */
  let names = [];
  /** The components in this one, the outer before those in it. @type {Set<Hole>} */
  let parts = new Set();
  let isStrings = false;
  let isBroken = false;
  /** Where something changed. @type {Node[]} */
  let touched = [];
  const range = new Range();
  /** The view as a whole. @type {Hole} */
  const hole = { gap: {}, parent: root, blocks: [] };

  const take = () => (at < data.length ? data[at++] : misfit());

  /** @param {Block} block */
  function number(block) {
    block.first = slots.length;
    for (const _ of block.template.slots) slots.push(block);
  }

  /** @param {Hole} hole @param {(block: Block) => void} act */
  function each({ blocks = [] }, act) {
    for (const block of blocks) {
      act(block);
      for (const inner of block.slots) if (inner?.gap) each(inner, act);
    }
  }

  /** The numbers and names begin anew. */
  function reset() {
    slots = [undefined];
    names = [];
    parts = new Set();
  }

  /** @param {Hole} hole @returns {boolean | undefined} */
  const isFrozen = ({ gap, owner }) => gap.frozen || (owner && isFrozen(owner.hole));

  /** @param {Block} block @param {Node} node */
  function isIn({ head, tail }, node) {
    range.setStart(head, 0);
    range.setEndAfter(tail);
    return range.isPointInRange(node, 0);
  }

  // Contents.

  /** Fills a hole with what is read. @param {Hole} hole @param {boolean} [merges] keeps blocks of the same template */
  function fill(hole, merges) {
    const { gap: { kind, templates: own }, blocks = [] } = hole;
    if (kind === PART) {
      parts.add(hole);
      hole.id = isShape ? 0 : take(); // the answer to the mount has it
    }
    const template = kind === LIST ? own?.[0] : choose(own);
    const count = kind === LIST ? take() : template ? 1 : 0;
    const kept = merges && blocks[0]?.template === template ? blocks.slice(0, count) : [];
    // What stood there goes when the new is complete: it may lack a template, and is then read once more.
    const [made, nodes] = make(hole, template, count, kept);
    put(hole, kept.length, blocks.length - kept.length, made.slice(kept.length), nodes);
  }

  /** The template that comes next, if any. @param {Template[] | undefined} own */
  function choose(own) {
    const choice = take();
    if (!choice || own) return own?.[choice - 1];
    const template = templates.get(names[choice - 1] ?? choice);
    if (typeof choice === 'string') names.push(choice);
    return template;
  }

  /** Gives contents to blocks that are kept, and then to new ones. @param {Hole} hole @param {any} template @param {number} count
   *  @param {Block[]} [kept] @returns {[Block[], Node]} all blocks, and the nodes of the new */
  function make(hole, template, count, kept = []) {
    const mask = count > 1 && !isShape ? take() : 0;
    const nodes = new DocumentFragment();
    /** @type {Block[]} */
    const blocks = [];
    for (let index = 0; index < count; index += 1) {
      const old = kept[index];
      const block = old ?? copy(hole, template, nodes);
      number(block);
      fillSlots(block, mask, blocks[0], !old);
      blocks.push(block);
    }
    return [blocks, nodes];
  }

  /** @param {Hole} hole @param {Template} template @param {Node} target @returns {any} */
  function copy(hole, template, target) {
    const { content, tree } = template;
    // Into the page's document at once: nodes of another would each have to be adopted. What only a shape asks for must not play.
    const made = isShape ? content.cloneNode(true) : document.importNode(content, true);
    /** @type {any[]} */
    const nodes = [];
    find(nodes, made, tree);
    const isMany = made.nodeType === Node.DOCUMENT_FRAGMENT_NODE;
    const block = { head: isMany ? made.firstChild : made, tail: isMany ? made.lastChild : made, template, hole, nodes, slots: [] };
    target.appendChild(made);
    return block;
  }

  /** @param {Block} block @param {number} mask which values are those of the row before @param {Block | undefined} like that row
   *  @param {boolean} isNew */
  function fillSlots(block, mask, like, isNew) {
    block.template.slots.forEach((slot, index) => {
      if (!Array.isArray(slot)) {
        if (isNew) block.slots[index] = { gap: slot, owner: block };
        fill(block.slots[index], !isNew);
      } else if (!isShape) {
        const value = like && index < 31 && (mask >> index) & 1 ? like.slots[index] : take();
        if (!isNew) return set(block, index, value);
        block.slots[index] = value;
        for (const place of slot) write(block.nodes[place.ref], place, value);
      }
    });
  }

  /** Gives a slot a value, in all of its places. @param {Block} block @param {number} index @param {any} value */
  function set(block, index, value) {
    const before = block.slots[index];
    block.slots[index] = value = changed(() => before, value);
    for (const place of /** @type {Place[]} */ (block.template.slots[index])) {
      if (place.frozen || isFrozen(block.hole)) continue;
      const node = block.nodes[place.ref];
      if (!node.isConnected) misfit();
      if (write(node, place, value, before)) touched.push(node);
    }
  }

  // Lists.

  /** @param {Hole} hole @returns {any} */
  const parentOf = ({ parent, owner, gap }) => parent ?? owner?.nodes[gap.parent ?? -1] ?? owner?.head.parentNode;
  /** What stands behind a hole. @param {Hole} hole @returns {ChildNode | null} */
  const behind = ({ owner, gap }) => owner?.nodes[gap.anchor ?? -1] ?? null;

  /** Puts blocks in the place of others. @param {Hole} hole @param {number} at @param {number} count of the others
   *  @param {Block[]} blocks @param {Node} nodes */
  function put(hole, at, count, blocks, nodes) {
    const { blocks: all = [] } = hole;
    const isShown = !hole.blocks || !isFrozen(hole);
    const end = at + count;
    const old = all.slice(at, end);
    const [from, to, next] = [old[0], old.at(-1), all[end]];
    if (end > all.length) misfit();
    if (isShown && (count || blocks.length)) {
      const parent = parentOf(hole);
      touched.push(parent);
      within(parent, () => {
        if (from && to) replace(from.head, to.tail, nodes);
        else parent.insertBefore(nodes, next ? next.head : behind(hole));
      });
    }
    hole.blocks = all.slice(0, at).concat(blocks, all.slice(end));
    old.forEach(drop);
  }

  /** Nodes in the place of those from the first to the last, with as few changes as there can be.
   *  @param {ChildNode} from @param {ChildNode} to @param {Node} nodes */
  function replace(from, to, nodes) {
    const parent = /** @type {ParentNode} */ (from.parentNode);
    if (parent.firstChild === from && parent.lastChild === to) return parent.replaceChildren(nodes);
    while (to !== from) {
      const last = to;
      to = /** @type {ChildNode} */ (to.previousSibling);
      last.remove();
    }
    from.replaceWith(nodes);
  }

  /** Lets go of numbers. @param {Block} block */
  function drop(block) {
    block.slots.forEach((inner, index) => {
      const slot = block.first + index;
      if (slots[slot] === block) slots[slot] = undefined; // and not when they begin anew
      if (!inner?.gap) return;
      parts.delete(inner);
      inner.blocks.forEach(drop);
    });
  }

  /** Gives blocks another order: as few as there can be are moved, and never the one that has the focus.
   *  @param {Hole} hole @param {number} from @param {any} to the index of one that is moved, or which come from this one on
   *  @param {boolean} isMove */
  function reorder(hole, from, to, isMove) {
    const blocks = /** @type {Block[]} */ (hole.blocks);
    const fresh = [...blocks];
    if (!isMove) to.forEach((/** @type {number} */ old, /** @type {number} */ index) => (fresh[from + index] = /** @type {any} */ (blocks[from + old])));
    else if (blocks[from] && blocks[to]) fresh.splice(to, 0, ...fresh.splice(from, 1));
    else misfit();
    const { activeElement } = document;
    const parent = parentOf(hole);
    const hasFocus = (/** @type {Block} */ block) => parent.contains(activeElement) && isIn(block, /** @type {Node} */ (activeElement));
    const moved = fresh[to];
    const isFew = isMove && moved && !hasFocus(moved); // all others stay, whatever they are
    const ranks = new Map(isFew ? [] : blocks.map((block, index) => [block, index]));
    const order = isFew ? [] : fresh.map((block) => ranks.get(block) ?? misfit());
    if (fresh.length > blocks.length || new Set(order).size < ranks.size) misfit();
    hole.blocks = fresh;
    if (isFrozen(hole)) return;
    touched.push(parent);
    if (isFew) return shift(parent, moved, fresh[to + 1]?.head ?? behind(hole));
    const kept = staying(order, fresh.findIndex(hasFocus));
    let next = behind(hole);
    for (const [index, block] of [...fresh.entries()].reverse()) {
      if (!kept.has(index)) shift(parent, block, next);
      next = block.head;
    }
  }

  /** @param {any} parent @param {Block} block @param {ChildNode | null} next what is to stand behind it */
  function shift(parent, { head, tail }, next) {
    // What it scrolled, played and animated goes on, where a browser can do that.
    const move = parent.moveBefore ? 'moveBefore' : 'insertBefore';
    for (let node = tail, before; next !== head; node = before) {
      before = /** @type {ChildNode} */ (node.previousSibling);
      parent[move](node, next);
      next = node;
    }
  }

  // Operations.

  /** Gives a node of a view of strings, and those in it, the next numbers. @param {any} node */
  function numberNode(node) {
    slots.push(node);
    if (node === root || !isClosed(node)) node.childNodes.forEach(numberNode);
  }

  /** The numbers of what is there begin anew. */
  function renumber() {
    slots = [undefined];
    if (isStrings) numberNode(root);
    else each(hole, number);
  }

  function whole() {
    const isMarkup = data[at] === '';
    if (isBroken || isMarkup !== isStrings) {
      root.textContent = '';
      hole.blocks = [];
      isBroken = false;
      isStrings = isMarkup;
    }
    reset();
    if (!isMarkup) return fill(hole, true);
    take();
    morph(root, nodesOf(root, take()));
    touched.push(root);
    renumber();
  }

  /** @param {number} operation */
  function operate(operation) {
    if (operation === -6) return whole();
    // What stands behind is for a page that this one is not.
    if (isBroken) return void (at = data.length);
    if (operation === -5) return renumber();
    const slot = operation > 0 ? operation : take();
    const owner = slots[slot] ?? misfit();
    if (isStrings) return operateNode(operation, owner);
    const index = slot - owner.first;
    const place = owner.template.slots[index];
    const held = owner.slots[index];
    if (operation < 0) operateList(operation, held, place.kind === LIST ? place.templates[0] : misfit(), take());
    else if (place.kind) fill(held);
    else set(owner, index, take());
  }

  /** @param {number} operation @param {any} node */
  function operateNode(operation, node) {
    if (!node.isConnected) misfit();
    touched.push(node);
    const which = take();
    if (operation > 0) setText(node, `${changed(() => node.nodeValue, which) ?? ''}`);
    else if (operation === -7) {
      const value = changed(() => node.getAttribute(which), take());
      setAttribute(node, which, value === true ? '' : value);
    } else if (operation === -8) {
      const fresh = nodesOf(node, take());
      const added = [...fresh.childNodes];
      within(node, () => node.insertBefore(fresh, node.childNodes[which] ?? null));
      added.forEach(numberNode);
    } else {
      const blocks = [...node.childNodes].map((one) => ({ head: one, tail: one, slots: [] }));
      operateList(operation, /** @type {any} */ ({ gap: {}, parent: node, blocks }), undefined, which);
    }
  }

  /** @param {number} operation @param {Hole} hole @param {Template | undefined} template @param {any} index */
  function operateList(operation, hole, template, index) {
    if (operation === -2) {
      let at = 0;
      for (const [run, count] of (Array.isArray(index) ? index : [index, take()]).entries()) {
        if (run % 2) put(hole, at, count, [], new DocumentFragment());
        else at += count;
      }
      return;
    }
    const argument = take();
    if (operation === -1) put(hole, index, 0, ...make(hole, template, argument));
    else if (operation === -3 || operation === -4) reorder(hole, index, argument, operation === -3);
    else misfit();
  }

  return {
    /** Goes on with a patch. It throws `Missing` between two operations, to be called again when the template is there; or
     *  whatever a page or a patch that does not fit gives rise to. @param {{ data: any[], at: number }} patch */
    apply(patch) {
      data = patch.data;
      while (patch.at < data.length) {
        at = patch.at;
        const [named, numbered] = [names.length, slots.length];
        try {
          operate(take());
        } catch (error) {
          names.length = named;
          slots.length = numbered;
          throw error;
        }
        patch.at = at;
      }
    },

    /** Finds the view in what a server rendered: makes it once more, and sees which nodes are which. @param {any[]} shape */
    hydrate(shape) {
      reset();
      isStrings = shape[0] === '';
      if (isStrings) {
        renumber();
        if (slots.length - 2 !== shape[1]) misfit();
        return;
      }
      data = shape;
      at = 0;
      const copied = (hole.parent = new DocumentFragment());
      hole.blocks = undefined;
      isShape = true;
      try {
        fill(hole);
      } finally {
        isShape = false;
        hole.parent = root;
        touched = [];
      }
      /** @type {Map<Node, Node>} */
      const found = new Map();
      pair(copied, root, found);
      /** @param {Node} node @returns {any} */
      const find = (node) => found.get(node) ?? (node.parentElement?.closest('[data-ignore]') ? node : misfit());
      each(hole, (block) => {
        block.head = find(block.head);
        block.tail = find(block.tail);
        block.nodes = block.nodes.map(find);
        block.template.slots.forEach((places, index) => {
          if (!Array.isArray(places)) return;
          const place = /** @type {Place} */ (places[0]);
          block.slots[index] = read(block.nodes[place.ref], place);
        });
      });
    },

    /** The component that a node belongs to, the innermost. @param {Node} node */
    partOf: (node) => [...parts].findLast(({ blocks: [block] = [] }) => block && isIn(block, node)) ?? hole,
    /** The components in this one, in the order of its shape. */
    parts: () => [...parts],
    /** The view as a whole. */
    hole,
    isBroken: () => isBroken,
    /** The page is not what it should be: everything is made anew when the whole view comes. */
    spoil() {
      isBroken = true;
    },
    /** Where something changed since the last call. */
    changes: () => touched.splice(0),
  };
}

/** Finds the nodes of a copy that a block keeps. @param {any[]} nodes @param {any} node @param {Branch} branch */
function find(nodes, node, { ref, kids }) {
  if (ref >= 0) nodes[ref] = node;
  if (!kids.length) return;
  node = node.firstChild;
  for (const kid of kids) {
    find(nodes, node, kid);
    node = node.nextSibling;
  }
}

/** Notes which nodes of a page are those of a copy. What differs is left out. @param {any} copied @param {any} page
 *  @param {Map<Node, Node>} found */
function pair(copied, page, found) {
  found.set(copied, page);
  if (copied.matches?.('[data-ignore]')) return;
  /** @type {[Node, any][]} */
  const pairs = [];
  let next = page.firstChild;
  for (const node of copied.childNodes) {
    // A parser makes no node of an empty text.
    if (node.nodeType === Node.TEXT_NODE && next?.nodeType !== Node.TEXT_NODE) next = page.insertBefore(new Text(), next);
    if (next?.nodeName !== node.nodeName) return;
    pairs.push([node, next]);
    next = next.nextSibling;
  }
  if (!next) for (const [one, other] of pairs) pair(one, other, found);
}
