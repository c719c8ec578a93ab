// The dashboard: what is pushed to a private channel comes to the component that shows it, and to no other.

import { Client, check, equal } from '../lib.mjs';
import { address, becomes, enterRaw, fitsWidth, live, nextOf, open, origin, shoot, test, token } from './world.mjs';

let users = 0;
const freshUser = () => `user${(users += 1)}`;

/** The board of a user, connected. */
async function board(user, options = {}) {
  const page = await open(`/dashboard${user ? `?token=${token(user, [`user_${user}`])}` : ''}`, options);
  await becomes(async () => Number(await metric(page, 'Components')) >= 4, true, 'whether the components are mounted');
  return page;
}

const metric = (page, name) => page.locator('.metrics dl > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd').textContent();
const rows = (page, kind) => page.locator(`.${kind} .row .grow`).allTextContents();
const focused = (page) => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.innerText);
const show = (page, kind, expected) => becomes(() => rows(page, kind), expected, `what is in "${kind}"`);

function push(user, body, { shown = token('operations', [`user_${user}`]) } = {}) {
  const headers = shown ? { authorization: `Bearer ${shown}` } : {};
  return fetch(`${origin}/private/user_${user}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** Counts what changes within each component from now on. */
const watch = (page) =>
  page.evaluate(() => {
    window.changes = {};
    for (const kind of ['metrics', 'activity', 'notifications', 'chat-room']) {
      window.changes[kind] = 0;
      new MutationObserver((all) => (window.changes[kind] += all.filter(({ attributeName }) => attributeName !== 'class').length)).observe(
        document.querySelector(`.${kind}`),
        { subtree: true, childList: true, characterData: true, attributes: true },
      );
    }
  });
const changed = async (page) => {
  const changes = await page.evaluate(() => window.changes);
  return Object.keys(changes).filter((kind) => kind !== 'metrics' && changes[kind] > 0);
};

test('dashboard: pushes reach the component that shows them, and no other', async () => {
  const user = freshUser();
  const page = await board(user);
  await watch(page);
  equal(await (await push(user, { type: 'notification', message: 'Your report is ready' })).json(), { reached: 3 }, 'how many were reached');
  await show(page, 'notifications', ['Your report is ready']);
  equal(await changed(page), ['notifications'], 'what changed');

  await watch(page);
  await push(user, { type: 'activity', message: 'Ada changed a document' });
  await show(page, 'activity', ['Ada changed a document']);
  equal(await changed(page), ['activity'], 'what changed');

  await watch(page);
  await push(user, { type: 'metric', name: 'Orders', value: 12.5 });
  await becomes(() => metric(page, 'Orders'), '12.5', 'the metric');
  equal(await changed(page), [], 'what changed beside the metrics');
  equal(await rows(page, 'notifications'), ['Your report is ready'], 'what stays');
});

test('dashboard: the first paint measures, and the page shows its own components at once', async () => {
  const first = await board();
  const html = await open('/dashboard', { script: false });
  for (const [name, least] of [['Connections', 1], ['Components', 4], ['Rooms', 2]]) check(Number(await metric(html, name)) >= least, name, `at least ${least}`, await metric(html, name));
  await first.close();
  const page = await live('/dashboard', { before: (one) => one.addInitScript(() => {
    window.seen = [];
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => seen.push(document.querySelector('.metrics').innerText.replace(/\s+/g, ' '))).observe(document.querySelector('.metrics'), { subtree: true, characterData: true, childList: true }));
  }) });
  await becomes(async () => Number(await metric(page, 'Components')) >= 4, true, 'whether its components are counted');
  const seen = await page.evaluate(() => seen);
  equal(seen.filter((text) => /Components 0|Rooms 0/.test(text)), [], 'what was shown that was wrong');
});

test('dashboard: metrics change by themselves, and nothing else with them', async () => {
  const page = await board(freshUser());
  const connections = Number(await metric(page, 'Connections'));
  await watch(page);
  const raw = await enterRaw('metrics');
  await becomes(async () => Number(await metric(page, 'Connections')) > connections, true, 'whether one more is connected');
  equal(await changed(page), [], 'what changed beside the metrics');
  await raw.leave();
});

test('dashboard: what is said in the private channel becomes a notification, and the channel hears the pushes', async () => {
  const user = freshUser();
  const page = await board(user);
  const raw = await Client.open(`ws://${address}/private/user_${user}?token=${token('ada', [`user_${user}`])}`);
  await raw.gets({ type: 'authenticated', user_id: 'ada' });
  raw.send({ type: 'message', message: 'Lunch?' });
  await show(page, 'notifications', ['ada: Lunch?']);
  equal(JSON.parse(await raw.next()).message, 'Lunch?', 'what the channel heard');
  await push(user, { type: 'notification', message: 'Second' });
  equal(JSON.parse(await raw.next()), { type: 'notification', message: 'Second' }, 'what the channel heard');
  await show(page, 'notifications', ['Second', 'ada: Lunch?']);
});

