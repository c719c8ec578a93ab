// What a patch must cost, counted without a page: a second, slow opinion on docs/patches.md ("What a patch costs"), which shares no
// code with the client. A cost is [least, most]; they differ only where the law leaves a choice.

const LIST = 2;
const PART = 4;

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

class Items {
  at = 0;
  constructor(all) {
    this.all = all;
  }
  next() {
    if (this.at >= this.all.length) throw new Error('the patch ends too early');
    return this.all[this.at++];
  }
}

/** A template, as the law needs it: how many nodes, where structures are, what is before and behind values. */
function prepare([markup, steps, isForeign]) {
  const element = document.createElement('template');
  element.innerHTML = markup;
  const top = isForeign ? element.content.firstChild : element.content;
  const slots = [];
  const along = (parent, steps, path) => {
    let index = 0;
    for (const step of steps) {
      const [inside, ...rest] = step || [[]];
      if (Array.isArray(inside)) {
        for (const [slot, name, ...around] of rest) {
          const [before = '', after = ''] = around;
          const kind = name ? 1 : parent.childNodes[index].nodeType === Node.TEXT_NODE ? 0 : 2;
          (slots[slot] ??= { places: [] }).places.push({ kind, isWhole: kind === 1 && !around.length, name, before, after });
        }
        along(parent.childNodes[index], inside, [...path, index]);
        index += 1;
      } else {
        const [slot, ...templates] = rest;
        slots[slot] = { kind: inside, path: path.join(), beside: parent.childNodes.length, templates: inside <= LIST ? templates.map(prepare) : undefined };
      }
    }
  };
  along(top, steps, []);
  return { slots, fixed: top.childNodes.length };
}

const shownIn = ({ isWhole, before, after }, value) =>
  isWhole && (value === null || value === true) ? (value === null ? null : '') : before + (value ?? '') + after;

function spliced(text, splice) {
  if (typeof text !== 'string') throw new Error(`a splice of ${JSON.stringify(text)}`);
  const [keep, gone, put] = splice.length === 1 ? [text.length, 0, splice[0]] : splice;
  if (keep + gone > text.length) throw new Error(`a splice behind the end of ${JSON.stringify(text)}`);
  return text.slice(0, keep) + put + text.slice(keep + gone);
}

/** How many of these numbers rise at most, one after the other. */
function rising(numbers) {
  const ends = [];
  for (const number of numbers) {
    const at = ends.findIndex((end) => end >= number);
    ends[at < 0 ? ends.length : at] = number;
  }
  return ends.length;
}

/** What it costs to bring things of so many nodes into another order: each that moves goes out and in, and as many stay as can. */
function reordered(order, sizes) {
  const moved = order.length - rising(order);
  const sorted = [...sizes].sort((a, b) => a - b);
  return [2 * sum(sorted.slice(0, moved)), 2 * sum(sorted.slice(sorted.length - moved))];
}

/** What it costs when so many nodes make room for others. */
const replaced = (gone, beside, comes) => (gone === 0 ? Number(comes) : gone === beside ? 1 : gone);

/** A view made of templates. */
class ViewModel {
  constructor(sources) {
    this.sources = sources;
    this.prepared = new Map();
    this.root = { gap: { kind: 3 }, blocks: [] };
    this.names = [];
    this.slots = [null];
  }

  template(name) {
    if (!this.prepared.has(name)) this.prepared.set(name, prepare(this.sources[name]));
    return this.prepared.get(name);
  }

  cost(least, most = least) {
    this.least += least;
    this.most += most;
  }

  /** The cost of a patch, which is done to the model. */
  apply(patch) {
    [this.least, this.most] = [0, 0];
    const items = new Items(patch);
    while (items.at < patch.length) this.operate(items);
    return [this.least, this.most];
  }

  operate(items) {
    const operation = items.next();
    if (operation === -6) {
      [this.names, this.slots] = [[], [null]];
      return this.fill(this.root, items, true);
    }
    if (operation === -5) {
      this.slots = [null];
      return this.renumber(this.root);
    }
    const number = operation > 0 ? operation : items.next();
    const owner = this.slots[number];
    if (!owner) throw new Error(`nothing has the number ${number}`);
    const slot = number - owner.first;
    if (operation > 0) return owner.template.slots[slot].places ? this.set(owner, slot, items.next()) : this.fill(owner.slots[slot], items, false);
    const hole = owner.slots[slot];
    if (hole?.gap?.kind !== LIST) throw new Error(`${number} is no list`);
    this.list(operation, hole, items);
  }

