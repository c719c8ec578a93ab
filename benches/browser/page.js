// Measures one update in the page: by the client as it is served, and by what takes whole HTML.

/** The page before the update, found by the client; `[element, number of the component]`. */
async function before(update) {
  const element = document.createElement('div');
  element.dataset.shape = update.shape;
  element.dataset.spark = 'token';
  element.innerHTML = update.old;
  document.body.replaceChildren(element);
  const id = socket.components + 1;
  spark.mount();
  await replied(element);
  // An empty patch: now, and not while something is measured, the component of the round before is found to have left the page.
  socket.say(`[${id},[]]`);
  await done(id);
  return [element, id];
}

/** What was said before is done, since it is done in order. */
function done(id) {
  return new Promise((resolve) => {
    addEventListener('settled', () => resolve(performance.now()), { once: true, capture: true });
    socket.say(JSON.stringify({ type: 'component_command', component_id: id, command: 'dispatch', event: 'settled' }));
  });
}

async function replied(element) {
  do await new Promise((resolve) => setTimeout(resolve, 1));
  while (element.matches('.spark-loading'));
}

/** The same nodes, and no other, once texts are joined as a parser joins them. */
function shows(element, html) {
  const [seen, expected] = [element.cloneNode(true), document.createElement('div')];
  expected.innerHTML = html;
  for (const { name } of [...seen.attributes]) seen.removeAttribute(name);
  seen.normalize();
  return seen.isEqualNode(expected);
}

const identified = (element) => new Map([...element.querySelectorAll('[id]')].map((node) => [node.id, node]));

/** Whether the law holds, and by how many changes of the page. */
async function check(update) {
  const [element, id] = await before(update);
  if (!shows(element, update.old)) return { equal: false, kept: false, mutations: 0 };
  const nodes = identified(element);
  let mutations = 0;
  const observer = new MutationObserver((records) => (mutations += records.length));
  observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
  if (update.patch) socket.say(`[${id},${update.patch}]`);
  await done(id);
  mutations += observer.takeRecords().length;
  observer.disconnect();
  const kept = [...identified(element)].every(([name, node]) => (nodes.get(name) ?? node) === node);
  return { equal: shows(element, update.new) && !socket.resyncs, kept, mutations };
}

const ways = {
  lazuli: (update, element, id) => update.patch && socket.say(`[${id},${update.patch}]`),
  innerHTML: (update, element) => { element.innerHTML = update.new; },
  morphdom: (update, element) => { morphdom(element.firstElementChild, update.new); },
  idiomorph: (update, element) => { Idiomorph.morph(element.firstElementChild, update.new, { morphStyle: 'outerHTML' }); },
};

/** The law, and the shortest times of script in µs. */
async function measure(update, rounds) {
  const found = { ...(await check(update)), times: {} };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const [element, id] = await before(update);
      const start = performance.now();
      way(update, element, id);
      // The client does it in a task of its own that comes at once.
      const time = 1000 * ((name === 'lazuli' ? await done(id) : performance.now()) - start);
      found.times[name] = Math.min(found.times[name] ?? Infinity, time);
    }
  }
  return found;
}

globalThis.measure = measure;