test('dashboard: notifications are counted, and put away one by one or all', async () => {
  const user = freshUser();
  const page = await board(user);
  const count = () => page.locator('.notifications .badge').textContent();
  for (const message of ['one', 'two', 'three']) await push(user, { type: 'notification', message });
  await show(page, 'notifications', ['three', 'two', 'one']);
  equal(await count(), '3', 'the count');
  await page.locator('.notifications .row', { hasText: 'two' }).getByRole('button', { name: 'Put away' }).click();
  await show(page, 'notifications', ['three', 'one']);
  equal(await focused(page), 'Put away', 'what has the focus'); // not the page, with the row
  await page.getByRole('button', { name: 'Clear' }).click();
  await show(page, 'notifications', []);
  equal(await count(), '0', 'the count');
  await becomes(() => focused(page), 'Notifications', 'what has the focus');
  for (let n = 0; n < 30; n += 1) await push(user, { type: 'activity', message: `${n}` });
  await becomes(async () => (await rows(page, 'activity'))[0], '29', 'the latest');
  equal((await rows(page, 'activity')).length, 20, 'how many are kept');
});

test('dashboard: a board is its user\'s alone', async () => {
  const [ada, ben] = [freshUser(), freshUser()];
  const [page, other, guest] = [await board(ada), await board(ben), await board()];
  await push(ada, { type: 'notification', message: 'for her' });
  await show(page, 'notifications', ['for her']);
  await push(ben, { type: 'notification', message: 'for him' });
  await show(other, 'notifications', ['for him']);
  await push('guest', { type: 'notification', message: 'for everybody' });
  await show(guest, 'notifications', ['for everybody']);
  equal(await rows(page, 'notifications'), ['for her'], 'what she sees');

  const statuses = async (...answers) => (await Promise.all(answers)).map(({ status }) => status);
  const said = { type: 'notification', message: 'no' };
  equal(
    await statuses(push(ada, said, { shown: null }), push(ada, said, { shown: 'forged' }), push(ada, said, { shown: token('ben', [`user_${ben}`]) }), push(ada, 'no JSON')),
    [401, 401, 403, 400],
    'the answers to pushes that are refused',
  );
  equal(
    await statuses(fetch(`${origin}/dashboard?token=forged`), fetch(`${origin}/dashboard?token=${token(ada, ['news'])}`), fetch(`${origin}/dashboard?token=${token(ada, [`user_${ada}`], -5)}`)),
    [403, 403, 403],
    'the answers to tokens that are for no board',
  );
  equal(await rows(page, 'notifications'), ['for her'], 'what she sees');
});

test('dashboard: its chat is the room "dashboard"', async () => {
  const page = await board(freshUser());
  const raw = await enterRaw('dashboard');
  await page.getByLabel('Message', { exact: true }).fill('Hello from the board');
  await page.getByLabel('Message', { exact: true }).press('Enter');
  equal((await nextOf(raw, 'chat_message')).message, 'Hello from the board', 'what the room heard');
  await watch(page);
  raw.send({ type: 'chat_message', message: 'and back', name: 'Cy' });
  // What others said there before is still there.
  await becomes(async () => (await page.locator('.message .text').allTextContents()).slice(-2), ['Hello from the board', 'and back'], 'the conversation');
  equal(await changed(page), ['chat-room'], 'what changed');
});

test('dashboard: markup in what is pushed stays text', async () => {
  const user = freshUser();
  const page = await board(user);
  const attack = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  await push(user, { type: 'notification', message: attack });
  await push(user, { type: 'activity', message: attack });
  await push(user, { type: 'metric', name: attack, value: 1 });
  await show(page, 'notifications', [attack]);
  await show(page, 'activity', [attack]);
  await becomes(() => metric(page, attack), '1', 'the metric');
  equal(await page.evaluate(() => window.pwned), undefined, 'what the markup did');
  equal(await page.locator('.board').locator('img, script').count(), 0, 'elements on the board');
});

test('dashboard: light, dark and on a phone', async () => {
  for (const [look, options] of [['light', { height: 900 }], ['dark', { height: 900, dark: true }], ['phone', { width: 360, height: 740 }]]) {
    const user = freshUser();
    const page = await board(user, options);
    for (const message of ['Your report is ready', 'Ben would like to join the project']) await push(user, { type: 'notification', message });
    for (const message of ['Ada opened the minutes', 'Ben changed the budget', 'The nightly run has passed']) await push(user, { type: 'activity', message });
    await push(user, { type: 'metric', name: 'Orders', value: 128 });
    const raw = await enterRaw('dashboard');
    raw.send({ type: 'chat_message', message: 'The new numbers are in.', name: 'Ada' });
    await page.getByText('The new numbers are in.').last().waitFor();
    await page.getByLabel('Message', { exact: true }).fill('I see them.');
    await page.getByLabel('Message', { exact: true }).press('Enter');
    await page.locator('.message.own').waitFor();
    await show(page, 'activity', ['The nightly run has passed', 'Ben changed the budget', 'Ada opened the minutes']);
    await fitsWidth(page, options.width ?? 900);
    check(await page.getByText('128').isVisible(), 'the pushed metric', 'visible', 'hidden');
    await shoot(page, `dashboard-${look}`, { fullPage: true });
    await raw.leave();
  }
});
