// The live pages, each with what its first paint shows and with what brings it into a state worth looking at.

import { becomes, enterRaw, freshRoom } from './world.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

export async function addTodos(page, ...titles) {
  const input = page.getByLabel('What needs to be done?');
  for (const title of titles) {
    await input.fill(title);
    await input.press('Enter');
    await becomes(() => input.inputValue(), '', 'the input after Enter');
  }
}

/** `path()` may be another one each time: a room or document of its own. */
export const PAGES = [
  { name: 'counter', path: () => '/counter', shows: ['Counter: 0', '+1'], fill: (page) => button(page, '+1').click() },
  {
    name: 'todos',
    path: () => '/todos',
    shows: ['0 items left'],
    async fill(page) {
      await addTodos(page, 'Grind the stone', 'Wash it with lye', 'Mix it with wax, resin and oil, and knead the dough for three days');
      await page.getByLabel('Grind the stone', { exact: true }).check();
      await page.locator('.todo.completed').waitFor();
    },
  },
  { name: 'users', path: () => '/users', shows: ['Ada Almeida', 'Page 1 of 3'], fill: () => {} },
  {
    name: 'form',
    path: () => '/form',
    shows: ['Submit'],
    async fill(page) {
      await page.getByLabel('Email').fill('ada@');
      await page.getByText('Invalid email').waitFor();
    },
  },
  {
    name: 'chat-room',
    path: () => `/chat-room/${freshRoom()}`,
    shows: ['0 users online', 'Send'],
    changesAtMount: true,
    async fill(page) {
      const raw = await enterRaw(new URL(page.url()).pathname.split('/').at(-1));
      raw.send({ type: 'chat_message', message: 'Good morning! Has anybody tried the new page?', name: 'Ada' });
      await page.locator('.message.other').waitFor();
      await page.getByLabel('Message', { exact: true }).fill('Yes. It is all rendered on the server.');
      await button(page, 'Send').click();
      await page.locator('.message.own').waitFor();
      raw.send({ type: 'typing_start', name: 'Ada' });
      await page.getByText('Ada is typing...').waitFor();
    },
  },
  {
    name: 'dashboard',
    path: () => '/dashboard',
    shows: ['Connections', 'Nothing has happened yet', 'Nothing new', 'Send'],
    changesAtMount: true,
    async fill(page) {
      await page.getByLabel('Message', { exact: true }).fill('Good morning');
      await button(page, 'Send').click();
      await page.locator('.message.own').first().waitFor();
    },
  },
  {
    name: 'editor',
    path: () => `/editor/${freshRoom()}`,
    shows: ['0 characters', '1 collaborators', 'Last saved: never'],
    changesAtMount: true,
    async fill(page) {
      await page.getByLabel('Text', { exact: true }).fill('Minutes\n\nWe met at ten.');
      await button(page, 'Share').click();
      await page.locator('.share').waitFor();
    },
  },
  {
    name: 'table',
    path: () => '/table',
    shows: ['Create 1,000 rows'],
    async fill(page) {
      await page.locator('#run').click();
      await page.locator('tbody a.lbl').nth(2).click();
      await page.locator('tr.danger').waitFor();
    },
  },
  {
    name: 'risky',
    path: () => '/risky',
    shows: ['Read it'],
    async fill(page) {
      await button(page, 'Read it').click();
      await page.locator('.flash-error').waitFor();
    },
  },
];
