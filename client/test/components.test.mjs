// Components on a connection: what is said when, and in what order it is done. The page itself is not here; its part is played.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSession, owner } from '../src/components/session.js';
import { World, settled } from './world.mjs';

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** A session with a page that only notes what it is to do. */
function play({ isOpen = true, lacks = [] } = {}) {
  const world = new World();
  const done = [];
  const templates = new Map(lacks.map((name) => [name, deferred()]));
  const spark = world.connect();
  if (isOpen) world.socket.opens();
  const page = {
    reloads: true,
    loading: 0,
    update: (act) => act(),
    load: (_, by) => (page.loading += by),
    reload: () => (done.push('reload'), page.reloads),
    complain: (message) => done.push(`complain: ${message}`),
    keep: () => () => {},
  };
  const createView = () => {
    const [hole, ...parts] = [{ id: 0 }, { id: 0 }, { id: 0 }];
    const view = {
      hole,
      parts: new Set(parts),
      isBroken: false,
      partOf: ({ part }) => parts[part] ?? hole,
      hydrate: () => done.push('hydrate'),
      apply({ data, at }) {
        if (templates.has(data[at])) throw templates.get(data[at]).promise;
        if (data[at] === 'bad') throw new Error('does not fit');
        if (data[at] === -6) view.isBroken = false;
        if (!view.isBroken) done.push(data);
      },
    };
    return view;
  };
  const session = createSession(spark, page, createView);
  const element = { isConnected: true, dataset: { shape: '["shape"]' }, closest: () => element };
  return {
    world, page, session, element, done,
    took: () => world.socket.took(),
    answer: (ref, payload = null, status = 'ok') => (world.socket.says({ type: 'reply', ref, status, payload }), settled()),
    up() {
      if (world.socket.readyState) world.comesBack();
      world.socket.opens();
    },
    down: () => world.socket.closes(),
    arrives(name) {
      const { resolve } = templates.get(name);
      templates.delete(name);
      resolve();
    },
    fails: (name) => templates.get(name).reject(new Error('gone')),
    /** What comes for component 7. */
    async patches(...patches) {
      for (const data of patches) session.get(7).patch(data);
      await settled();
    },
    /** One component, mounted as number 7. */
    async mounted() {
      session.add(element, 't');
      const [{ ref }] = world.socket.took();
      world.socket.says({ type: 'reply', ref, status: 'ok', payload: [7] });
      await settled();
      done.length = 0;
      return session.get(7);
    },
  };
}

test('a component is found in the page, mounted once the socket is open, and fresh from the second time on', async () => {
  const { session, element, took, answer, done, page, up, down } = play({ isOpen: false });
  session.add(element, 't');
  await settled();
  assert.deepEqual([took(), done], [[], ['hydrate']]);
  up();
  assert.deepEqual(took(), [{ type: 'component_mount', token: 't', ref: 1 }]);
  assert.equal(page.loading, 1);
  await answer(1, [7, [1, 'x']]);
  assert.deepEqual([page.loading, done], [0, ['hydrate', [1, 'x']]]);
  down();
  up();
  assert.deepEqual(took(), [{ type: 'component_mount', token: 't', fresh: true, ref: 2 }]);
});

test('patches of one component wait for its template, in order; those of another do not', async () => {
  const { session, mounted, took, answer, done, arrives, patches } = play({ lacks: ['T'] });
  await mounted();
  const other = { isConnected: true, dataset: { shape: '["shape"]' } };
  session.add(other, 'u');
  await answer(took()[0].ref, [8]);
  done.length = 0;
  await patches(['T', 1]);
  session.get(8).patch([1, 'a']);
  await patches([2, 'b'], [3, 'c']);
  assert.deepEqual(done, [[1, 'a']]);
  arrives('T');
  await settled();
  assert.deepEqual(done, [[1, 'a'], ['T', 1], [2, 'b'], [3, 'c']]);
});

test('what waits for a template when the connection is lost belongs to a view that is gone', async () => {
  const { mounted, done, arrives, patches, down } = play({ lacks: ['T'] });
  await mounted();
  await patches(['T', 1]);
  down();
  arrives('T');
  await settled();
  assert.deepEqual(done, []);
});

test('a patch that does not fit asks for the view, once; if that does not help it says so', async () => {
  const { mounted, took, done, patches } = play();
  await mounted();
  await patches(['bad'], [1, 'too late']);
  assert.deepEqual([took(), done], [[{ type: 'component_resync', component_id: 7 }], []]);
  await patches([-6, 'x']);
  await patches(['bad']);
  assert.deepEqual(took(), [{ type: 'component_resync', component_id: 7 }]);
  await patches(['bad']);
  assert.deepEqual([took(), done], [[], [[-6, 'x'], 'complain: This part of the page cannot be shown.']]);
});

