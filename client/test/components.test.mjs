// Components on a connection: what is said when, and in what order it is done. The page itself is not here; its part is played.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSession } from '../src/components/session.js';
import { Missing } from '../src/components/templates.js';
import { createReplies } from '../src/replies.js';
import { World, settled } from './world.mjs';

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** A session with a page that only notes what it is to do. */
function play({ isOpen = true, lacks = [] } = {}) {
  const world = new World();
  const said = [];
  const done = [];
  const templates = new Map(lacks.map((name) => [name, deferred()]));
  const replies = createReplies();
  const link = {
    open: isOpen,
    isOpen: () => link.open,
    send: (text) => link.open && (said.push(JSON.parse(text)), true),
  };
  const page = {
    reloads: true,
    loading: 0,
    hydrate: () => done.push('hydrate'),
    apply({ view }, { data, at }) {
      if (templates.has(data[at])) throw new Missing(data[at]);
      if (data[at] === 'bad') throw new Error('does not fit');
      if (data[at] === -6) view.broken = false;
      if (!view.broken) done.push(data);
    },
    updated: () => {},
    load: (_, by) => (page.loading += by),
    name: (_, ids) => done.push(['named', ...ids]),
    has: (_, id) => id === 70,
    inner: (_, { part = 0 }) => part,
    reload: () => (done.push('reload'), page.reloads),
    complain: (message) => done.push(`complain: ${message}`),
  };
  const session = createSession({ env: world.env, link, replies }, page, () => ({ broken: false }), (name) => templates.get(name).promise);
  const element = { isConnected: true, closest: () => element };
  return {
    world, link, page, session, element, done, replies,
    took: () => said.splice(0),
    answer: (ref, payload = null, status = 'ok') => replies.settle({ ref, status, payload }),
    arrives(name) {
      const { resolve } = templates.get(name);
      templates.delete(name);
      resolve();
    },
    fails: (name) => templates.get(name).reject(new Error('gone')),
    /** One component, mounted as number 7. */
    mounted() {
      session.add(element, 't');
      const [{ ref }] = said.splice(0);
      replies.settle({ ref, status: 'ok', payload: { component_id: 7 } });
      done.length = 0;
      return session.get(7);
    },
  };
}

test('a component is found in the page, mounted once the socket is open, and fresh from the second time on', () => {
  const { session, element, link, took, answer, done, page } = play({ isOpen: false });
  session.add(element, 't');
  assert.deepEqual([took(), done], [[], ['hydrate']]);
  link.open = true;
  session.up();
  assert.deepEqual(took(), [{ type: 'component_mount', token: 't', ref: 1 }]);
  assert.equal(page.loading, 1);
  answer(1, { component_id: 7, patch: [1, 'x'] });
  assert.deepEqual([page.loading, done], [0, ['hydrate', [1, 'x']]]);
  session.down();
  session.up();
  assert.deepEqual(took(), [{ type: 'component_mount', token: 't', fresh: true, ref: 2 }]);
});

test('patches of one component wait for its template, in order; those of another do not', async () => {
  const { session, mounted, took, answer, done, arrives } = play({ lacks: ['T'] });
  mounted();
  const other = { isConnected: true };
  session.add(other, 'u');
  answer(took()[0].ref, { component_id: 8 });
  done.length = 0;
  session.patches([7, ['T', 1], 8, [1, 'a'], 7, [2, 'b']]);
  session.patches([7, [3, 'c'], 99, [1, 'nobody']]);
  assert.deepEqual(done, [[1, 'a']]);
  arrives('T');
  await settled();
  assert.deepEqual(done, [[1, 'a'], ['T', 1], [2, 'b'], [3, 'c']]);
});

test('what waits for a template when the connection is lost belongs to a view that is gone', async () => {
  const { session, mounted, done, arrives } = play({ lacks: ['T'] });
  mounted();
  session.patches([7, ['T', 1]]);
  session.down();
  arrives('T');
  await settled();
  assert.deepEqual(done, []);
});

