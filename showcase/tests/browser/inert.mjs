// Hostile texts in every context of a page, in the first render and in patches, with a policy and without one: they stay
// texts. The page is `showcase/examples/inert.rs`.

import { spawn } from 'node:child_process';
import { check, equal, option } from '../lib.mjs';
import { becomes, browserName, complaints, isLive, open, test } from './world.mjs';

const { CARGO_TARGET_DIR: target = new URL('../../../target', import.meta.url).pathname } = process.env;
const command = option('inert', `${target}/release/examples/inert`);

let origin;
/** A path of the example, which is started when it is first needed. It ends when its standard input does. */
async function site(path) {
  origin ??= new Promise((resolve, reject) => {
    const child = spawn(command, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.on('error', reject);
    child.stdout.once('data', (line) => resolve(`http://${String(line).trim()}`));
    for (const handle of [child, child.stdin, child.stdout]) handle.unref();
  });
  return `${await origin}${path}`;
}

let number = 0; // of texts that were said
async function say(text) {
  const { status } = await fetch(await site('/say'), { method: 'POST', body: text });
  equal(status, 204, 'the answer to what was said');
  number += 1;
}

// What a script that got into a page does, from a frame too. It needs no quotes.
const RUN = 'top.postMessage(1,String.fromCharCode(42))';
const IMG = `<img src=x onerror=${RUN}>`;

const MARKUP = [
  `"><img src=x onerror=${RUN}>`, `'>${IMG}`, `\`>${IMG}`, `>${IMG}`, IMG,
  `<script>${RUN}</script>`, `</script><script>${RUN}</script>`, `</script >${IMG}`,
  ...['textarea', 'title', 'style', 'select', 'option', 'noscript', 'template', 'iframe', 'xmp', 'pre', 'svg', 'math', 'mtext', 'foreignObject', 'desc', 'td', 'table', 'p', 'a', 'main', 'body', 'html'].map((name) => `</${name}>${IMG}`),
  `<svg onload=${RUN}>`, `<svg><script>${RUN}</script></svg>`, `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${RUN}"><text>x</text></a></svg>`, `<svg><style>${IMG}</style></svg>`, `<svg><desc>${IMG}`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RUN}&gt;">`,
  `<math href="javascript:${RUN}">x</math>`, `<template>${IMG}</template>`, `<noscript><p title="</noscript>${IMG}">`,
  `<!-->${IMG}-->`, `-->${IMG}`, `--!>${IMG}`, '<!--', `]]>${IMG}`, `<![CDATA[${IMG}]]>`, `<?x ${IMG}?>`, `</${IMG}`,
  `<iframe srcdoc="<script>${RUN}</script>"></iframe>`, `<form><button formaction=javascript:${RUN}>x</button></form>`,
  `<a href=javascript:${RUN}>x</a>`, `<object data=javascript:${RUN}>`, `<base href=javascript:/${RUN}//>`,
  `<input autofocus onfocus=${RUN}>`, `<details open ontoggle=${RUN}>`, `<body onload=${RUN}>`, `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  `" onmouseover="${RUN}" x="`, `' onfocus='${RUN}' autofocus x='`, `\` onfocus=${RUN} autofocus \``, `x onfocus=${RUN} autofocus tabindex=1`,
  `" srcdoc="<script>${RUN}</script>" x="`, `" style="background:url(javascript:${RUN})" x="`, `" spark-click="none" data-ignore x="`,
  `<\0img src=x onerror=${RUN}>`, `<img\0 src=x onerror=${RUN}>`, `\0"><\0script>${RUN}</script>`, `\0`,
  `\r"\r\n>\r${IMG}\r`, `\n${IMG}`, `\n\n`, `\u2028\u2029${IMG}`, `\ufeff${IMG}`, `\u0085\u00a0\u200b${IMG}`, `\u202e${IMG}`, `\x7f\x1b[31m${IMG}`,
  `&lt;img src=x onerror=${RUN}&gt;`, `&#60;img src=x onerror=${RUN}&#62;`, `&quot;&gt;&lt;img src=x onerror=${RUN}&gt;`, '&', '&amp;lt;', '&#0;', '&notin;&copy',
  `{{constructor.constructor('${RUN}')()}}`, `\${${RUN}}`, `<%= ${RUN} %>`, '__proto__', 'constructor',
];

