// A view: what one component shows. Blocks are uses of templates in the page; docs/patches.md says what is read.

/** @import { Gap, Place, Step, Template, Templates } from './templates.js' */
/**
 * @typedef {object} Block
 * @property {any} front its first node
 * @property {any} tail its last
 * @property {Template} template
 * @property {Hole} hole that it is in
 * @property {number} first the number of its first slot
 * @property {any[] | null} sites the nodes of its places, once they are known
 * @property {any[]} slots a value, or a Hole; a value that came as HTML is undefined
 */
/**
 * @typedef {Partial<Gap> & Room} Hole a structure, and the blocks in it; frozen, it is left alone once it is filled
 */
/**
 * @typedef {object} Room
 * @property {any} parent what it is in
 * @property {any} behind what stands behind it
 * @property {Block[]} [blocks] none at all while it is new
 * @property {number} [id] the number of the component that it is
 */
/** @typedef {ReturnType<typeof createView>} View */

import { staying } from './order.js';
import { changed, misfit, nodesOf, read, setAttribute, setText, within, write } from './values.js';
import { isClosed, morph } from './strings.js';
import { LIST, PART } from './templates.js';

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
  let isStrings = false;
  /** The view as a whole. @type {Hole} */
  const whole = { parent: root, behind: null, blocks: [] };
  /** The components in this one, the outer before those in it. @type {Set<Hole>} */
  const parts = new Set();

  const take = () => (at < data.length ? data[at++] : misfit());

  // Numbers.

  /** They begin anew. @param {boolean} isMarkup whether this is a view of strings @param {string[]} [known] names that go on */
  function reset(isMarkup, known = []) {
    isStrings = isMarkup;
    names = known;
    slots = [null];
    parts.clear();
  }

  /** @param {Block} block */
  function number(block) {
    block.first = slots.length;
    for (const _ of block.template.slots) slots.push(block);
  }

  /** Numbers what is in a hole. @param {Hole} hole */
  function numberAll(hole) {
    if (hole.kind === PART) parts.add(hole);
    for (const block of hole.blocks ?? []) {
      number(block);
      for (const inner of block.slots) if (inner?.kind) numberAll(inner);
    }
  }

  /** Gives a node of a view of strings, and those in it, the next numbers. @param {any} node */
  function numberNode(node) {
    slots.push(node);
    if (node === root || !isClosed(node)) node.childNodes.forEach(numberNode);
  }

  // Contents.

  /** Fills a hole with what is read. @param {Hole} hole @param {boolean} [merges] keeps blocks of the same template */
  function fill(hole, merges) {
    const { kind, templates: own, blocks = [] } = hole;
    if (kind === PART) {
      parts.add(hole);
      hole.id = isFinding ? 0 : take(); // the answer to the mount has it
    }
    const choice = take();
    let template = own?.[kind === LIST ? 0 : choice - 1];
    if (choice && !template) {
      const found = templates(names[choice - 1] ?? choice);
      if (found instanceof Promise) throw found;
      template = found;
      if (choice.length && !names.includes(choice)) names.push(choice);
    }
    const count = kind === LIST ? choice : choice && 1;
    const isKept = merges && blocks[0]?.template === template && (!view.isBroken || blocks.every(isWhole));
    const kept = isKept ? blocks.slice(0, count) : [];
    // What stood there goes when the new is complete: it may lack a template, and is then read once more.
    make(hole, template, count, kept.length, blocks.length - kept.length, kept);
  }

  /** Gives contents to blocks that are kept, and then to new ones, which take the place of others.
   *  @param {Hole} hole @param {any} template @param {number} count @param {number} at @param {number} gone how many of the others
   *  @param {Block[]} kept */
  function make(hole, template, count, at, gone, kept) {
    const mask = count > 1 && !isFinding ? take() : 0;
    const nodes = new DocumentFragment();
    /** @type {Block[]} */
    const blocks = [];
    for (let index = 0; index < count; index += 1) {
      const old = kept[index];
      /** @type {any} */
      const block = old ?? { template, hole, first: 0, sites: null, slots: [], front: null, tail: null };
      const like = mask && index && (kept[0] ?? /** @type {Block} */ (blocks[0])).slots;
      number(block);
      if (!old) blocks.push(block);
      if (isFinding) {
        here = walk(block, template.steps, hole.parent, here);
        continue;
      }
      const { isFlat } = template;
      /** What the values are written into: to write them into a model and copy it is quicker than to copy it and find their places. */
      let target = old ?? template.model;
      let copy;
      if (!target) {
        copy = document.importNode(template.content, true);
        target = isFlat ? (template.model = { slots: [], nodes: [...copy.childNodes] }) : block;
        walk(target, template.steps, hole.parent, copy.firstChild);
      }
      template.slots.forEach((/** @type {any} */ places, /** @type {number} */ slot) => {
        if (places.kind) return fill(block.slots[slot], true);
        const value = like && (mask / 2 ** slot) & 1 ? like[slot] : take();
        if (old) set(old, slot, value);
        else {
          if (target.slots[slot] !== value) for (const place of places) write(target.sites[place.site], place, value);
          target.slots[slot] = value;
        }
      });
      if (old) continue;
      if (isFlat) {
        block.slots = target.slots.slice();
        for (const one of target.nodes) {
          block.tail = nodes.appendChild(one.cloneNode(true));
          block.front ??= block.tail;
        }
      } else nodes.append(copy);
    }
    put(hole, at, gone, blocks, nodes);
  }

  /** The nodes of a block's places, which are looked for when one of them changes. @param {Block} block */
  function sitesOf(block) {
    if (!block.sites) {
      /** @type {any} */
      const found = {};
      isFinding = true;
      walk(found, block.template.steps, block.hole.parent, block.front);
      isFinding = false;
      block.sites = found.sites;
    }
    return /** @type {any[]} */ (block.sites);
  }

  /** Goes along the nodes of a new block, be they copies or the page's. @param {Block} block @param {Step[]} steps
   *  @param {any} parent none if the nodes are not known @param {any} node the first @returns {any} the node behind */
  function walk(block, steps, parent, node = parent?.firstChild) {
    block.sites ??= [];
    for (const step of steps) {
      if (!step.steps) {
        /** @type {Hole} */
        const hole = (block.slots[step.number] = { ...step, parent, behind: node, frozen: step.frozen || block.hole.frozen });
        if (isFinding) {
          here = node;
          fill(hole);
          hole.behind = node = here;
        }
      } else {
        if (isFinding && parent) {
          // A parser makes no node of an empty text.
          if (node?.nodeName !== step.tag) node = step.tag === '#text' ? parent.insertBefore(new Text(), node) : misfit();
        }
        block.front ??= node;
        for (const { site } of step.marks) block.sites[site] = node;
        walk(block, step.steps, isFinding && step.ignored ? null : node);
        block.tail = node;
        node = node?.nextSibling;
      }
    }
    return node;
  }

  /** Gives a slot another value, in all of its places. @param {Block} block @param {number} index @param {any} value */
  function set(block, index, value) {
    const { template, slots: held, hole } = block;
    const sites = sitesOf(block);
    const places = /** @type {Place[]} */ (template.slots[index]);
    const before = view.isBroken || held[index] === undefined ? read(sites, places) : held[index];
    held[index] = value = changed(before, value);
    for (const place of places) {
      const node = sites[place.site];
      if (place.frozen || hole.frozen) continue;
      if (!node.isConnected) misfit();
      write(node, place, value, before);
    }
  }

  // Lists.

  /** Puts blocks in the place of others. @param {Hole} hole @param {number} at @param {number} count of the others
   *  @param {any[]} [fresh] the blocks @param {Node} [nodes] theirs */
  function put(hole, at, count, fresh = [], nodes = new DocumentFragment()) {
    const { blocks = [], parent } = hole;
    const end = at + count;
    const from = count && blocks[at]?.front;
    const next = blocks[end]?.front ?? hole.behind;
    if (end > blocks.length) misfit();
    if ((!hole.frozen || !hole.blocks) && (from || nodes.firstChild)) within(parent, () => {
      if (!from) (next?.parentNode ?? parent).insertBefore(nodes, next);
      else if (from === parent.firstChild && !next) parent.replaceChildren(nodes);
      else {
        while (from.nextSibling !== next) from.nextSibling.remove();
        from.replaceWith(nodes);
      }
    });
    hole.blocks = blocks.slice(0, at).concat(fresh, blocks.slice(end));
  }

  /** @param {any} block @param {any} node @returns {boolean | undefined} */
  function isIn(block, node) {
    for (let at = block?.front; at; at = at !== block.tail && at.nextSibling) if (at.contains(node)) return true;
  }

  /** Gives blocks another order: as few as there can be are moved, and never the one that has the focus.
   *  @param {Hole} hole @param {number[]} order where each was @param {number} [moved] where the only one is that has moved */
  function reorder(hole, order, moved) {
    const { blocks = [], behind, parent } = hole;
    const fresh = order.map((old) => blocks[old] ?? misfit());
    if (new Set(order).size < order.length) misfit();
    hole.blocks = fresh;
    if (hole.frozen) return;
    const list = behind?.parentNode ?? parent;
    const { activeElement } = document;
    // What it scrolled, played and animated goes on, where a browser can do that.
    const how = list.moveBefore ? 'moveBefore' : 'insertBefore';
    /** @param {number} index what stands behind it is where it has to be */
    const move = (index) => {
      const { front, tail } = /** @type {Block} */ (fresh[index]);
      let next = fresh[index + 1]?.front ?? behind;
      for (let node = tail, before; next !== front; node = before) {
        before = node.previousSibling;
        list[how](node, next);
        next = node;
      }
    };
    if (moved != null && !isIn(fresh[moved], activeElement)) return move(moved);
    const kept = staying(order, fresh.findIndex((block) => isIn(block, activeElement)));
    for (let index = fresh.length; index--; ) if (!kept.has(index)) move(index);
  }

  /** Whether the blocks of a hole are where they have to be, as far as can be seen. @param {Hole} hole */
  const isFilled = ({ parent, behind, frozen, blocks = [] }) =>
    frozen || ((!behind || behind.parentNode === parent) && blocks.every(({ front, tail }) => front.parentNode === parent && tail.parentNode === parent));

  /** The same of what a block holds; what is in it may be broken. @param {Block} block */
  function isWhole(block) {
    try {
      const sites = sitesOf(block);
      return block.template.slots.every((/** @type {any} */ places, slot) =>
        (places.kind ? isFilled(block.slots[slot]) : places.every((/** @type {Place} */ { site, frozen }) => frozen || sites[site].isConnected)));
    } catch {
      return (isFinding = false);
    }
  }

  // Operations.

  function renumber() {
    reset(isStrings, names);
    if (isStrings) numberNode(root);
    else numberAll(whole);
  }

  function renew() {
    const isMarkup = data[at] === '';
    if (isMarkup !== isStrings || (view.isBroken && (isMarkup || !isFilled(whole)))) {
      root.textContent = '';
      whole.blocks = [];
    }
    reset(isMarkup);
    if (isMarkup) {
      take();
      morph(root, nodesOf(root, take()));
      renumber();
    } else fill(whole, true);
    view.isBroken = false;
  }

  /** @param {number} operation */
  function operate(operation) {
    if (operation === -6) return renew();
    // What stands behind is for a page that this one is not.
    if (view.isBroken) return void (at = data.length);
    if (operation === -5) return renumber();
    const slot = operation > 0 ? operation : take();
    const owner = slots[slot] ?? misfit();
    if (isStrings) {
      if (!owner.isConnected) misfit();
      if (operation > 0) setText(owner, changed(owner.data, take()));
      else operateList(operation, { parent: owner, behind: null, blocks: [...owner.childNodes].map((one) => ({ front: one, tail: one })) });
    } else {
      const index = slot - owner.first;
      const { kind, templates } = owner.template.slots[index];
      if (operation < 0) operateList(operation, kind === LIST ? owner.slots[index] : misfit(), templates[0]);
      else if (kind) fill(owner.slots[index]);
      else set(owner, index, take());
    }
  }

  /** @param {number} operation @param {any} hole @param {Template} [template] of rows */
  function operateList(operation, hole, template) {
    const { blocks, parent } = hole;
    const index = take();
    const argument = Array.isArray(index) || take();
    if (operation === -1) make(hole, template, argument, index, 0, []);
    else if (operation === -2) {
      let at = 0;
      (Array.isArray(index) ? index : [index, argument]).forEach((/** @type {number} */ count, /** @type {number} */ run) => {
        if (run % 2) put(hole, at, count);
        else at += count;
      });
    } else if (operation === -7) {
      setAttribute(parent, index, changed(parent.getAttribute(index), argument));
    } else if (operation === -8) {
      const nodes = nodesOf(parent, argument);
      const added = [...nodes.childNodes];
      put(hole, index, 0, [], nodes);
      added.forEach(numberNode);
    } else {
      const order = [...blocks.keys()];
      if (operation === -3) {
        order.splice(argument, 0, ...order.splice(index, 1));
        if (order[argument] !== index) misfit();
        return reorder(hole, order, argument);
      }
      if (operation !== -4) misfit();
      argument.forEach((/** @type {number} */ old, /** @type {number} */ to) => (order[index + to] = index + old));
      reorder(hole, order);
    }
  }

  const view = {
    hole: whole,
    parts,
    /** Whether the page is not what it should be: everything is made anew when the whole view comes. */
    isBroken: false,

    /** Goes on with a patch. It throws a promise between two operations, to be called again when the template is there; or
     *  whatever a page or a patch that does not fit gives rise to. @param {{ data: any[], at: number, numbered?: number }} patch */
    apply(patch) {
      data = patch.data;
      slots.length = patch.numbered ?? slots.length; // as it was before the operation that was begun
      while (patch.at < data.length) {
        at = patch.at;
        isFinding = false; // however the last one ended
        patch.numbered = slots.length;
        operate(take());
        patch.at = at;
      }
    },

    /** Finds the view in what a server rendered. @param {any[]} shape */
    hydrate(shape) {
      // All at once, not each when it is come upon.
      for (const name of shape) if (name.length) templates(name);
      reset(shape[0] === '');
      if (isStrings) {
        renumber();
        if (slots.length - 2 !== shape[1]) misfit();
        return;
      }
      data = shape;
      at = 0;
      here = root.firstChild;
      isFinding = true;
      fill(whole);
    },

    /** The component that a node belongs to, the innermost. @param {Node} node */
    partOf: (node) => [...parts].findLast(({ blocks }) => isIn(blocks?.[0], node)) ?? whole,
  };
  return view;
}
