// Templates: the fixed parts of markup, each fetched once and taken apart once. docs/patches.md says what is in one.

/** @typedef {[markup: string, places: any[][], space?: string]} Source a template as it comes */
/**
 * @typedef {object} Place where a value stands
 * @property {number} ref which of a block's nodes
 * @property {number} kind
 * @property {string} name of an attribute
 * @property {[string, string] | undefined} around the fixed texts before and behind it
 * @property {boolean} live whether it is to be written anew in a copy, because a copy does not have all of it
 * @property {boolean} frozen whether it is inside an element that is left alone
 */
/**
 * @typedef {object} Gap where a structure stands
 * @property {number} kind
 * @property {number} parent which of a block's nodes it is in; -1 for the outermost level
 * @property {number} anchor which of them is behind it; -1 if it is the last in its element
 * @property {Template[]} templates
 * @property {boolean} frozen
 */
/**
 * @typedef {object} Branch a node of the markup with something in it that is to be found
 * @property {Node} node
 * @property {number} ref which of a block's nodes, or -1
 * @property {Branch[]} kids by index; with holes
 * @property {number[]} gaps the slots of structures, by the index of the child behind; with holes
 * @property {boolean} slotted whether it is the text of a slot
 * @property {boolean} closed whether what is inside it is left alone
 */
/**
 * @typedef {object} Template
 * @property {Node} content what is copied: one node, or a fragment
 * @property {Branch} root
 * @property {(Place[] | Gap)[]} slots
 * @property {number} count how many nodes a block keeps
 * @property {number} head which of a block's nodes is its first
 * @property {number} tail and its last
 */
/** @typedef {ReturnType<typeof createTemplates>} Templates */

/** Thrown where a template is needed that is not here yet. */
export class Missing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }
}

/** For where the page or the patch is not what the other is for. Which it is does not matter: the whole view comes then.
 *  @returns {never} */
export function misfit() {
  throw new Error('a patch for another page');
}

// What a parser sets and a copied node or an attribute does not.
const LIVE = /^(value|checked|selected|open|muted|style|(xlink|xml):.*|xmlns.*)$/;

/** Markup as nodes, that belong to a document in which nothing loads or runs. @param {string} markup @param {Element} [context] */
export function parse(markup, context) {
  const template = document.createElement('template');
  if (!context) template.innerHTML = markup;
  else {
    const parent = /** @type {Element} */ (template.content.ownerDocument.importNode(context, false));
    parent.innerHTML = markup;
    template.content.append(...parent.childNodes);
  }
  return template.content;
}

/** @param {Source} source @returns {Template} */
export function compile([markup, places, space]) {
  const fragment = parse(space ? `<${space}>${markup}</${space}>` : markup);
  if (space) fragment.replaceChildren(.../** @type {Node} */ (fragment.firstChild).childNodes);
  let count = 0;

  /** @param {Node} node @param {boolean} [frozen] @returns {Branch} */
  const branch = (node, frozen = false) => {
    const closed = frozen || (node instanceof Element && node.hasAttribute('data-ignore'));
    return { node, ref: -1, kids: [], gaps: [], slotted: false, closed };
  };
  const root = branch(fragment);
  /** @param {Branch} from @param {number[]} path */
  const reach = (from, path) =>
    path.reduce((at, index) => {
      const node = at.node.childNodes[index];
      if (!node) misfit();
      return (at.kids[index] ??= branch(node, at.closed));
    }, from);
  /** @param {Branch} at */
  const keep = (at) => (at.ref < 0 ? (at.ref = count++) : at.ref);

  const head = keep(reach(root, [0]));
  const tail = keep(reach(root, [fragment.childNodes.length - 1]));
  /** @type {(Place[] | Gap)[]} */
  const slots = [];
  for (const [slot, path, kind, ...rest] of places) {
    const at = reach(root, path);
    if (kind > 2) {
      const behind = rest[0] < at.node.childNodes.length;
      at.gaps[rest[0]] = slot;
      slots[slot] = {
        kind,
        parent: at === root ? -1 : keep(at),
        anchor: behind ? keep(reach(at, [rest[0]])) : -1,
        templates: kind === 3 ? rest[1].map(compile) : kind === 4 ? [compile(rest[1])] : [],
        frozen: at.closed,
      };
    } else {
      const name = kind === 1 ? rest.shift() : '';
      const [before = '', after = ''] = rest;
      // An attribute is not inside its element.
      const outer = kind === 1 ? reach(root, path.slice(0, -1)) : at;
      at.slotted ||= kind === 0;
      /** @type {Place[]} */ (slots[slot] ??= []).push({
        ref: keep(at),
        kind,
        name,
        around: rest.length ? [before, after] : undefined,
        live: LIVE.test(name),
        frozen: outer.closed,
      });
    }
  }

  // Nodes of the page's own document are copied faster. There, though, a video of the template's own might play.
  if (!fragment.querySelector('audio,video')) document.adoptNode(fragment);
  const content = head === tail ? /** @type {Node} */ (fragment.firstChild) : fragment;
  return { content, root, slots, count, head, tail };
}

/** Keeps what `load` gives. @param {(name: string) => Promise<Source>} load @param {(template: Template) => void} learn */
export function createTemplates(load, learn) {
  /** @type {Map<string, Template>} */
  const all = new Map();
  /** @type {Map<string, Promise<void>>} */
  const coming = new Map();

  return {
    /** @param {string} name */
    get(name) {
      const template = all.get(name);
      if (!template) throw new Missing(name);
      return template;
    },

    /** Has it brought, once. @param {string} name */
    want(name) {
      let promise = coming.get(name);
      if (!promise) {
        promise = load(name).then((source) => {
          const template = compile(source);
          learn(template);
          all.set(name, template);
        });
        coming.set(name, promise);
        // One that failed may be there the next time.
        promise.catch(() => coming.delete(name));
      }
      return promise;
    },
  };
}