  set(block, slot, change) {
    const before = block.slots[slot];
    const value = Array.isArray(change) ? spliced(before, change) : change;
    // What is not known may be written as it was.
    const isUnknown = block.unknown?.delete(slot);
    for (const place of block.template.slots[slot].places) {
      if (shownIn(place, value) !== shownIn(place, before)) this.cost(1);
      else if (isUnknown) this.cost(0, 1);
    }
    block.slots[slot] = value;
  }

  list(operation, hole, items) {
    const { blocks } = hole;
    const at = items.next();
    if (operation === -1) {
      const fresh = this.contents(hole, hole.gap.templates[0], items.next(), items, []);
      this.put(hole, at, 0, fresh);
    } else if (operation === -2) {
      const runs = Array.isArray(at) ? at : [at, items.next()];
      for (let run = 0, from = 0; run < runs.length; run += 2) this.put(hole, (from += runs[run]), runs[run + 1], []);
    } else if (operation === -3) {
      const to = items.next();
      if (!(at < blocks.length && to < blocks.length)) throw new Error('a move out of the list');
      this.cost(2 * this.nodes(blocks[at]));
      blocks.splice(to, 0, ...blocks.splice(at, 1));
    } else {
      const order = items.next();
      const run = blocks.slice(at, at + order.length);
      this.cost(...reordered(order, run.map((block) => this.nodes(block))));
      blocks.splice(at, order.length, ...order.map((index) => run[index]));
    }
  }

  /** Reads what a structure holds. `merges`: what is of the same template stays, and changes. */
  fill(hole, items, merges) {
    const { kind, templates } = hole.gap;
    if (kind === PART) items.next();
    let [template, count] = [templates?.[0], 1];
    if (kind === LIST) count = items.next();
    else {
      const choice = items.next();
      if (typeof choice === 'string') this.names.push(choice);
      template = templates ? templates[choice - 1] : choice && this.template(typeof choice === 'string' ? choice : this.names[choice - 1]);
      count = choice ? 1 : 0;
    }
    const kept = merges && hole.blocks[0]?.template === template ? hole.blocks.slice(0, count) : [];
    const blocks = this.contents(hole, template, count, items, kept);
    this.put(hole, kept.length, hole.blocks.length - kept.length, blocks.slice(kept.length));
  }

  contents(hole, template, count, items, kept) {
    const mask = count > 1 ? items.next() : 0;
    const blocks = [];
    for (let index = 0; index < count; index += 1) {
      const isNew = !kept[index];
      const block = kept[index] ?? { template, hole, slots: [] };
      this.number(block);
      template.slots.forEach(({ places, ...gap }, slot) => {
        if (!places) {
          if (isNew) block.slots[slot] = { gap, owner: block, blocks: [] };
          const cost = [this.least, this.most];
          this.fill(block.slots[slot], items, !isNew);
          // What comes within what is new comes with it.
          if (isNew) [this.least, this.most] = cost;
          return;
        }
        const value = index > 0 && slot < 31 && (mask >> slot) & 1 ? blocks[0].slots[slot] : items.next();
        if (isNew) block.slots[slot] = value;
        else this.set(block, slot, value);
      });
      blocks.push(block);
    }
    return blocks;
  }

  put(hole, at, count, fresh) {
    if (at + count > hole.blocks.length) throw new Error('rows that are not there');
    const gone = sum(hole.blocks.slice(at, at + count).map((block) => this.nodes(block)));
    this.cost(replaced(gone, this.beside(hole), fresh.length > 0));
    hole.blocks.splice(at, count, ...fresh);
  }

  number(block) {
    block.first = this.slots.length;
    for (const _ of block.template.slots) this.slots.push(block);
  }

  /** The page came as HTML: of markup and styles it does not say what they were. */
  forget(hole = this.root) {
    for (const block of hole.blocks) {
      const isLost = ({ places }) => places?.[0].kind === 2 || places?.[0].name === 'style';
      block.unknown = new Set(block.slots.keys().filter((slot) => isLost(block.template.slots[slot])));
      for (const inner of block.slots) if (inner?.gap) this.forget(inner);
    }
  }

