// A view: what one component shows. Blocks are uses of templates in the page; docs/patches.md says what is read.

/** @import { Place, Step, Template, Templates } from './templates.js' */
/**
 * @typedef {object} Block
 * @property {any} head its first node
 * @property {any} tail its last
 * @property {Template} template
 * @property {Hole} hole that it is in
 * @property {number} first the number of its first slot
 * @property {any[]} nodes those of its places
 * @property {any[]} slots a value, or a Hole; a value that came as HTML is undefined
 * @property {number} rank its index before a change of order
 */
/**
 * @typedef {object} Hole a structure, and the blocks in it
 * @property {Partial<Place>} gap
 * @property {any} parent what it is in
 * @property {any} next what stands behind it
 * @property {boolean} [frozen] whether it is left alone once it is filled
 * @property {Block[]} [blocks] none at all while it is new
 * @property {number} [id] the number of the component that it is
 */
/** @typedef {ReturnType<typeof createView>} View */

import { staying } from './order.js';
import { changed, misfit, nodesOf, read, setAttribute, setText, write } from './values.js';
import { isClosed, morph } from './strings.js';
import { LIST } from './templates.js';

/** The kind of a structure that is a component. */
const PART = 6;

/** @param {Element} root @param {Templates} templates */
export function createView(root, templates) {
  /** What is being read. @type {any[]} */
  let data = [];
  let at = 0;
  let isFinding = false; // in the page: what is read is a shape, which has no values
  /** How far it is found. @type {any} */
  let here;
  /** Blocks by the numbers of their slots; or, in a view of strings, nodes. @type {any[]} */
  let slots = [];
  /** @type {string[]} */
  let names = [];
  /** The components in this one, the outer before those in it. @type {Set<Hole>} */
  let parts = new Set();
  let isStrings = false;
  let isBroken = false;
  /** The view as a whole. @type {Hole} */
  const hole = { gap: {}, parent: root, next: null, blocks: [] };

  const take = () => (at < data.length ? data[at++] : misfit());

  /** The numbers begin anew. */
  function reset() {
    slots = [undefined];
    parts = new Set();
  }

  /** @param {Block} block */
  function number(block) {
    block.first = slots.length;
    for (const _ of block.template.slots) slots.push(block);
  }

  /** Numbers what is in a hole. @param {Hole} hole */
  function numberAll(hole) {
    if (hole.gap.kind === PART) parts.add(hole);
    for (const block of hole.blocks ?? []) {
      number(block);
      for (const inner of block.slots) if (inner?.gap) numberAll(inner);
    }
  }

  // Contents.

  /** Fills a hole with what is read. @param {Hole} hole @param {boolean} [merges] keeps blocks of the same template */
  function fill(hole, merges) {
    const { gap: { kind, templates: own }, blocks = [] } = hole;
    if (kind === PART) {
      parts.add(hole);
      hole.id = isFinding ? 0 : take(); // the answer to the mount has it
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
    const mask = count > 1 && !isFinding ? take() : 0;
    const nodes = new DocumentFragment();
    /** @type {any[]} */
    const blocks = [];
    let node = isFinding && here;
    for (let index = 0; index < count; index += 1) {
      const like = mask && blocks[0]?.slots;
      /** The next value. @param {number} index */
      const value = (index) => (like && (mask / 2 ** index) & 1 ? like[index] : take());
      /** @type {any} */
      const block = kept[index] ?? { template, hole, nodes: [], slots: [] };
      number(block);
      blocks.push(block);
      if (kept[index]) {
        template.slots.forEach((/** @type {any[]} */ [{ kind }], /** @type {number} */ slot) => {
          if (kind > 2) fill(block.slots[slot], true);
          else set(block, slot, value(slot));
        });
      } else {
        if (!isFinding && !node) {
          const copy = document.importNode(template.content, true);
          node = copy.firstChild;
          nodes.append(copy);
        }
        node = walk(block, template.steps, hole.parent, node, value);
      }
    }
    here = node;
    return [blocks, nodes];
  }

  /** Goes along the nodes of a new block, be they copies or the page's, and fills what stands there.
   *  @param {Block} block @param {Step[]} steps @param {any} parent none if the nodes are not known @param {any} node the first
   *  @param {(slot: number) => any} value @returns {any} the node behind */
  function walk(block, steps, parent, node, value) {
    const { nodes, slots: held, hole } = block;
    /** Values come in the order of the slots. @param {number} end */
    const readTo = (end) => {
      while (!isFinding && held.length < end) held.push(value(held.length));
    };
    for (const step of steps) {
      if ('kind' in step) {
        readTo(step.slot);
        /** @type {Hole} */
        const inner = (held[step.slot] = { gap: step, parent, next: node, frozen: step.frozen || hole.frozen });
        here = node;
        fill(inner);
        if (isFinding) inner.next = node = here;
      } else {
        if (isFinding && parent) {
          // A parser makes no node of an empty text.
          if (step.name === '#text' && node?.nodeName !== step.name) node = parent.insertBefore(new Text(), node);
          if (node?.nodeName !== step.name) misfit();
        }
        block.head ??= node;
        for (const place of step.values) {
          nodes[place.ref] = node;
          readTo(place.slot + 1);
          if (!isFinding) write(node, place, held[place.slot]);
        }
        if (step.steps.length) {
          if (isFinding && step.ignored) walk(block, step.steps, null, null, value);
          else walk(block, step.steps, node, node?.firstChild, value);
        }
        block.tail = node;
        node = node?.nextSibling;
      }
    }
    return node;
  }

  /** Gives a slot a value, in all of its places. @param {Block} block @param {number} index @param {any} value */
  function set({ template, nodes, slots: held, hole }, index, value) {
    const places = /** @type {Place[]} */ (template.slots[index]);
    const [first] = /** @type {[Place]} */ (places);
    const before = held[index] === undefined ? read(nodes[first.ref], first) : held[index];
    held[index] = value = changed(before, value);
    for (const place of places) {
      const node = nodes[place.ref];
      if (place.frozen || hole.frozen) continue;
      if (!node.isConnected) misfit();
      write(node, place, value, before);
    }
  }

  // Lists.

  /** @param {Hole} hole @returns {any} */
  const parentOf = ({ parent, next }) => next?.parentNode ?? parent;

  /** Puts blocks in the place of others. @param {Hole} hole @param {number} at @param {number} count of the others
   *  @param {any[]} fresh the blocks @param {Node} nodes theirs */
  function put(hole, at, count, fresh, nodes) {
    const { blocks = [], frozen } = hole;
    const end = at + count;
    const from = count && blocks[at]?.head;
    const next = blocks[end]?.head ?? hole.next;
    const parent = parentOf(hole);
    if (end > blocks.length) misfit();
    if (!isFinding && !(frozen && hole.blocks)) {
      if (!from) nodes.firstChild && parent.insertBefore(nodes, next);
      else if (from === parent.firstChild && !next) parent.replaceChildren(nodes);
      else {
        while (from.nextSibling !== next) from.nextSibling.remove();
        from.replaceWith(nodes);
      }
    }
    hole.blocks = blocks.slice(0, at).concat(fresh, blocks.slice(end));
  }

  /** @param {Block} block @param {Node} node */
  function isIn({ head, tail }, node) {
    for (let at = head; at; at = at !== tail && at.nextSibling) if (at.contains(node)) return true;
    return false;
  }

  /** Gives blocks another order: as few as there can be are moved, and never the one that has the focus.
   *  @param {any} hole @param {Block[]} fresh the blocks in their new order */
  function reorder(hole, fresh) {
    const { blocks } = hole;
    if (fresh.length !== blocks.length || new Set(fresh).size < blocks.length) misfit();
    hole.blocks = fresh;
    if (hole.frozen) return;
    const { activeElement: active } = document;
    const parent = parentOf(hole);
    blocks.forEach((/** @type {Block} */ block, /** @type {number} */ rank) => (block.rank = rank));
    const pinned = parent.contains(active) ? fresh.findIndex((block) => isIn(block, /** @type {Node} */ (active))) : -1;
    const kept = staying(fresh.map(({ rank }) => rank), pinned);
    // What it scrolled, played and animated goes on, where a browser can do that.
    const move = parent.moveBefore ? 'moveBefore' : 'insertBefore';
    let { next } = hole;
    for (let index = fresh.length; index--; ) {
      const { head, tail } = /** @type {Block} */ (fresh[index]);
      for (let node = tail, before; !kept.has(index) && next !== head; node = before) {
        before = node.previousSibling;
        parent[move](node, next);
        next = node;
      }
      next = head;
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
    reset();
    if (isStrings) numberNode(root);
    else numberAll(hole);
  }

  function whole() {
    const isMarkup = data[at] === '';
    if (isBroken || isMarkup !== isStrings) {
      root.textContent = '';
      hole.blocks = [];
      isBroken = false;
      isStrings = isMarkup;
    }
    names = [];
    reset();
    if (!isMarkup) return fill(hole, true);
    take();
    morph(root, nodesOf(root, take()));
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
    const [{ kind, templates }] = owner.template.slots[index];
    const held = owner.slots[index];
    if (operation < 0) operateList(operation, kind === LIST ? held : misfit(), take(), templates[0]);
    else if (kind > 2) fill(held);
    else set(owner, index, take());
  }

  /** @param {number} operation @param {any} node */
  function operateNode(operation, node) {
    if (!node.isConnected) misfit();
    const which = take();
    if (operation > 0) setText(node, `${changed(node.data, which) ?? ''}`);
    else if (operation === -7) {
      const value = changed(node.getAttribute(which), take());
      setAttribute(node, which, value === true ? '' : value);
    } else operateList(operation, { parent: node, next: null, blocks: [...node.childNodes].map((one) => ({ head: one, tail: one })) }, which);
  }

  /** @param {number} operation @param {any} hole @param {any} index @param {Template} [template] of rows */
  function operateList(operation, hole, index, template) {
    const { blocks, parent } = hole;
    if (operation === -2) {
      let at = 0;
      for (const [run, count] of (Array.isArray(index) ? index : [index, take()]).entries()) {
        if (run % 2) put(hole, at, count, [], new DocumentFragment());
        else at += count;
      }
      return;
    }
    const argument = take();
    const fresh = [...blocks];
    if (operation === -1) return put(hole, index, 0, ...make(hole, template, argument));
    if (operation === -8) {
      const nodes = nodesOf(parent, argument);
      const added = [...nodes.childNodes];
      put(hole, index, 0, [], nodes);
      return added.forEach(numberNode);
    }
    if (operation === -3) fresh.splice(argument, 0, ...fresh.splice(index, blocks[argument] ? 1 : misfit()));
    else if (operation === -4) argument.forEach((/** @type {number} */ old, /** @type {number} */ to) => (fresh[index + to] = blocks[index + old]));
    else misfit();
    reorder(hole, fresh);
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

    /** Finds the view in what a server rendered. @param {any[]} shape */
    hydrate(shape) {
      isStrings = shape[0] === '';
      if (isStrings) {
        renumber();
        if (slots.length - 2 !== shape[1]) misfit();
        return;
      }
      // All at once, not each when it is come upon.
      for (const name of shape) if (name.length) templates.want(name);
      names = [];
      reset();
      data = shape;
      at = 0;
      here = root.firstChild;
      isFinding = true;
      try {
        fill(hole);
      } finally {
        isFinding = false;
      }
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
  };
}
