// The live pages: counter, todos, form, risky; and what holds for all of them.

import { check, equal } from '../lib.mjs';
import { PAGES, addTodos as add } from './pages.mjs';
import { becomes, isLive, live, losesConnection, open, origin, server, shoot, slows, test, type } from './world.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const has = (page, selector, expected) => becomes(() => page.locator(selector).allInnerTexts(), expected, selector);
/** Tells the first component of a page what its own page never would. */
const say = (page, event, data) => page.evaluate((frame) => window.sockets[0].send(JSON.stringify(frame)), { type: 'component_event', component_id: 1, event, data });

// The counter.

test('counter: up and down by the step, double, reset', async () => {
  const page = await live('/counter');
  await has(page, 'h2', ['Counter: 0']);
  for (const [name, count] of [['+1', 1], ['+1', 2], ['Double', 4], ['−1', 3], ['Reset', 0], ['−1', -1], ['Double', -2]]) {
    await button(page, name).click();
    await has(page, 'h2', [`Counter: ${count}`]);
  }
});

test('counter: the labels follow the step, which is a positive whole number', async () => {
  const page = await live('/counter');
  const step = page.getByLabel('Step');
  const labels = (expected) => has(page, '.toolbar button', [`−${expected}`, `+${expected}`, 'Double', 'Reset']);
  await type(step, '3');
  await step.press('Enter');
  await labels(3);
  await button(page, '+3').click();
  await has(page, 'h2', ['Counter: 3']);
  for (const none of ['0', '-4', '2.5', '', '1e3', '99999999999999999999']) {
    await type(step, none);
    await step.press('Tab');
    await becomes(() => step.inputValue(), '3', `the step after "${none}"`);
    await labels(3);
  }
});

test('counter: set_step takes "4" and 5, and leaves aside what is no number', async () => {
  const page = await live('/counter');
  for (const [value, step] of [['4', 4], [5, 5], ['x', 5], [-1, 5], [1.5, 5], [0, 5], [null, 5], [[7], 5], [{ a: 1 }, 5], [true, 5], [' 6 ', 6], ['"><b>', 6], [7, 7]]) {
    await say(page, 'set_step', { value });
    await say(page, 'reset', {}); // something after which it has been heard
    await has(page, '[spark-click=increment]', [`+${step}`]);
  }
});

// Todos.

const titles = (page, expected) => becomes(() => page.locator('.todo .title').allTextContents(), expected, 'titles');

test('todos: add trims, ignores what is blank, and reloads nothing', async () => {
  const page = await live('/todos');
  await page.evaluate(() => (window.stayed = true));
  const input = page.getByLabel('What needs to be done?');
  await add(page, '  milk  ');
  await titles(page, ['milk']);
  await input.fill('   ');
  await button(page, 'Add').click();
  await input.fill('bread');
  await button(page, 'Add').click();
  await titles(page, ['milk', 'bread']);
  await becomes(() => input.inputValue(), '', 'the input');
  check(await page.evaluate(() => window.stayed), 'the page', 'the same', 'another');
  equal(new URL(page.url()).search, '', 'the query of the page');
});

test('todos: on a slow connection what is typed on, and sent on, is not lost', async () => {
  const page = await live('/todos');
  await slows(page);
  const input = page.getByLabel('What needs to be done?');
  await input.pressSequentially('milk');
  await input.press('Enter');
  await input.pressSequentially('bread');
  await input.press('Enter');
  await input.pressSequentially('flour and butter');
  await titles(page, ['milk', 'bread']);
  equal(await input.inputValue(), 'flour and butter', 'what is not sent yet');
});

