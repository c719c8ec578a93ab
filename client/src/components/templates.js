// Templates: the fixed parts of markup, each fetched once and taken apart once. docs/patches.md says what is in one.

/** @typedef {[markup: string, steps: any[], isForeign?: 1]} Source a template as it comes */
/**
 * @typedef {object} Place where a value stands
 * @property {number} site which of a block's nodes is the value's
 * @property {string} [attribute] without one, it is a text, or the markup in an element
 * @property {string} prefix the fixed text before a value
 * @property {string} suffix the fixed text behind it
 * @property {boolean} frozen whether it is inside an element that is left alone
 * @property {boolean} whole whether a value is all of the attribute, which it can then remove
 */
/**
 * @typedef {object} Gap where a structure stands: before the next node
 * @property {number} kind
 * @property {number} number of the slot
 * @property {boolean} frozen
 * @property {Template[]} templates
 * @property {undefined} [steps] it has none
 */
/** @typedef {{ tag: string, ignored?: boolean, marks: Place[], steps: Step[], kind?: undefined }} Branch a node, and what is in it */
/** @typedef {Branch | Gap} Step */
/**
 * @typedef {object} Template
 * @property {DocumentFragment} content
 * @property {boolean} isFlat whether there is nothing in it but values, that are no more than they show
 * @property {any} [model] then, a use of it that is copied
 * @property {Step[]} steps along its nodes
 * @property {(Place[] | Gap)[]} slots the places of each
 */
/** @typedef {ReturnType<typeof createTemplates>} Templates */

import { learn, parse } from './markup.js';
import { SPECIAL } from './values.js';

/** The kinds of structures: one of several templates, rows, a template that is named when it comes, a component. */
export const LIST = 2;
export const PART = 4;

/** @param {Source} source @returns {Template} */
function compile([markup, all, isForeign]) {
  const content = parse(markup);
  if (isForeign) content.replaceChildren(.../** @type {Node} */ (content.firstChild).childNodes);
  /** @type {any[]} */
  const slots = [];
  let site = 0;

  /** @param {any} node the first @param {any[]} steps @param {boolean} frozen @returns {any[]} */
  const along = (node, steps, frozen) => steps.map((step) => {
    const [inside, ...rest] = step || [[]];
    if (inside > 0) {
      const [number, ...templates] = rest;
      return (slots[number] = { kind: inside, number, frozen, templates: templates.map(compile) });
    }
    const { nodeName, firstChild } = node;
    const ignored = node.matches?.('[data-ignore]');
    const marks = rest.map((/** @type {any[]} */ [number, attribute, prefix = '', suffix]) => {
      const place = { site: site++, attribute, prefix, suffix: suffix ?? '', frozen: frozen || (!attribute && ignored), whole: attribute && suffix == null };
      learn(attribute);
      (slots[number] ??= []).push(place);
      return place;
    });
    node = node.nextSibling;
    return { tag: nodeName, ignored, marks, steps: along(firstChild, inside, frozen || ignored) };
  });
  const steps = along(content.firstChild, all, false);
  return { content, steps, slots, isFlat: slots.every((places) => !places.kind && places.every((/** @type {any} */ { attribute }) => !SPECIAL.test(attribute))) };
}

/** Keeps what `load` gives. @param {(name: string) => Promise<Source>} load */
export function createTemplates(load) {
  /** @type {Map<string, Template | Promise<any>>} */
  const all = new Map();

  /** A template, brought once: a promise until it is here. @param {string} name */
  return (name) => {
    let template = all.get(name);
    if (!template) {
      all.set(name, (template = load(name).then((source) => all.set(name, compile(source)))));
      template.catch(() => all.delete(name)); // it may be there the next time
    }
    return template;
  };
}
