// What is asked without an upgrade.

import { check, equal, within } from '../lib.mjs';
import { freshRoom, get as fetchPage, ownTest, refusal, test } from './world.mjs';

const get = (path) => within(fetchPage(path), `GET ${path}`);

ownTest('/healthz: 200 and "ok"', async () => {
  const response = await get('/healthz');
  equal([response.status, await response.text()], [200, 'ok'], 'the answer');
});

ownTest('/: the page lists every path, and all that it refers to is there', async () => {
  const response = await get('/');
  equal(response.status, 200, 'the status');
  check(/^text\/html\b/.test(response.headers.get('content-type')), 'the type', 'text/html', response.headers.get('content-type'));
  const html = await response.text();
  const paths = html.replace(/<var>|<\/var>/g, '');
  for (const path of [
    '/', '/chat/:room_id', '/chat', '/private/:channel_id', '/managed/:topic', '/notifications/:user_id', '/game/:game_id',
    '/rooms/:room_id', '/presence/:room_id', '/echo', '/spark', '/healthz', '/metrics', '/js/spark.js',
  ]) {
    check(paths.includes(`<code>${path}</code>`), 'the list of paths', path, 'not in the page');
  }
  const links = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((match) => match[1]);
  check(links.length > 3, 'links of the page', 'several', links);
  for (const link of links) equal((await get(link)).status, 200, `GET ${link}`);
});

ownTest('/chat/:room_id: without an upgrade it is the page for people, and all that it refers to is there', async () => {
  const response = await get(`/chat/${freshRoom()}`);
  equal(response.status, 200, 'the status');
  check(/^text\/html\b/.test(response.headers.get('content-type')), 'the type', 'text/html', response.headers.get('content-type'));
  const html = await response.text();
  for (const [link, type] of [['/assets/style.css', /^text\/css\b/], ['/assets/chat.js', /^text\/javascript\b/]]) {
    check(html.includes(`"${link}"`), 'a link of the page', link, 'not in the page');
    const asset = await get(link);
    equal(asset.status, 200, `GET ${link}`);
    check(type.test(asset.headers.get('content-type')), `the type of ${link}`, String(type), asset.headers.get('content-type'));
  }
});

test('what matches no path is 404, before the upgrade too', async () => {
  for (const path of ['/nope', '/chat/a/b', '/rooms', '/assets/nope.js']) {
    equal((await get(path)).status, 404, `GET ${path}`);
    equal((await refusal(path))[0], 404, `an upgrade at ${path}`);
  }
});

ownTest('a WebSocket path without a page, asked without an upgrade, is a client error', async () => {
  for (const path of ['/chat', `/rooms/${freshRoom()}`, '/echo', '/private/a', '/managed/a', '/notifications/a', '/game/a', '/presence/a', '/spark']) {
    const { status } = await get(path);
    check([400, 404, 405, 426].includes(status), `GET ${path}`, '426, or another refusal', status);
  }
});