test('todos: toggle, delete, filters, how many are left, clear completed', async () => {
  const page = await live('/todos');
  const left = (n) => page.getByText(`${n} items left`, { exact: true }).waitFor();
  await left(0);
  await add(page, 'one', 'two', 'three');
  await left(3);
  equal(await button(page, 'Clear completed').count(), 0, '"Clear completed" while nothing is completed');
  await page.getByLabel('two', { exact: true }).check();
  await left(2);
  await has(page, '.todo.completed .title', ['two']);
  await page.getByLabel('two', { exact: true }).uncheck();
  await left(3);
  await has(page, '.todo.completed .title', []);
  await page.getByLabel('two', { exact: true }).check();
  await left(2);
  await button(page, 'Active').click();
  await titles(page, ['one', 'three']);
  await has(page, '[aria-pressed=true]', ['Active']);
  await page.getByLabel('one', { exact: true }).click();
  await titles(page, ['three']);
  await button(page, 'Completed').click();
  await titles(page, ['one', 'two']);
  await page.getByLabel('one', { exact: true }).click();
  await titles(page, ['two']);
  await button(page, 'All').click();
  await titles(page, ['one', 'two', 'three']);
  equal(await page.locator('.todo input').evaluateAll((boxes) => boxes.map((box) => box.checked)), [false, true, false], 'what is ticked');
  await button(page, 'Delete three').click();
  await titles(page, ['one', 'two']);
  await button(page, 'Clear completed').click();
  await titles(page, ['one']);
  await left(1);
  await becomes(() => button(page, 'Clear completed').count(), 0, '"Clear completed" after it');
});

test('todos: the list is there after a reload and a lost connection, and in every tab of the browser', async () => {
  const page = await live('/todos');
  await add(page, 'one', 'two');
  await page.getByLabel('one', { exact: true }).check();
  await page.locator('.todo.completed').waitFor();
  await page.reload();
  await titles(page, ['one', 'two']);
  await isLive(page);
  equal(await page.locator('.todo input').evaluateAll((boxes) => boxes.map((box) => box.checked)), [true, false], 'what is ticked');
  await losesConnection(page);
  await titles(page, ['one', 'two']);
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await isLive(tab);
  await add(tab, 'three');
  await titles(page, ['one', 'two', 'three']);
  await button(page, 'Delete one').click();
  await titles(tab, ['two', 'three']);
  const other = await live('/todos');
  await titles(other, []);
});

test('todos: the focus stays by what is gone', async () => {
  const page = await live('/todos');
  const focus = (expected) => becomes(() => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText), expected, 'the focus');
  await add(page, 'one', 'two', 'three');
  await button(page, 'Delete two').press('Enter');
  await focus('Delete three');
  await page.keyboard.press('Enter');
  await focus('Delete one');
  await button(page, 'Active').click();
  await add(page, 'four');
  await page.getByLabel('one', { exact: true }).press('Space');
  await titles(page, ['four']);
  await focus('four');
  await button(page, 'Clear completed').press('Enter');
  await focus('Active');
  await button(page, 'Delete four').press('Enter');
  await focus('What needs to be done?');
});

const HOSTILE = ['"><img src=x onerror=hacked()>', '</script><script>hacked()</script>', 'javascript:hacked()', "'--><svg onload=hacked()>", '<!---->', '&lt;b&gt;', '\u202Eevil', '</li></ul><a href="javascript:hacked()">x</a>'];

test('todos: what looks like markup is text', async () => {
  const page = await live('/todos');
  const before = await page.evaluate(() => document.querySelectorAll('img, svg, script, a').length);
  await add(page, ...HOSTILE);
  await titles(page, HOSTILE);
  await page.locator('.todo input').first().check();
  await button(page, 'Completed').click();
  await titles(page, HOSTILE.slice(0, 1));
  await button(page, 'All').click();
  await titles(page, HOSTILE);
  equal(await page.locator('.todo button').evaluateAll((all) => all.map((one) => one.ariaLabel)), HOSTILE.map((title) => `Delete ${title}`), 'labels');
  equal(await page.evaluate(() => document.querySelectorAll('img, svg, script, a').length), before, 'elements that titles made');
});

test('users: a filter that looks like markup is text, in the first paint and in patches', async () => {
  for (const filter of HOSTILE) {
    const page = await live(`/users?filter=${encodeURIComponent(filter)}`);
    const input = page.getByLabel('Filter by name or e-mail');
    equal(await input.inputValue(), filter, 'the filter of the first paint');
    await page.getByText('No users found matching your criteria').waitFor();
    await input.fill(`x${filter}`);
    await input.fill(filter);
    await input.press('End');
    await becomes(() => page.locator('.spark-loading').count(), 0, 'what is under way');
    equal(await input.inputValue(), filter, 'the filter after patches');
    equal(await page.locator('main img, main svg, main script').count(), 0, 'elements that the filter made');
    await page.context().close();
  }
});

// The form.

