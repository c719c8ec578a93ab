// Markup that comes from the server, as nodes; and which events are named in it.

/** Listened to from the start, whatever markup names. */
const ALWAYS = 'input change blur compositionstart compositionend'.split(' ');

/** @type {(event: Event) => void} */
let handle;

/** Listens to events before they get anywhere, for those that do not bubble, and where they have bubbled to. Adds no listener
 *  twice. @param {string} type */
function listen(type) {
  document.addEventListener(type, handle, true);
  document.addEventListener(type, handle);
}

/** Has events told. @param {typeof handle} act */
export function hear(act) {
  handle = act;
  ALWAYS.forEach(listen);
}

/** Listens to the event that is named by an attribute. @param {string} name of the attribute */
export const learn = (name) => /^spark-/.test(name) && listen(name.slice(6));

/** Looks into nodes that came as HTML: for the events that they name, and for styles, which a policy may have forbidden.
 *  @param {ParentNode} nodes */
export function scan(nodes) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (nodes.querySelectorAll('*'))) {
    element.getAttributeNames().forEach(learn);
    const style = element.getAttribute('style');
    if (style && element.style?.length === 0) element.style.cssText = style;
  }
}

/** Nodes that belong to a document in which nothing loads or runs. @param {string} markup @param {Element} [context] takes them
 *  @returns {DocumentFragment} */
export function parse(markup, context) {
  const template = document.createElement('template');
  const { content } = template;
  /** @type {any} */
  const parent = content.ownerDocument.importNode(context ?? template);
  parent.multiple = true; // or a select would choose one of its options
  parent.innerHTML = markup;
  const nodes = parent.content ?? content;
  nodes.append(...parent.childNodes);
  scan(nodes);
  return nodes;
}
