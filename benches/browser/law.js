// Plays histories in the page, by the client as it is served, and checks the law after each patch.

const inert = document.implementation.createHTMLDocument('');

/** What a browser parses from markup: where no policy forbids a style, unless a `noscript` would be another thing there. */
function parsed(html) {
  const element = (html.includes('<noscript') ? document : inert).createElement('div');
  element.innerHTML = html;
  return element;
}

/** The children of a node; empty texts are none, and in views of strings texts may stand side by side. */
function childrenOf(node, joins) {
  const children = [];
  for (const child of (node.content ?? node).childNodes) {
    const isText = child.nodeType === Node.TEXT_NODE;
    if (isText && !child.data) continue;
    const before = children.at(-1);
    if (isText && joins && before?.text !== undefined) before.text += child.data;
    else children.push(isText ? { text: child.data } : { node: child });
  }
  return children;
}

const PROPERTIES = { input: ['value', 'checked'], textarea: ['value'], video: ['muted'], details: ['open'] };

/** Where two trees differ, or null. */
function difference(seen, expected, joins, isRoot = true) {
  const say = (what, one, other) => `${what}: ${JSON.stringify(one)}, not ${JSON.stringify(other)}, in ${seen.outerHTML?.slice(0, 300)}`;
  if (seen.nodeType !== expected.nodeType || seen.nodeName !== expected.nodeName || seen.namespaceURI !== expected.namespaceURI) {
    return say('a node', `${seen.namespaceURI} ${seen.nodeName}`, `${expected.namespaceURI} ${expected.nodeName}`);
  }
  if (seen.nodeType !== Node.ELEMENT_NODE) return seen.nodeValue === expected.nodeValue ? null : say('a comment', seen.nodeValue, expected.nodeValue);
  if (!isRoot) {
    const attributes = (element) => [...element.attributes].map(({ namespaceURI, name, value }) => `${namespaceURI ?? ''} ${name}=${value}`).sort();
    const [one, other] = [attributes(seen), attributes(expected)];
    if (one.join('\n') !== other.join('\n')) return say('attributes', one, other);
    for (const name of PROPERTIES[seen.localName] ?? []) if (seen[name] !== expected[name]) return say(name, seen[name], expected[name]);
    if (isClosed(seen)) return null;
  }
  const [ours, theirs] = [childrenOf(seen, joins), childrenOf(expected, joins)];
  if (ours.length !== theirs.length) return say('children', seen.innerHTML, expected.innerHTML);
  for (const [at, our] of ours.entries()) {
    const their = theirs[at];
    if (our.text !== their.text) return say('a text', our.text ?? our.node.outerHTML, their.text ?? their.node.outerHTML);
    const found = our.node && difference(our.node, their.node, joins, false);
    if (found) return found;
  }
  return null;
}

/** Elements by their keys: in a view all that have one in the page, in a view of strings those among siblings. */
function keyed(root, isStrings) {
  const found = new Map();
  for (const element of root.querySelectorAll(isStrings ? '[data-key]' : '[data-k]')) {
    const key = element.dataset.k ?? element.dataset.key;
    const group = isStrings ? element.parentNode : root;
    if (!found.has(group)) found.set(group, new Map());
    const keys = found.get(group);
    keys.set(key, keys.has(key) ? null : element); // twice is an application's mistake
  }
  return found;
}

/** A key whose element has become another, or undefined. */
function lost(before, after) {
  for (const [group, keys] of after) {
    for (const [key, element] of keys) {
      const was = before.get(group)?.get(key);
      if (was && element && was !== element && was.localName === element.localName) return key;
    }
  }
}

/** Of each select: what is chosen, and what markup says should be. */
function choices(root) {
  const marked = (select) => [...select.options].filter((option) => option.hasAttribute('selected'));
  return [...root.querySelectorAll('select')].filter((select) => select.options).map((select) => ({ select, chosen: select.options[select.selectedIndex], marked: marked(select) }));
}