const SCRIPT = `javascript:${RUN}`;
const base64 = (text) => Buffer.from(text).toString('base64');
const ADDRESSES = [
  SCRIPT, `JaVaScRiPt:${RUN}`, ` ${SCRIPT}`, `\t${SCRIPT}`, `\n\r ${SCRIPT}`, `java\tscript:${RUN}`, `java\nscript:${RUN}`, `j\ra\rv\rascript:${RUN}`,
  `javascript\t:${RUN}`, `javascript\n\r:${RUN}`, `\x01${SCRIPT}`, `\x1f \x08${SCRIPT}`, `\0${SCRIPT}`, `java\0script:${RUN}`, `javascript\0:${RUN}`,
  `javascript&colon;${RUN}`, `&#106;avascript:${RUN}`, `javascript&#58;${RUN}`, `jav&#x09;ascript:${RUN}`, `&Tab;${SCRIPT}`, `java&NewLine;script:${RUN}`,
  `javascript://%0a${RUN}`, `javascript:/*http://x*/${RUN}`, `javascript:%74op.postMessage(1,String.fromCharCode(42))`, `javascript:'<script>${RUN}</script>'`,
  `\u2028${SCRIPT}`, `\ufeff${SCRIPT}`, `\u00a0${SCRIPT}`, `\uff4aavascript:${RUN}`, `javascr\u0131pt:${RUN}`, `java\u00adscript:${RUN}`, `"${SCRIPT}`, `url(${SCRIPT})`, `:${SCRIPT}`,
  `vbscript:${RUN}`, `VBSCRIPT:${RUN}`, `livescript:${RUN}`, `view-source:${SCRIPT}`, `feed:${SCRIPT}`, `jar:${SCRIPT}`, `blob:${SCRIPT}`, `filesystem:${SCRIPT}`, `about:${SCRIPT}`,
  `data:text/html,<script>${RUN}</script>`, `DATA:TEXT/HTML,<script>${RUN}</script>`, `data:text/html;base64,${base64(`<script>${RUN}</script>`)}`,
  ` da\tta:text/html,<script>${RUN}</script>`, `data:,<script>${RUN}</script>`, `data:text/javascript,${RUN}`,
  `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"/>`, `data:image/svg+xml;base64,${base64(`<svg xmlns="http://www.w3.org/2000/svg" id="x"><script>${RUN}</script></svg>`)}#x`,
  `data:application/xhtml+xml,<script xmlns="http://www.w3.org/1999/xhtml">${RUN}</script>`, `data:image/png,<svg onload=${RUN}>`, `data:image/png/svg+xml,<svg onload=${RUN}>`,
];

const STYLES = [
  `background:url(${SCRIPT})`, `background:url("java\\script:${RUN}")`, `width:expression(${RUN})`, `behavior:url(#x)`, `color:red}</style>${IMG}`, `color:red"onmouseover="${RUN}`,
  `-moz-binding:url(#x)`, `@import '${SCRIPT}';color:red`, `list-style-image:url(&#106;avascript:${RUN})`, `--x:${RUN};color:var(--x)`,
];

/** What there is to see of a page's component: elements with the names of their attributes, how often the text stands there as it
 *  was said, addresses that run something, all nodes, and what was executed. */
const look = (page, said) => page.evaluate((text) => {
  const main = document.querySelector('main').cloneNode(true);
  // Under a policy styles do not come with the page, and a style that means nothing is none.
  for (const element of main.querySelectorAll('.styled')) element.remove();
  for (const element of main.querySelectorAll('.spark-loading')) {
    element.classList.remove('spark-loading');
    if (!element.classList.length) element.removeAttribute('class');
  }
  const ADDRESS = /^(.*:)?(href|src|action|formaction|data|poster|cite|srcdoc|srcset|background|ping)$/;
  const found = { shape: [], shown: [], runs: [], executed: window.executed, all: [] };
  const walk = (node) => {
    if (node.nodeType !== 1) found.all.push(node.data);
    if (node.nodeType === 3 && node.data === text) found.shown.push(node.parentNode.nodeName);
    if (node.nodeType === 8 && node.data) found.shape.push(`a comment: ${node.data}`);
    if (node.nodeType !== 1) return;
    for (const name of ['data-spark', 'data-shape', 'style']) node.removeAttribute(name);
    const attributes = [];
    found.shape.push(`${node.namespaceURI.slice(-4)} ${node.nodeName} ${node.getAttributeNames().sort().join(' ')}`);
    for (const { name, value } of node.attributes) {
      attributes.push(`${name}=${value}`);
      if (name !== 'class' && !ADDRESS.test(name) && value === text) found.shown.push(`${node.nodeName} ${name}`);
      if (!ADDRESS.test(name)) continue;
      if (/src(doc|set)/.test(name)) found.runs.push(`${name}=${value}`);
      const { protocol = 'none' } = URL.parse(value, location.href) ?? {};
      if (!/^(https?|none)/.test(protocol) && value !== 'about:blank#blocked' && !/^data:image\/png,/.test(value)) found.runs.push(`${name}=${value}`);
    }
    found.all.push(`<${node.nodeName}>`, ...attributes.sort());
    for (const child of node.childNodes) walk(child);
  };
  walk(main);
  return found;
}, said);