test('form: says what is wrong while one types, and then that it is submitted', async () => {
  const page = await live('/form');
  const problems = (...expected) => has(page, '.problem', expected);
  const [name, email] = [page.getByLabel('Name'), page.getByLabel('Email')];
  await problems('', '');
  await name.pressSequentially('Ad');
  await name.fill('');
  await problems('Name is required', '');
  await email.pressSequentially('ada@');
  await problems('Name is required', 'Invalid email');
  equal(await email.evaluate((field) => [field.ariaInvalid, field.value, field === document.activeElement]), ['true', 'ada@', true], 'the field');
  await email.fill('');
  await problems('Name is required', 'Email is required');
  await button(page, 'Submit').click();
  // Only then is the answer there: until it has come, what is filled in may land in the field that gets the focus.
  await becomes(() => page.evaluate(() => document.activeElement.id), 'name', 'the focus');
  await problems('Name is required', 'Email is required');
  await name.fill('Ada');
  await email.fill('ada@lovelace.example');
  await problems('', '');
  equal(await page.getByText('Form submitted successfully!').isVisible(), false, 'success before the submit');
  await button(page, 'Submit').click();
  await page.getByText('Form submitted successfully!').waitFor();
  equal([await name.inputValue(), await email.inputValue()], ['', ''], 'the fields');
  await problems('', '');
});

test('form: a submit of an empty form says all that is wrong, and leads to it', async () => {
  const page = await live('/form');
  await button(page, 'Submit').click();
  await has(page, '.problem', ['Name is required', 'Email is required']);
  await becomes(() => page.evaluate(() => document.activeElement.id), 'name', 'the focus');
});

// What fails.

test('risky: an action that fails is told, once, and the page lives on', async () => {
  const page = await live('/risky');
  const input = page.getByLabel('A whole number');
  await button(page, 'Read it').click();
  await has(page, '.flash-error', ['Something went wrong: invalid digit found in string']);
  await input.fill('7');
  await button(page, 'Read it').click();
  await page.getByText('That is 7').waitFor();
  await page.getByText('Numbers read: 1').waitFor();
  await page.locator('.flash-error').click();
  await has(page, '.flash-error', []);
  await button(page, 'Panic').click();
  await has(page, '.flash-error', ['Internal server error']);
  await page.getByText('Numbers read: 0').waitFor();
  await button(page, 'Read it').click();
  await page.getByText('Numbers read: 1').waitFor();
});

// All of them.

test('live pages: the first paint is complete without JavaScript', async () => {
  for (const { path, shows } of PAGES) {
    const page = await open(path(), { script: false });
    const text = await page.locator('main').innerText();
    for (const one of [...shows, 'Without JavaScript']) check(text.includes(one), `the first paint of ${page.url()}`, one, text);
  }
});

test('live pages: a page that has not changed joins with about 100 bytes', async () => {
  for (const { path } of PAGES.filter((one) => !one.changesAtMount)) {
    const page = await live(path());
    const components = await page.locator('[data-spark]').count();
    const bytes = await page.evaluate(() => window.heardBytes);
    check(bytes > 0 && bytes <= 100 * components, `what ${page.url()} hears while it joins`, `at most 100 bytes for each of ${components}`, bytes);
  }
});

test('live pages: the start page leads to each, and each comes under a policy without anything inline', async () => {
  const links = await (await open('/')).locator('.pages a').evaluateAll((all) => all.map((a) => new URL(a.href).pathname));
  equal(links.map((link) => link.split('/')[1]).sort(), PAGES.map(({ name }) => name).sort(), 'the links of the start page');
  for (const path of links) {
    const response = await fetch(origin + path);
    equal(response.status, 200, `the answer to ${path}`);
    const policy = response.headers.get('content-security-policy') ?? '';
    check(/default-src 'none'/.test(policy) && !/unsafe|\*/.test(policy), `the policy of ${path}`, "default-src 'none' and nothing unsafe", policy);
    check(!/ style=| on[a-z]+=/.test(await response.text()), `the markup of ${path}`, 'nothing inline', 'something');
  }
});