/** A select that does not show what it should: what markup chooses, if it says so anew, and else what was chosen. */
function misled(before, root, expected) {
  const [now, fresh] = [choices(root), choices(expected)];
  return now.find(({ select, chosen, marked }, at) => {
    const was = before.find((one) => one.select === select);
    const isSaidAnew = !was || was.marked.length !== marked.length || was.marked.some((option, index) => option !== marked[index]);
    if (isSaidAnew) return marked.length && select.selectedIndex !== fresh[at].select.selectedIndex;
    return select.contains(was.chosen ?? null) && was.chosen !== chosen;
  });
}

const command = (id) => JSON.stringify({ type: 'component_command', component_id: id, command: 'dispatch', event: 'settled' });

/** Says frames to the client, and waits until all of them are done, or it asks for the view anew. */
async function settle(id, ...frames) {
  const settled = new Promise((resolve) => {
    addEventListener('settled', resolve, { once: true, capture: true });
    socket.onresync = resolve;
  });
  for (const frame of [...frames, command(id)]) socket.say(frame);
  await settled;
}

/** The page before the first patch: `[element, number of the component]`. */
async function open({ isBuilt, shape, old, components, whole }) {
  const element = document.createElement('div');
  element.dataset.shape = isBuilt ? '[0]' : shape;
  element.dataset.spark = 'token';
  if (!isBuilt) element.innerHTML = old;
  document.body.replaceChildren(element);
  const id = socket.components + 1;
  socket.answer = isBuilt ? [JSON.parse(whole)] : components;
  spark.mount();
  do await new Promise((resolve) => setTimeout(resolve));
  while (element.matches('.spark-loading'));
  await settle(id);
  return [element, id];
}

/** Plays a history: `{passed, operations, changes, failure}`. */
async function play(history) {
  const isStrings = history.shape.startsWith('["",');
  const done = { passed: 0, changes: 0, exact: 0 };
  const fails = (step, what) => ({ ...done, failure: { history: history.name, step, what, ...history.steps[step] } });
  const resyncs = socket.resyncs;
  const [element, id] = await open(history);
  const model = isStrings ? new StringModel(history.old) : new ViewModel(history.templates);
  if (!isStrings) {
    model.apply(JSON.parse(history.whole));
    if (!history.isBuilt) model.forget();
  }
  const first = difference(element, parsed(history.old), isStrings);
  if (first) return fails(-1, first);

  const changes = [];
  const observer = new MutationObserver((records) => changes.push(...records));
  observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
  try {
    for (const [step, { patch, new: html }] of history.steps.entries()) {
      const before = keyed(element, isStrings);
      const chosen = choices(element);
      if (patch) await settle(id, `[${id},${patch}]`);
      changes.push(...observer.takeRecords());
      const count = changes.splice(0).length;
      const [least, most] = patch ? model.apply(JSON.parse(patch)) : [0, 0];
      if (socket.resyncs !== resyncs) return fails(step, 'the client asked for the view anew');
      const expected = parsed(html);
      const found = difference(element, expected, isStrings);
      if (found) return fails(step, found);
      const wrong = misled(chosen, element, expected);
      if (wrong) return fails(step, `another option is chosen: ${wrong.chosen?.outerHTML} in ${wrong.select.outerHTML.slice(0, 300)}`);
      const isWhole = patch.startsWith('[-6,');
      const key = isWhole ? undefined : lost(before, keyed(element, isStrings));
      if (key !== undefined) return fails(step, `the element with the key ${key} is another one`);
      if (count < least || count > most) return fails(step, `${count} changes of the page, not ${least === most ? least : `${least} to ${most}`}`);
      done.passed += 1;
      done.changes += count;
      done.exact += least === most ? 1 : 0;
    }
  } finally {
    observer.disconnect();
  }
  return done;
}

globalThis.playAt = async (path) => play(await (await fetch(path)).json());