/** Like a page that shows a harmless text, and nothing has run. */
function inert(seen, calm, what) {
  equal(seen.executed, [], `what was executed, ${what}`);
  equal(seen.runs, [], `addresses that run something, ${what}`);
  equal(seen.shape, calm.shape, `elements, ${what}`);
  equal(seen.shown, calm.shown, `where the text is shown, ${what}`);
}

/** Waits until the page shows the text down to its last part: what comes before it may wait for a template. */
const shows = (page, text) => becomes(() => page.locator('main p').last().getAttribute('title'), text, 'the text in the last part of the page');

/** A socket anew: the view comes whole, and is merged into what is there. */
async function reconnect(page) {
  const before = await page.evaluate(() => (spark.reconnect(), window.heard));
  await page.waitForFunction((heard) => window.heard > heard, before);
  await isLive(page);
}

// A text that leads, as an address of this site, to what no site has.
const NOWHERE = /the server responded with a status of 40[04] /;
// And where an address is loaded at once: what stands for one that would run something, and pictures as data, neither of which this
// policy allows; in styles, addresses that nothing knows how to load.
const LOADED = new RegExp(
  `${NOWHERE.source}|about:blank#blocked|may not load data from about:blank|data:image/png,|Framing '' violates|ERR_UNKNOWN_URL_SCHEME .javascript:|Loading the image 'javascript:|` +
    '^error: CSP: (default|img|media|object|frame)-src (about|data|javascript)? ?\\(',
);
const half = MARKUP.length / 2;
const KINDS = { markup: MARKUP.slice(0, half), 'more markup': MARKUP.slice(half), addresses: ADDRESSES, styles: STYLES };

for (const [kind, policy] of Object.keys(KINDS).flatMap((one) => [[one, ''], [one, 'strict']])) {
  test(`hostile texts are inert ${policy ? 'under a strict policy' : 'without a policy'}, ${kind}: patched, rendered first, and whole`, async () => {
    const path = await site(`/page?policy=${policy}&styled=${policy ? 'no' : 'yes'}`);
    await say('calm');
    const ignores = kind.endsWith('markup') ? NOWHERE : LOADED;
    const patched = await open(path, { ignores });
    let first = await open(path, { ignores });
    await isLive(patched);
    const calm = [];
    for (const text of ['calmer', 'calmest']) {
      await say(text);
      await shows(patched, text);
      calm[number % 2] = await look(patched, text);
    }
    for (const { shown } of calm) check(shown.length > 30, 'where a text is shown', 'more than 30 places', shown);
    for (const text of KINDS[kind]) {
      const said = text.replaceAll('\0', '\ufffd'); // which a page cannot hold
      const expected = calm[(number + 1) % 2];
      await say(text);
      await shows(patched, said);
      const seen = await look(patched, said);
      inert(seen, expected, `in a patch: ${JSON.stringify(text)}`);
      // Where frames of a page still load, Firefox takes their way for the page's own.
      if (browserName === 'firefox') first = await first.context().close().then(() => open(path, { ignores }));
      else await first.goto(path);
      const rendered = await look(first, said);
      inert(rendered, expected, `in the first render: ${JSON.stringify(text)}`);
      equal(seen.all, rendered.all, `a patch and the first render: ${JSON.stringify(text)}`);
      await isLive(first);
      equal((await look(first, said)).all, rendered.all, `what the client found: ${JSON.stringify(text)}`);
      await reconnect(first);
      inert(await look(first, said), expected, `in a whole view: ${JSON.stringify(text)}`);
    }
  }, { limit: browserName === 'firefox' ? 600_000 : undefined }); // with a profile for each text
}

test('hostile texts run where a page says that they are trusted: the tests above can fail', async () => {
  const path = await site('/raw');
  await say(`<i>a</i>${IMG}`);
  const page = await open(path);
  await isLive(page);
  const hasRun = (what) => becomes(() => page.evaluate(() => window.executed.splice(0).length > 0), true, what);
  await hasRun('something that was executed in the first render');
  equal((await look(page, IMG)).shape.filter((element) => element.includes('onerror')).length, 1, 'elements that listen');
  await say(`<b>b</b>${IMG}`);
  await hasRun('something that was executed in a patch');
  await say(SCRIPT);
  await becomes(() => page.locator('a').getAttribute('href'), SCRIPT, 'the address');
  equal((await look(page, SCRIPT)).runs, [`href=${SCRIPT}`], 'addresses that run something');
  await page.locator('a').click();
  await hasRun('something that was executed on a click');
  complaints(); // of images that are none
});

test('hostile texts that are trusted do not run under a strict policy, and are reported', async () => {
  await say(IMG);
  const page = await open(await site('/raw?policy=strict'));
  await isLive(page);
  const reports = [];
  await becomes(() => reports.push(...complaints()) && reports.some((report) => report.includes('CSP: script-src-attr inline')), true, 'reports');
  await say(`${IMG}again`);
  await page.getByText('again').waitFor();
  equal(await page.evaluate(() => window.executed), [], 'what was executed');
  complaints();
});
