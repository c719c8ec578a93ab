// Templates: the fixed parts of markup, each fetched once and taken apart once. docs/patches.md says what is in one.

/** @typedef {[markup: string, places: any[][], space?: string]} Source a template as it comes */
/**
 * @typedef {object} Place where a value stands
 * @property {number} ref which of a block's nodes
 * @property {number} kind
 * @property {string} name of an attribute
 * @property {string} before the fixed text before it
 * @property {string} after and behind it
 * @property {boolean} whole whether it is all of an attribute, which it can then remove
 * @property {boolean} special whether there is more to the attribute than its text
 * @property {boolean} frozen whether it is inside an element that is left alone
 */
/**
 * @typedef {object} Gap where a structure stands
 * @property {number} [kind]
 * @property {number} [parent] which of a block's nodes it is in; -1 for the outermost level
 * @property {number} [anchor] which of them is behind it; -1 if it is the last in its element
 * @property {Template[]} [templates]
 * @property {boolean} [frozen]
 */
/** @typedef {{ ref: number, kids: Branch[] }} Branch a node: which of a block's it is, or -1; and its children that matter */
/**
 * @typedef {object} Template
 * @property {Node} content what is copied: one node, or a fragment
 * @property {Branch} tree of the content
 * @property {(Place[] | Gap)[]} slots
 */
/** @typedef {ReturnType<typeof createTemplates>} Templates */

import { learn, parse } from './markup.js';
import { SPECIAL } from './values.js';

/** Thrown where a template is needed that is not here yet. */
export class Missing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }
}

/** @param {Source} source @returns {Template} */
function compile([markup, places, space]) {
  const fragment = parse(space ? `<${space}>${markup}</${space}>` : markup);
  if (space) fragment.replaceChildren(.../** @type {Node} */ (fragment.firstChild).childNodes);
  /** @type {Node[]} */
  const kept = [];
  /** @param {Node | undefined} node */
  const keep = (node) => (node ? (kept.includes(node) || kept.push(node), kept.indexOf(node)) : -1);
  /** @param {any} node */
  const isClosed = (node) => !!node?.closest?.('[data-ignore]');

  /** @type {any[]} */
  const slots = [];
  for (const [slot, path, kind, ...rest] of places) {
    const node = path.reduce((/** @type {Node} */ at, /** @type {number} */ index) => at.childNodes[index], fragment);
    if (kind > 2) {
      slots[slot] = {
        kind,
        parent: path.length ? keep(node) : -1,
        anchor: keep(node.childNodes[rest[0]]),
        templates: rest[1] && (kind === 3 ? rest[1] : [rest[1]]).map(compile),
        frozen: isClosed(node),
      };
    } else {
      const name = kind === 1 ? rest.shift() : '';
      learn(name);
      const frozen = isClosed(kind === 2 ? node : node.parentNode);
      const whole = kind === 1 && !rest.length;
      const [before = '', after = ''] = rest;
      (slots[slot] ??= []).push({ ref: keep(node), kind, name, before, after, whole, special: SPECIAL.test(name), frozen });
    }
  }

  const content = fragment.childNodes.length === 1 ? /** @type {Node} */ (fragment.firstChild) : fragment;
  /** @param {Node} node @returns {Branch} */
  const branch = (node) => {
    const kids = [...node.childNodes].map(branch);
    kids.length = kids.findLastIndex((kid) => kid.ref >= 0 || kid.kids.length) + 1;
    return { ref: kept.indexOf(node), kids };
  };
  const tree = branch(content);
  // Nodes of the page's own document are copied faster. There, though, a video of the template's own might play.
  if (!fragment.querySelector('audio,video')) document.adoptNode(fragment);
  return { content, tree, slots };
}

/** Keeps what `load` gives. @param {(name: string) => Promise<Source>} load */
export function createTemplates(load) {
  /** @type {Map<string, Template | Promise<any>>} */
  const all = new Map();

  return {
    /** @param {string} name */
    get(name) {
      const template = all.get(name);
      if (!template || template instanceof Promise) throw new Missing(name);
      return template;
    },

    /** Has it brought, once. @param {string} name @returns {Promise<any>} */
    async want(name) {
      if (!all.has(name)) all.set(name, load(name).then((source) => void all.set(name, compile(source))));
      try {
        await all.get(name);
      } catch (error) {
        all.delete(name); // it may be there the next time
        throw error;
      }
    },
  };
}
