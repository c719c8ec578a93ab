// A second, slow opinion on templates and patches, for the random test: it makes templates, contents and patches out of chance,
// and says in HTML what a page must show. It shares no code with the client.

const TAGS = ['div', 'section', 'span', 'article', 'cite', 'abbr']; // what a parser takes in any nesting
const TEXTS = ['', 'a', 'ab', '<&>', '"quoted"', 'é', '😀x', ' ', 'two words', 'abcabc'];
const RAW = ['', '<u>raw</u>', 'plain <s>x</s> &amp; y', '<br>'];

export function createReference(random) {
  const below = (n) => Math.floor(random() * n);
  const pick = (all) => all[below(all.length)];
  const chance = (p) => random() < p;
  const sources = new Map();

  // Templates: a tree of {tag, attributes, children} | {text} | {slot…} | {comment}.

  function template(depth, { named = false, isRow = false } = {}) {
    const slots = [];
    const slot = (what) => slots.push(what) - 1;
    const value = () => (slots.length && chance(0.2) && slots[0].kind === 'value' ? 0 : slot({ kind: 'value' }));
    const around = () => (chance(0.3) ? [pick(['x', 'pre ']), pick(['', ' post'])] : null);

    function structure(level) {
      const kind = pick(['branch', 'list', 'named', 'part']);
      if (kind === 'branch') return { structure: slot({ kind, templates: Array.from({ length: 1 + below(3) }, () => template(level - 1)) }) };
      if (kind === 'list') return { structure: slot({ kind, templates: [template(level - 1, { isRow: true })] }) };
      return { structure: slot({ kind, templates: Array.from({ length: 2 }, () => template(level - 1, { named: true })) }) };
    }

    function children(level, isRoot) {
      const all = [];
      for (let n = isRoot ? 1 + below(3) : below(4); n > 0; n -= 1) {
        const before = all.at(-1);
        const isText = before && ('text' in before || 'value' in before);
        const what = below(10);
        if (what < 2 && !isText) all.push({ text: pick(['fixed', 'A & B']) });
        else if (what < 4 && !isText) all.push({ value: value(), around: around() });
        else if (what < 7 && level > 0) all.push(structure(level));
        else all.push(element(level - 1));
      }
      const isLoose = (node) => node && ('structure' in node || 'text' in node || 'value' in node);
      const parted = [];
      for (const node of all) {
        const before = parted.at(-1);
        if (isLoose(before) && isLoose(node) && ('structure' in before || 'structure' in node)) parted.push({ comment: true });
        parted.push(node);
      }
      if (isRoot) {
        if ('structure' in parted[0]) parted.unshift({ comment: true });
        if ('structure' in parted.at(-1)) parted.push({ comment: true });
        if (isRow && isLoose(parted[0]) && isLoose(parted.at(-1))) parted.push({ comment: true });
      }
      return parted;
    }

    function element(level) {
      const attributes = [];
      if (chance(0.4)) attributes.push({ name: 'title', literal: 'fixed' });
      if (chance(0.4)) attributes.push({ name: 'data-a', slot: value(), around: around() });
      if (chance(0.2)) attributes.push({ name: 'class', slot: value(), around: null });
      if (chance(0.1)) return { tag: 'div', attributes, children: [], raw: slot({ kind: 'raw' }) };
      return { tag: pick(TAGS), attributes, children: level >= 0 ? children(level, false) : [] };
    }

    const made = { root: children(depth, true), slots, name: '' };
    if (named) {
      made.name = `T${String(sources.size).padStart(10, '0')}`;
      sources.set(made.name, source(made));
    }
    return made;
  }

  /** The template as the client gets it. */
  function source({ root, slots }) {
    const along = (nodes, isRoot) => {
      const markup = [];
      const steps = [];
      for (const node of nodes) {
        if ('structure' in node) {
          const { kind, templates } = slots[node.structure];
          if (kind === 'branch') steps.push([1, node.structure, ...templates.map(source)]);
          else if (kind === 'list') steps.push([2, node.structure, source(templates[0])]);
          else steps.push([kind === 'part' ? 4 : 3, node.structure]);
        } else if ('value' in node) {
          markup.push(' ');
          steps.push([[], [node.value, ...(node.around ? ['', ...node.around] : [])]]);
        } else if ('tag' in node) {
          const fixed = node.attributes.filter((one) => 'literal' in one);
          const places = node.attributes.filter((one) => !('literal' in one)).map(({ name, slot, around }) => [slot, name, ...(around ?? [])]);
          if ('raw' in node) places.push([node.raw]);
          const [inside, inner] = along(node.children, false);
          markup.push(`<${node.tag}${fixed.map(({ name, literal }) => ` ${name}="${escape(literal)}"`).join('')}>${inside}</${node.tag}>`);
          steps.push(places.length || inner.length ? [inner, ...places] : 0);
        } else {
          markup.push('comment' in node ? '<!---->' : escape(node.text));
          steps.push(0);
        }
      }
      while (!isRoot && steps.at(-1) === 0) steps.pop();
      return [markup.join(''), steps];
    };
    return along(root, true);
  }

  // Contents.

  const text = () => pick(TEXTS) + (chance(0.3) ? pick(TEXTS) : '');
  const anyValue = () => pick([text, text, text, () => below(100) - 50, () => null, () => true])();

  function block(made) {
    return { template: made, first: 0, slots: made.slots.map(({ kind, templates }) => {
      if (kind === 'value') return anyValue();
      if (kind === 'raw') return pick(RAW);
      if (kind === 'list') return Array.from({ length: pick([0, 1, 2, 3, 5]) }, () => block(templates[0]));
      return chance(0.3) ? null : block(pick(templates));
    }) };
  }

  function html({ template: { root }, slots }) {
    const one = (node) => {
      if ('structure' in node) return [slots[node.structure] ?? []].flat().map(html).join('');
      if ('comment' in node) return '<!---->';
      if ('text' in node) return escape(node.text);
      if ('value' in node) return escape(shown(slots[node.value], node.around));
      const attributes = node.attributes.map(({ name, literal, slot, around }) => {
        if (literal !== undefined) return ` ${name}="${escape(literal)}"`;
        const value = slots[slot];
        if (!around && value === null) return '';
        return ` ${name}="${escape(!around && value === true ? '' : shown(value, around))}"`;
      });
      const inside = 'raw' in node ? shown(slots[node.raw], null) : node.children.map(one).join('');
      return `<${node.tag}${attributes.join('')}>${inside}</${node.tag}>`;
    };
    return root.map(one).join('');
  }

  // The view, and what is written about it.

  const view = { root: null, next: 1, names: [] };

  function number(made) {
    made.first = view.next;
    view.next += made.slots.length;
  }

  const nameOf = (name) => {
    const at = view.names.indexOf(name);
    return at < 0 ? (view.names.push(name), name) : at + 1;
  };

  function contents(made, mask = 0, isLater = false) {
    number(made);
    return made.slots.flatMap((held, index) => {
      const { kind } = made.template.slots[index];
      if (kind === 'value' || kind === 'raw') return isLater && index < 31 && (mask >> index) & 1 ? [] : [held];
      return choice(made, index, held);
    });
  }

  function choice(owner, index, held) {
    const { kind, templates } = owner.template.slots[index];
    if (kind === 'list') return [held.length, ...rows(held)];
    if (kind === 'part') return [1 + below(9), ...(held ? [nameOf(held.template.name), ...contents(held)] : [0])];
    if (!held) return [0];
    return [kind === 'branch' ? templates.indexOf(held.template) + 1 : nameOf(held.template.name), ...contents(held)];
  }

  function rows(all) {
    if (all.length < 2) return all.flatMap((row) => contents(row));
    let mask = 0;
    all[0].slots.forEach((held, index) => {
      const { kind } = all[0].template.slots[index];
      if ((kind === 'value' || kind === 'raw') && index < 31 && chance(0.8) && all.every((row) => row.slots[index] === held)) mask |= 1 << index;
    });
    return [mask, ...all.flatMap((row, index) => contents(row, mask, index > 0))];
  }

  function whole() {
    Object.assign(view, { next: 1, names: [] });
    return [-6, nameOf(view.root.template.name), ...contents(view.root)];
  }

  /** The shape of the page; the numbers begin anew. */
  function shape() {
    Object.assign(view, { next: 1, names: [] });
    const of = (made) => {
      number(made);
      return made.slots.flatMap((held, index) => {
        const { kind, templates } = made.template.slots[index];
        if (kind === 'value' || kind === 'raw') return [];
        if (kind === 'list') return [held.length, ...held.flatMap(of)];
        if (!held) return [0];
        return [kind === 'branch' ? templates.indexOf(held.template) + 1 : nameOf(held.template.name), ...of(held)];
      });
    };
    return [nameOf(view.root.template.name), ...of(view.root)];
  }

  function all(made = view.root, found = []) {
    found.push(made);
    for (const held of made.slots) if (held && typeof held === 'object') for (const inner of [held].flat()) all(inner, found);
    return found;
  }

  function operation() {
    if (chance(0.03)) {
      Object.assign(view, { next: 1 });
      for (const made of all()) number(made);
      return [-5];
    }
    if (chance(0.05)) {
      view.root = chance(0.8) ? block(view.root.template) : block(template(2, { named: true }));
      return whole();
    }
    const made = pick(all().filter(({ slots }) => slots.length));
    if (!made) return [];
    const index = below(made.slots.length);
    const slot = made.first + index;
    const { kind, templates } = made.template.slots[index];
    const held = made.slots[index];
    if (kind === 'raw') return [slot, (made.slots[index] = pick(RAW))];
    if (kind === 'value') {
      if (typeof held === 'string' && chance(0.4)) {
        const keep = below(held.length + 1);
        const gone = below(held.length - keep + 1);
        const put = pick(TEXTS);
        made.slots[index] = held.slice(0, keep) + put + held.slice(keep + gone);
        return [slot, keep === held.length ? [put] : [keep, gone, put]];
      }
      return [slot, (made.slots[index] = anyValue())];
    }
    if (kind !== 'list') {
      made.slots[index] = chance(0.3) ? null : block(pick(templates));
      return [slot, ...choice(made, index, made.slots[index])];
    }
    const what = below(4);
    if (what === 0 || held.length === 0) {
      const fresh = Array.from({ length: 1 + below(3) }, () => block(templates[0]));
      if (chance(0.5)) for (const row of fresh) row.slots.forEach((value, n) => { if (['value', 'raw'].includes(templates[0].slots[n].kind)) row.slots[n] = fresh[0].slots[n]; });
      const at = below(held.length + 1);
      held.splice(at, 0, ...fresh);
      return [-1, slot, at, fresh.length, ...rows(fresh)];
    }
    if (what === 1) {
      const at = below(held.length);
      const n = 1 + below(held.length - at);
      held.splice(at, n);
      const rest = held.length - at;
      if (rest < 2 || chance(0.5)) return [-2, slot, at, n];
      // One of those behind, too.
      const stay = 1 + below(rest - 1);
      held.splice(at + stay, 1);
      return [-2, slot, [at, n, stay, 1]];
    }
    if (what === 2) {
      const [from, to] = [below(held.length), below(held.length)];
      held.splice(to, 0, ...held.splice(from, 1));
      return [-3, slot, from, to];
    }
    const at = below(held.length);
    const order = Array.from({ length: held.length - at }, (_, n) => n);
    for (let n = order.length - 1; n > 0; n -= 1) {
      const other = below(n + 1);
      [order[n], order[other]] = [order[other], order[n]];
    }
    const old = held.slice(at);
    held.splice(at, order.length, ...order.map((n) => old[n]));
    return [-4, slot, at, order];
  }

  view.root = block(template(3, { named: true }));
  return {
    sources,
    whole,
    shape,
    html: () => html(view.root),
    patch: () => Array.from({ length: 1 + below(4) }, operation).flat(),
  };
}

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
const shown = (value, around) => (around?.[0] ?? '') + (value === null ? '' : String(value)) + (around?.[1] ?? '');
