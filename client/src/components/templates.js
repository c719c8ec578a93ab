// Templates: the fixed parts of markup, each fetched once and taken apart once. docs/patches.md says what is in one.

/** @typedef {[markup: string, places: any[][], space?: string]} Source a template as it comes */
/**
 * @typedef {object} Place where a value or a structure stands
 * @property {number} slot
 * @property {number} kind
 * @property {number} ref which of a block's nodes is the value's
 * @property {string} name of an attribute
 * @property {any} before the fixed text before a value; of a structure, the index of the child that is behind it
 * @property {any} after the fixed text behind a value
 * @property {boolean} frozen whether it is inside an element that is left alone
 * @property {boolean} special whether there is more to the attribute than its text
 * @property {boolean} whole whether a value is all of the attribute, which it can then remove
 * @property {Template[]} [templates] of a structure
 */
/** @typedef {{ name: string, ignored?: boolean, values: Place[], steps: Step[] }} Branch a node, and what is in it */
/** @typedef {Branch | Place} Step a node; or a structure, which stands before the next */
/**
 * @typedef {object} Template
 * @property {DocumentFragment} content what is copied
 * @property {Step[]} steps along its nodes
 * @property {Place[][]} slots the places of each
 */
/** @typedef {ReturnType<typeof createTemplates>} Templates */

import { learn, parse } from './markup.js';
import { SPECIAL } from './values.js';

/** The kind of a structure of rows. */
export const LIST = 4;
const IGNORED = '[data-ignore]';

/** @param {Source} source @returns {Template} */
function compile([markup, places, space]) {
  const content = parse(space ? `<${space}>${markup}</${space}>` : markup);
  if (space) content.replaceChildren(.../** @type {Node} */ (content.firstChild).childNodes);
  /** @type {Place[][]} */
  const slots = [];
  /** What stands at each node. @type {Map<Node, Place[]>} */
  const found = new Map();
  places.forEach(([slot, path, kind, ...rest], ref) => {
    const node = path.reduce((/** @type {Node} */ at, /** @type {number} */ index) => at.childNodes[index], content);
    const name = kind === 1 ? rest.shift() : '';
    const [before = '', after = ''] = rest;
    const place = {
      slot, kind, ref, name, before, after,
      frozen: !!(kind > 1 ? node : node.parentNode).closest?.(IGNORED),
      special: SPECIAL.test(name),
      whole: kind === 1 && !rest.length,
      templates: after && kind > 2 && (kind === LIST ? [after] : after).map(compile),
    };
    learn(name);
    (slots[slot] ??= []).push(place);
    found.set(node, [...(found.get(node) ?? []), place]);
  });

  /** @param {any} node @returns {Step[]} */
  const stepsOf = (node) => {
    const here = found.get(node) ?? [];
    const gaps = (/** @type {number} */ index) => here.filter(({ kind, before }) => kind > 2 && before === index);
    /** @type {Step[]} */
    const steps = [];
    node.childNodes.forEach((/** @type {any} */ child, /** @type {number} */ index) => steps.push(...gaps(index), {
      name: child.nodeName,
      ignored: child.matches?.(IGNORED),
      values: (found.get(child) ?? []).filter(({ kind }) => kind < 3),
      steps: stepsOf(child),
    }));
    steps.push(...gaps(node.childNodes.length));
    // Those behind the last that matters need no visit; only where a block ends has to be seen.
    return node === content ? steps : steps.slice(0, 1 + steps.findLastIndex((one) => 'kind' in one || one.values.length || one.steps.length));
  };
  // Nodes of the page's own document are copied faster. There, though, a video of the template's own might play.
  if (!content.querySelector('audio,video')) document.adoptNode(content);
  return { content, steps: stepsOf(content), slots };
}

/** Keeps what `load` gives. @param {(name: string) => Promise<Source>} load */
export function createTemplates(load) {
  /** @type {Map<string, Promise<void> & { template?: Template }>} */
  const all = new Map();

  /** Has a template brought, once. @param {string} name */
  function want(name) {
    const known = all.get(name);
    if (known) return known;
    /** @type {Promise<void> & { template?: Template }} */
    const coming = load(name).then((source) => void (coming.template = compile(source)));
    all.set(name, coming);
    coming.catch(() => all.delete(name)); // it may be there the next time
    return coming;
  }

  return {
    want,

    /** Throws a promise if it is not here yet. @param {string} name */
    get(name) {
      const coming = want(name);
      if (!coming.template) throw coming;
      return coming.template;
    },
  };
}