test('a template that nobody has is a patch that does not fit', async () => {
  const { mounted, took, fails, patches } = play({ lacks: ['T'] });
  await mounted();
  await patches(['T']);
  fails('T');
  await settled();
  assert.deepEqual(took(), [{ type: 'component_resync', component_id: 7 }]);
});

test('events wait for the mount, in order, and no more than 64', () => {
  const { session, element, took, answer, up } = play({ isOpen: false });
  session.add(element, 't');
  const component = owner(element);
  const errors = [];
  for (let n = 0; n < 66; n += 1) component.send(element, 'e', { n }, (error) => errors.push(error?.code ?? null));
  assert.deepEqual(errors, ['QUEUE_FULL', 'QUEUE_FULL']);
  up();
  answer(took()[0].ref, [7]);
  const events = took();
  assert.deepEqual(events.map(({ data }) => data.n), Array.from({ length: 64 }, (_, n) => n));
  assert.deepEqual(events[0], { type: 'component_event', component_id: 7, event: 'e', data: { n: 0 }, ref: events[0].ref });
});

test('an event of a component that the server has lost mounts it again', async () => {
  const { mounted, element, took, answer } = play();
  const component = await mounted();
  const seen = [];
  component.send(element, 'e', {}, (error) => seen.push(error?.code));
  answer(took()[0].ref, { code: 'NOT_MOUNTED', message: 'no' }, 'error');
  assert.deepEqual([seen, took().map(({ type, fresh }) => [type, fresh])], [['NOT_MOUNTED'], [['component_mount', true]]]);
});

test('a component that the server has ended is mounted again by its next event', async () => {
  const { mounted, element, took, answer } = play();
  const component = await mounted();
  component.shut();
  component.send(element, 'e', {}, () => {});
  const [{ type, ref }, ...more] = took();
  assert.deepEqual([type, more], ['component_mount', []]);
  answer(ref, [8]);
  assert.deepEqual(took().map(({ type, component_id: id }) => [type, id]), [['component_event', 8]]);
});

test('a token that is refused reloads the page, or is shown if that was done already; what passes is tried again', async () => {
  for (const [code, reloads, expected] of [
    ['EXPIRED', true, ['hydrate', 'reload']],
    ['REFUSED', false, ['hydrate', 'reload', 'complain: no']],
    ['OTHER', true, ['hydrate', 'complain: no']],
  ]) {
    const { session, element, took, answer, done, page } = play();
    page.reloads = reloads;
    session.add(element, 't');
    await answer(took()[0].ref, { code, message: 'no' }, 'error');
    assert.deepEqual(done, expected);
  }
  const { session, element, took, answer, done, world } = play();
  session.add(element, 't');
  await answer(took()[0].ref, { code: 'RATE_LIMITED', message: 'no' }, 'error');
  world.pass(500);
  assert.deepEqual([took().map(({ type }) => type), done], [['component_mount'], ['hydrate']]);
});

test('what has left the page is unmounted, also if the answer to its mount comes later', async () => {
  const { session, mounted, element, took, answer } = play();
  await mounted();
  const late = { isConnected: true, dataset: { shape: '["shape"]' } };
  session.add(late, 'u');
  const [{ ref }] = took();
  element.isConnected = late.isConnected = false;
  session.sweep();
  answer(ref, [8]);
  assert.deepEqual(took(), [{ type: 'component_unmount', component_id: 7 }, { type: 'component_unmount', component_id: 8 }]);
});

test('events under way when the connection is lost are told so', async () => {
  const { mounted, element, down } = play();
  const component = await mounted();
  const seen = [];
  component.send(element, 'e', {}, (error) => seen.push(error.code));
  down();
  assert.deepEqual(seen, ['CONNECTION_LOST']);
});

test('components in a component are numbered by the mount, once their places are found; events and commands are by number', async () => {
  const { session, element, took, answer, done } = play();
  session.add(element, 't');
  await answer(took()[0].ref, [7, 70, 71]);
  assert.deepEqual(done, ['hydrate']);
  const component = session.get(7);
  assert.deepEqual([session.get(70), session.get(71), session.get(99), session.get(0)], [component, component, undefined, undefined]);
  component.send({ part: 1 }, 'e', {}, () => {});
  component.send({}, 'e', {}, () => {});
  assert.deepEqual(took().map(({ component_id: id }) => id), [71, 7]);
});
