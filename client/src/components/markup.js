// Markup that comes from the server, as nodes; and which events are named in it.

/** Listened to from the start, where they have bubbled to; all others are when markup names them, and before they get anywhere. */
const BUBBLING = ['click', 'input', 'change', 'submit', 'keydown', 'keyup', 'focusin', 'focusout', 'compositionstart', 'compositionend'];

/** @type {(event: Event) => void} */
let handle;

/** Adds no listener twice. @param {string} type */
const listen = (type) => document.addEventListener(type, handle, !BUBBLING.includes(type));

/** Has events told. @param {typeof handle} act */
export function hear(act) {
  handle = act;
  BUBBLING.forEach(listen);
}

/** Listens to the event that is named by an attribute; of the focus, `focusin` and `focusout` tell.
 *  @param {string} name of the attribute */
export const learn = (name) => /^spark-(?!focus$|blur$)/.test(name) && listen(name.slice(6));

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
