// Templates: the fixed parts of markup, each fetched once and taken apart once. docs/patches.md says what is in one.

/** @typedef {[markup: string, places: any[][], space?: string]} Source a template as it comes */
/**
 * @typedef {object} Place where a value or a structure stands
 * @property {number} number of the slot
 * @property {number} kind
 * @property {number} ref which of a block's nodes is the value's
 * @property {string} name of an attribute
 * @property {any} prefix the fixed text before a value; of a structure, the index of the child that is behind it
 * @property {any} suffix the fixed text behind a value
 * @property {boolean} frozen whether it is inside an element that is left alone
 * @property {boolean} special whether there is more to the attribute than its text
 * @property {boolean} whole whether a value is all of the attribute, which it can then remove
 * @property {Template[]} [templates] of a structure
 * @property {undefined} [steps] it has none
 */
/** @typedef {{ name: string, ignored?: boolean, marks: Place[], steps: Step[], kind?: undefined }} Branch a node, and what is in it */
/** @typedef {Branch | Place} Step a node; or a structure, which stands before the next */
/**
 * @typedef {object} Template
 * @property {Node[]} models what is copied, and perhaps many of it at once
 * @property {Step[]} steps along its nodes
 * @property {Place[][]} slots the places of each
 */
/** @typedef {Promise<Template> & { template?: Template }} Coming */
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
    const [prefix = '', suffix = ''] = rest;
    const place = {
      number: slot, kind, ref, name, prefix, suffix,
      frozen: !!(kind > 1 ? node : node.parentNode).closest?.(IGNORED),
      special: SPECIAL.test(name),
      whole: kind === 1 && !rest.length,
      templates: suffix && kind > 2 && (kind === LIST ? [suffix] : suffix).map(compile),
    };
    learn(name);
    (slots[slot] ??= []).push(place);
    found.set(node, [...(found.get(node) ?? []), place]);
  });

  /** @param {any} node @returns {Step[]} */
  const stepsOf = (node) => {
    const here = found.get(node) ?? [];
    const gaps = (/** @type {number} */ index) => here.filter(({ kind, prefix }) => kind > 2 && prefix === index);
    /** @type {Step[]} */
    const steps = [];
    node.childNodes.forEach((/** @type {any} */ child, /** @type {number} */ index) => steps.push(...gaps(index), {
      name: child.nodeName,
      ignored: child.matches?.(IGNORED),
      marks: (found.get(child) ?? []).filter(({ kind }) => kind < 3),
      steps: stepsOf(child),
    }));
    steps.push(...gaps(node.childNodes.length));
    // Those behind the last that matters need no visit; only where a block ends has to be seen.
    return node === content ? steps : steps.slice(0, 1 + steps.findLastIndex((one) => !one.steps || one.marks.length || one.steps.length));
  };
  return { models: [content], steps: stepsOf(content), slots };
}

/** Keeps what `load` gives. @param {(name: string) => Promise<Source>} load */
export function createTemplates(load) {
  /** @type {Map<string, Coming>} */
  const all = new Map();

  /** A template, brought once: a promise that has it, as soon as it is here. @param {string} name */
  return (name) => {
    /** @type {any} */
    let coming = all.get(name);
    if (!coming) {
      all.set(name, (coming = load(name).then((source) => (coming.template = compile(source)))));
      coming.catch(() => all.delete(name)); // it may be there the next time
    }
    return /** @type {Coming} */ (coming);
  };
}