test('live pages: a form that is sent before the page is live says so, and its fields stay out of the address', async () => {
  for (const path of ['/todos', '/form', '/risky', '/chat-room/lobby', '/dashboard']) {
    const page = await open(path, { script: false, ignores: /status of 400/ });
    await page.locator('form input').first().fill('Ada');
    await page.locator('form button').first().click();
    await page.getByText('This was not sent').waitFor();
    equal(page.url(), origin + path, 'the address');
    await page.getByRole('link', { name: 'Back to the page' }).click();
    await page.locator('form input').first().waitFor();
    equal(page.url(), origin + path, 'the address');
  }
}, { only: 'chromium' }); // in Firefox, nobody can be made to type where no script runs

test('live pages: each links to its code, of which no file has 150 lines', async () => {
  for (const { name, path } of PAGES) {
    const page = await live(path());
    const links = await page.locator('.source a').evaluateAll((all) => all.map((a) => a.href));
    check(links.length > 0, `the links of "${name}" to its code`, 'one or more', links);
    const sources = await Promise.all(links.map((link) => fetch(link)));
    for (const source of sources) equal([source.status, source.headers.get('content-type')], [200, 'text/plain; charset=utf-8'], source.url);
    const texts = await Promise.all(sources.map((source) => source.text()));
    check(/impl Component<Showcase>|routes\.component\(/.test(texts[0]), `the code of "${name}"`, 'a component first', links[0]);
    const lines = texts.map((text, n) => [text.trimEnd().split('\n').length, links[n]]);
    equal(lines.filter(([count]) => count >= 150), [], `files of "${name}" with 150 lines or more`);
  }
  for (const none of ['nothing', 'src/main.rs', '../Cargo.toml', 'src/components/']) equal((await fetch(`${origin}/source/${none}`)).status, 404, `/source/${none}`);
});

test('live pages: what waits for the server shows it, and that it is answered', async () => {
  const page = await live('/counter');
  server.signal('SIGSTOP');
  const seen = () => button(page, '+1').evaluate((one) => [one.classList.contains('spark-loading'), getComputedStyle(one).opacity !== '1']);
  equal(await seen(), [false, false], 'the button before it is clicked');
  await button(page, '+1').click();
  await becomes(seen, [true, true], 'the button that waits');
  server.signal('SIGCONT');
  await has(page, 'h2', ['Counter: 1']);
  await becomes(seen, [false, false], 'the button that was answered');
});

test('live pages: one that loses its server says so, and comes back by itself', async () => {
  const page = await live('/counter', { losesServer: true });
  const says = (word) => becomes(() => page.locator('.link > *').evaluateAll((all) => all.filter((one) => getComputedStyle(one).visibility === 'visible').map((one) => one.innerText)), [word], 'the state of the connection');
  await says('Connected');
  await server.stop();
  await says('Offline');
  await shoot(page, 'live-offline');
  // The new server has another secret and did not sign what the page shows, so the page is loaded anew.
  const loaded = page.waitForEvent('load', { timeout: 60_000 });
  await server.start('another secret');
  await loaded;
  await isLive(page);
  await says('Connected');
  await button(page, '+1').click();
  await has(page, 'h2', ['Counter: 1']);
  await server.stop(); // the next test starts the one that knows its tokens
});

test('live pages: when a server with the same secret takes over, nothing is loaded anew, and what was typed stays', async () => {
  const page = await live('/todos', { losesServer: true });
  await page.evaluate(() => (window.stayed = true));
  await page.getByLabel('What needs to be done?').fill('a draft');
  const tries = await page.evaluate(() => window.sockets.length);
  await server.stop();
  await server.start();
  await becomes(async () => (await page.evaluate(() => window.sockets.length)) > tries, true, 'whether there is another connection', 60_000);
  await isLive(page, 60_000);
  equal([await page.evaluate(() => window.stayed), await page.getByLabel('What needs to be done?').inputValue()], [true, 'a draft'], 'the page, and what was typed');
  await button(page, 'Add').click();
  await titles(page, ['a draft']);
});

test('live pages: nothing moves while they join', async () => {
  for (const { name, path } of PAGES) {
    const page = await live(path(), { before: (one) => one.addInitScript(() => {
      window.shifts = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value))).observe({ type: 'layout-shift', buffered: true });
    }) });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const shift = await page.evaluate(() => window.shifts);
    // The browser counts a word that becomes a little wider too, as where the number of people changes.
    check(shift <= 0.0001, `the layout shift of "${name}"`, 'that of one word', shift);
  }
});