test('a patch that does not fit asks for the view, once; if that does not help it says so', () => {
  const { session, mounted, took, done } = play();
  mounted();
  session.patches([7, ['bad'], 7, [1, 'too late']]);
  assert.deepEqual([took(), done], [[{ type: 'component_resync', component_id: 7 }], []]);
  session.patches([7, [-6, 'x']]);
  session.patches([7, ['bad']]);
  assert.deepEqual(took(), [{ type: 'component_resync', component_id: 7 }]);
  session.patches([7, ['bad']]);
  assert.deepEqual([took(), done], [[], [[-6, 'x'], 'complain: This part of the page cannot be shown.']]);
});

test('a template that nobody has is a patch that does not fit', async () => {
  const { session, mounted, took, fails } = play({ lacks: ['T'] });
  mounted();
  session.patches([7, ['T']]);
  fails('T');
  await settled();
  assert.deepEqual(took(), [{ type: 'component_resync', component_id: 7 }]);
});

test('events wait for the mount, in order, and no more than 64', () => {
  const { session, element, link, took, answer } = play({ isOpen: false });
  session.add(element, 't');
  const component = session.owner(element);
  const errors = [];
  for (let n = 0; n < 66; n += 1) session.send(component, element, 'e', { n }, (error) => errors.push(error?.code ?? null));
  assert.deepEqual(errors, ['QUEUE_FULL', 'QUEUE_FULL']);
  link.open = true;
  session.up();
  answer(took()[0].ref, { component_id: 7 });
  const events = took();
  assert.deepEqual(events.map(({ data }) => data.n), Array.from({ length: 64 }, (_, n) => n));
  assert.deepEqual(events[0], { type: 'component_event', component_id: 7, event: 'e', data: { n: 0 }, ref: events[0].ref });
});

test('an event of a component that the server has lost mounts it again', () => {
  const { session, mounted, element, took, answer } = play();
  const component = mounted();
  const seen = [];
  session.send(component, element, 'e', {}, (error) => seen.push(error?.code));
  answer(took()[0].ref, { code: 'NOT_MOUNTED', message: 'no' }, 'error');
  assert.deepEqual([seen, took().map(({ type, fresh }) => [type, fresh])], [['NOT_MOUNTED'], [['component_mount', true]]]);
});

test('a token that is refused reloads the page, or is shown if that was done already; what passes is tried again', () => {
  for (const [code, reloads, expected] of [
    ['EXPIRED', true, ['hydrate', 'reload']],
    ['REFUSED', false, ['hydrate', 'reload', 'complain: no']],
    ['OTHER', true, ['hydrate', 'complain: no']],
  ]) {
    const { session, element, took, answer, done, page } = play();
    page.reloads = reloads;
    session.add(element, 't');
    answer(took()[0].ref, { code, message: 'no' }, 'error');
    assert.deepEqual(done, expected);
  }
  const { session, element, took, answer, done, world } = play();
  session.add(element, 't');
  answer(took()[0].ref, { code: 'RATE_LIMITED', message: 'no' }, 'error');
  world.pass(500);
  assert.deepEqual([took().map(({ type }) => type), done], [['component_mount'], ['hydrate']]);
});

test('what has left the page is unmounted, also if the answer to its mount comes later', () => {
  const { session, mounted, element, took, answer } = play();
  mounted();
  const late = { isConnected: true };
  session.add(late, 'u');
  const [{ ref }] = took();
  element.isConnected = late.isConnected = false;
  session.sweep();
  answer(ref, { component_id: 8 });
  assert.deepEqual(took(), [{ type: 'component_unmount', component_id: 7 }, { type: 'component_unmount', component_id: 8 }]);
});

test('events under way when the connection is lost are told so', () => {
  const { session, mounted, element, replies } = play();
  const component = mounted();
  const seen = [];
  session.send(component, element, 'e', {}, (error) => seen.push(error.code));
  session.down();
  replies.fail(1006);
  assert.deepEqual(seen, ['CONNECTION_LOST']);
});

test('components in a component are numbered by the mount, once their places are found; events and commands are by number', () => {
  const { session, element, took, answer, done } = play();
  session.add(element, 't');
  answer(took()[0].ref, { component_id: 7, components: [70, 71] });
  assert.deepEqual(done, ['hydrate', ['named', 70, 71]]);
  const component = session.get(7);
  assert.equal(session.get(70), component);
  assert.equal(session.get(99), undefined);
  session.send(component, { part: 70 }, 'e', {}, () => {});
  assert.equal(took()[0].component_id, 70);
});