  renumber(hole) {
    for (const block of hole.blocks) {
      this.number(block);
      for (const inner of block.slots) if (inner?.gap) this.renumber(inner);
    }
  }

  /** How many nodes a block is. */
  nodes({ template, slots }) {
    return template.fixed + sum(slots.filter((inner) => inner?.gap?.path === '').map((inner) => this.within(inner)));
  }

  within(hole) {
    return sum(hole.blocks.map((block) => this.nodes(block)));
  }

  /** How many nodes there are in the element that a structure stands in. */
  beside(hole) {
    const { owner, gap } = hole;
    if (!owner) return this.within(hole);
    if (gap.path === '') return this.beside(owner.hole);
    return gap.beside + sum(owner.slots.filter((inner) => inner?.gap?.path === gap.path).map((inner) => this.within(inner)));
  }
}

/** Whether an element's inside is nobody's, in views of strings; the names are those of HTML. */
const isClosed = (node) => !!node.matches?.('[data-ignore],[data-spark]') || ['NOSCRIPT', 'SELECTEDCONTENT'].includes(node.nodeName);

/** A view of strings: its nodes, in a document of their own. */
class StringModel {
  constructor(html) {
    this.root = document.implementation.createHTMLDocument('').createElement('div');
    this.root.innerHTML = html;
    this.renumber();
  }

  renumber() {
    this.nodes = [null];
    this.number(this.root);
  }

  number(node) {
    this.nodes.push(node);
    if (node === this.root || !isClosed(node)) for (const child of node.childNodes) this.number(child);
  }

  parse(element, html) {
    const copy = element.cloneNode(false);
    copy.innerHTML = html;
    return [...copy.childNodes];
  }

  apply(patch) {
    let [least, most] = [0, 0];
    const items = new Items(patch);
    while (items.at < patch.length) {
      const cost = this.operate(items);
      least += cost[0];
      most += cost[1] ?? cost[0];
    }
    return [least, most];
  }

  operate(items) {
    const operation = items.next();
    if (operation === -5) {
      this.renumber();
      return [0];
    }
    if (operation === -6) {
      items.next();
      const size = (element) => sum([...element.querySelectorAll('*')].map((one) => 1 + one.attributes.length + one.childNodes.length)) + element.childNodes.length;
      const before = size(this.root);
      this.root.replaceChildren(...this.parse(this.root, items.next()));
      this.renumber();
      return [0, before + size(this.root)];
    }
    const node = this.nodes[operation > 0 ? operation : items.next()];
    if (!node || !this.root.contains(node)) throw new Error('nothing has this number');
    const which = items.next();
    if (operation > 0) {
      const before = node.nodeValue;
      node.nodeValue = Array.isArray(which) ? spliced(before, which) : which;
      return [before === node.nodeValue ? 0 : 1];
    }
    if (operation === -7) {
      const change = items.next();
      const value = Array.isArray(change) ? spliced(node.getAttribute(which), change) : change;
      if (value === null) node.removeAttribute(which);
      else node.setAttribute(which, value);
      return [1];
    }
    if (operation === -8) {
      const fresh = this.parse(node, items.next());
      const next = node.childNodes[which] ?? null;
      for (const one of fresh) node.insertBefore(one, next);
      for (const one of fresh) this.number(one);
      return [1];
    }
    const children = [...node.childNodes];
    if (operation === -2) {
      const runs = Array.isArray(which) ? which : [which, items.next()];
      let cost = 0;
      for (let run = 0, at = 0; run < runs.length; run += 2) {
        const gone = children.slice((at += runs[run]), (at += runs[run + 1]));
        cost += replaced(gone.length, node.childNodes.length, false);
        for (const one of gone) one.remove();
      }
      return [cost];
    }
    const order = operation === -3 ? undefined : items.next();
    if (order) {
      const run = children.slice(which, which + order.length);
      const next = children[which + order.length] ?? null;
      for (const index of order) node.insertBefore(run[index], next);
      return reordered(order, order.map(() => 1));
    }
    const [moved] = children.splice(which, 1);
    const to = items.next();
    node.insertBefore(moved, children[to] ?? null);
    return [2];
  }
}
