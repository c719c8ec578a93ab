// Markup that comes from the server, as nodes; and which events are named in it.

/** The DOM events that are listened to. @type {Set<string>} */
const heard = new Set();
/** @type {(event: Event) => void} */
let listener;

/** Has these events told, and from then on all that markup names. @param {string[]} types @param {typeof listener} act */
export function hear(types, act) {
  listener = act;
  for (const type of types) listen(type, false);
}

/** @param {string} type @param {boolean} capture */
function listen(type, capture) {
  if (heard.has(type)) return;
  heard.add(type);
  document.addEventListener(type, (event) => listener?.(event), capture);
}

/** Listens to the event that is named by an attribute. @param {string} name of the attribute */
export const learn = (name) => name.startsWith('spark-') && listen(name.slice(6), true);

/** Looks into nodes that came as HTML: for the events that they name, and for styles, which a policy may have forbidden.
 *  @param {ParentNode} nodes */
export function scan(nodes) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (nodes.querySelectorAll('*'))) {
    element.getAttributeNames().forEach(learn);
    const style = element.getAttribute('style');
    if (style && element.style && !element.style.length) element.style.cssText = style;
  }
}

/** Nodes that belong to a document in which nothing loads or runs. @param {string} markup @param {Element} [context] takes them */
export function parse(markup, context) {
  const template = document.createElement('template');
  if (context) {
    const parent = /** @type {any} */ (template.content.ownerDocument.importNode(context));
    parent.multiple = true; // or a select would choose one of its options
    parent.innerHTML = markup;
    template.content.append(...parent.childNodes);
  } else template.innerHTML = markup;
  scan(template.content);
  return template.content;
}
