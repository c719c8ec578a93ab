// Channels: joining, talking, leaving.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, eventsOf, settled, watchPromise } from './world.mjs';

test('a channel is joined once the socket is open, with its params', () => {
  const world = new World();
  const spark = world.connect();
  assert.equal(world.socket.url, 'ws://page.test/spark');
  const room = spark.subscribe('/chat/lobby', { params: { token: 't1', page: 2, old: true } });
  const seen = eventsOf(room, 'joined', 'message');
  assert.equal(room.state, 'joining');
  world.socket.opens();
  const [frame, ...more] = world.socket.took();
  assert.deepEqual(frame, { type: 'subscribe', channel: '/chat/lobby', params: { token: 't1', page: 2, old: true }, ref: 1 });
  assert.deepEqual(more, []);
  world.socket.says({ type: 'reply', ref: 1, channel: '/chat/lobby', status: 'ok', payload: { hello: 1 } });
  assert.equal(room.state, 'joined');
  world.socket.says({ type: 'message', channel: '/chat/lobby', data: 'text' });
  world.socket.says({ type: 'message', channel: '/chat/other', data: 'not here' });
  assert.deepEqual(seen, [['joined', { hello: 1 }], ['message', 'text']]);
});

test('a message without options has no ref, one with them gets the payload of its reply', async () => {
  const world = new World();
  const { room } = world.joined();
  assert.equal(room.send({ any: ['thing'] }), undefined);
  const reply = room.send('hello', {});
  const [plain, asked] = world.socket.took();
  assert.deepEqual(plain, { type: 'message', channel: '/chat/lobby', data: { any: ['thing'] } });
  assert.deepEqual(asked, { type: 'message', channel: '/chat/lobby', data: 'hello', ref: asked.ref });
  world.socket.says({ type: 'reply', ref: asked.ref, channel: '/chat/lobby', status: 'ok', payload: { type: 'pong' } });
  assert.deepEqual(await reply, { type: 'pong' });
  const timersLeft = world.timers; // the ping's
  assert.equal(timersLeft, 1);
});

test("an error reply rejects with the server's message, code and payload", async () => {
  const world = new World();
  const { room } = world.joined();
  const reply = room.send('x', {});
  const [{ ref }] = world.socket.took();
  const payload = { type: 'error', message: 'Message too long', code: 'LONG', limit: 5 };
  world.socket.says({ type: 'reply', ref, channel: '/chat/lobby', status: 'error', payload });
  await assert.rejects(reply, { name: 'SparkError', message: 'Message too long', code: 'LONG', payload });
});

test('a reply that does not come in time rejects, and is ignored when it comes at last', async () => {
  const world = new World();
  const { room } = world.joined();
  const seen = [watchPromise(room.send(1, { timeout: 500 })), watchPromise(room.send(2, {}))];
  const [{ ref }] = world.socket.took();
  world.pass(499);
  await settled();
  assert.equal(seen[0].state, 'pending');
  world.pass(1);
  await settled();
  assert.equal(seen[0].error.code, 'TIMEOUT');
  assert.match(seen[0].error.message, /^\/chat\/lobby: no reply$/);
  world.socket.says({ type: 'reply', ref, status: 'ok', payload: null });
  world.pass(9_500);
  await settled();
  assert.equal(seen[1].error.code, 'TIMEOUT', 'after 10 s, unless another time is asked for');
  assert.deepEqual(world.reported, []);
});

test('no timer is longer than a browser takes', async () => {
  const world = new World();
  const { room } = world.joined();
  const seen = [Infinity, 2 ** 31].map((timeout) => watchPromise(room.send(1, { timeout })));
  assert.equal(Math.max(...world.due), 2 ** 31 - 1);
  await settled();
  assert.deepEqual(seen.map(({ state }) => state), ['pending', 'pending']);
});

test('bytes are sent and come as the protocol lays them out', async () => {
  const world = new World();
  const spark = world.connect();
  const room = spark.subscribe('/echo');
  const seen = eventsOf(room, 'binary', 'message');
  world.socket.opens();
  world.socket.joins();
  room.send(new Uint8Array([0xc0, 0xff, 0xee]));
  room.send(new Uint8Array([1, 2, 3, 4]).buffer);
  room.send(new DataView(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2)); // a view of some bytes is those bytes
  room.send(new Uint16Array([0x0102]).subarray(0, 0));
  const reply = room.send(new Uint8Array([0]), {});
  assert.equal(world.socket.binaryType, 'arraybuffer');
  const sent = world.socket.took();
  assert.deepEqual(sent.slice(0, 4), ['0100052f6563686fc0ffee', '0100052f6563686f01020304', '0100052f6563686f0807', '0100052f6563686f']);
  const ref = Number.parseInt(sent[4].slice(2, 10), 16);
  assert.equal(sent[4], `02${ref.toString(16).padStart(8, '0')}00052f6563686f00`);
  world.socket.says({ type: 'reply', ref, channel: '/echo', status: 'ok', payload: null });
  assert.equal(await reply, null);

  for (const hex of ['0100052f6563686fc0ffee', '0100052f6563686f', '0200000009', '01', '', '0100ff2f', '03', '0100022f61ff']) {
    world.socket.says(Uint8Array.from(Buffer.from(hex, 'hex')).buffer);
  }
  assert.deepEqual(seen.map(([name, data]) => [name, Buffer.from(data).toString('hex')]), [['binary', 'c0ffee'], ['binary', '']]);
});

test('what has no JSON, and a Blob, are refused where they are sent', async () => {
  const world = new World();
  const { room } = world.joined();
  const round = {};
  round.self = round;
  for (const data of [undefined, () => {}, Symbol('x'), new Blob(['x']), 1n, round]) {
    assert.throws(() => room.send(data), TypeError);
    await assert.rejects(room.send(data, {}), TypeError);
  }
  assert.deepEqual(world.socket.took(), []);
});

test('a path that cannot name a channel is refused where it is subscribed to', () => {
  const spark = new World().connect();
  for (const path of ['chat', '', '/a?b', '/a#b', '/a b', '/café', `/${'a'.repeat(1024)}`, undefined, null, 5]) {
    assert.throws(() => spark.subscribe(path), { name: 'TypeError', message: /percent-encoded/ }, String(path));
  }
  for (const path of ['/', '/chat/caf%C3%A9', "/a:b/~!$&'()*+,;=@"]) spark.subscribe(path);
});

test('one channel object for a path at a time; left, or closed, it may have another', () => {
  const world = new World();
  const { spark, room } = world.joined();
  assert.throws(() => spark.subscribe('/chat/lobby'), /already subscribed to \/chat\/lobby/);
  room.leave();
  const other = spark.subscribe('/chat/lobby');
  assert.throws(() => room.join(), /already subscribed/);
  const [left, joined] = world.socket.took();
  assert.deepEqual([left.type, joined.type], ['unsubscribe', 'subscribe']);
  world.socket.says({ type: 'reply', ref: joined.ref, status: 'error', payload: { type: 'error', message: 'no', http: 404 } });
  assert.equal(other.state, 'closed');
  spark.subscribe('/chat/lobby');
  other.leave();
  assert.throws(() => spark.subscribe('/chat/lobby'), /already subscribed/, 'leaving one does not take the other away');
});

test('what comes between leaving and joining again is of the subscription before', () => {
  const world = new World();
  const { spark, room } = world.joined();
  const old = eventsOf(room, 'message', 'binary', 'joined', 'closed', 'error');
  room.leave();
  assert.equal(room.state, 'closed');
  const other = spark.subscribe('/chat/lobby');
  const seen = eventsOf(other, 'message', 'binary', 'joined', 'closed', 'error');
  const [left, joined] = world.socket.took();
  world.socket.says({ type: 'message', channel: '/chat/lobby', data: 'old' });
  world.socket.says(Uint8Array.from(Buffer.from('01000b2f636861742f6c6f6262790a', 'hex')).buffer);
  world.socket.says({ type: 'unsubscribed', channel: '/chat/lobby', code: 1008, reason: 'the server was quicker' });
  world.socket.says({ type: 'reply', ref: left.ref, status: 'error', payload: { message: 'Not subscribed', code: 'NOT_SUBSCRIBED' } });
  world.socket.says({ type: 'reply', ref: joined.ref, status: 'ok', payload: null });
  world.socket.says({ type: 'message', channel: '/chat/lobby', data: 'new' });
  assert.deepEqual(seen, [['joined', null], ['message', 'new']]);
  assert.deepEqual(old, []);
  assert.deepEqual(world.reported, []);
});

test('a reply that was asked for before leaving still comes', async () => {
  const world = new World();
  const { room } = world.joined();
  const reply = room.send('x', {});
  room.leave();
  const [{ ref }] = world.socket.took();
  world.socket.says({ type: 'reply', ref, status: 'ok', payload: 5 });
  assert.equal(await reply, 5);
  const late = room.send('y', {});
  await assert.rejects(late, { code: 'CLOSED' });
});

test('a join that is refused says why, is not tried again, and can be asked for with new params', () => {
  const world = new World();
  const { spark, room } = world.joined({ params: { token: 'old' } });
  const news = spark.subscribe('/private/news', { params: { token: 'wrong' } });
  const seen = eventsOf(news, 'error', 'joined', 'closed');
  const refusal = { type: 'error', message: 'Authentication required', code: 'REFUSED', close: 1008 };
  world.socket.says({ type: 'reply', ref: world.socket.took()[0].ref, status: 'error', payload: refusal });
  assert.equal(seen.length, 1);
  assert.equal(seen[0][0], 'error');
  assert.deepEqual({ ...seen[0][1], message: seen[0][1].message }, { name: 'SparkError', message: 'Authentication required', code: 'REFUSED', payload: refusal });
  assert.equal(news.state, 'closed');
  assert.equal(room.state, 'joined');
  world.pass(20_000);
  assert.deepEqual(world.socket.took(), []);
  world.socket.closes();
  world.comesBack();
  world.socket.opens();
  assert.deepEqual(world.socket.took().map((frame) => frame.channel), ['/chat/lobby'], 'nor on the next socket');
  news.join({ token: 'right' });
  const [frame] = world.socket.took();
  assert.deepEqual(frame.params, { token: 'right' });
  world.socket.says({ type: 'reply', ref: frame.ref, status: 'ok', payload: null });
  assert.equal(news.state, 'joined');
});

test('a join that failed for a while is tried again, with full jitter', () => {
  for (const why of [{ http: 503 }, { http: 429 }, { close: 1013 }, { close: 1011 }, { code: 'RATE_LIMITED' }]) {
    const world = new World();
    const spark = world.connect();
    const room = spark.subscribe('/busy');
    const seen = eventsOf(room, 'error');
    world.socket.opens();
    for (const wait of [500, 1_000, 2_000]) {
      const [{ ref }] = world.socket.took();
      world.socket.says({ type: 'reply', ref, status: 'error', payload: { type: 'error', message: 'later', ...why } });
      assert.equal(room.state, 'joining');
      world.pass(wait - 1);
      assert.deepEqual(world.socket.took(), []);
      world.pass(1);
    }
    assert.equal(seen.length, 3);
    world.socket.joins();
    assert.equal(room.state, 'joined');
  }
});

test('a channel that the server ends says so; 1011, 1012, 1013 and 1001 are joined again, others not', () => {
  for (const [code, again] of [[1001, true], [1011, true], [1012, true], [1013, true], [1000, false], [1008, false], [1009, false], [4000, false]]) {
    const world = new World();
    const { room } = world.joined();
    const seen = eventsOf(room, 'closed');
    world.socket.says({ type: 'unsubscribed', channel: '/chat/lobby', code, reason: 'because' });
    assert.deepEqual(seen, [['closed', code, 'because']]);
    assert.equal(room.state, again ? 'joining' : 'closed');
    world.pass(code === 1013 ? 15_000 : 4_000);
    assert.deepEqual(world.socket.took().map((frame) => frame.type), again ? ['subscribe'] : [], String(code));
  }
});

test('params that are a function are called anew for each join; a promise is waited for', async () => {
  const world = new World();
  let calls = 0;
  const spark = world.connect();
  const room = spark.subscribe('/a', { params: () => ({ token: `t${(calls += 1)}` }) });
  const slow = spark.subscribe('/b', { params: async () => ({ token: `p${calls}` }) });
  assert.equal(calls, 0);
  for (const round of [1, 2]) {
    world.socket.opens();
    assert.deepEqual(world.socket.took().map((frame) => frame.params), [{ token: `t${round}` }]);
    await settled();
    assert.deepEqual(world.socket.took().map((frame) => frame.params), [{ token: `p${round}` }]);
    world.socket.closes();
    world.comesBack();
  }
  assert.equal(room.state, 'joining');
  assert.equal(slow.state, 'joining');
});

test('params that come too late, for a channel that was left or a socket that is gone, are not used', async () => {
  const world = new World();
  const spark = world.connect();
  const resolves = [];
  const params = () => new Promise((resolve) => resolves.push(resolve));
  const left = spark.subscribe('/left', { params });
  spark.subscribe('/kept', { params });
  world.socket.opens();
  left.leave();
  world.socket.took();
  world.socket.closes();
  world.comesBack();
  world.socket.opens();
  resolves[0]({ n: 0 });
  resolves[1]({ n: 1 });
  await settled();
  assert.deepEqual(world.socket.took(), []);
  resolves[2]({ n: 2 });
  await settled();
  assert.deepEqual(world.socket.took().map((frame) => [frame.channel, frame.params]), [['/kept', { n: 2 }]]);
});

test('params that fail are an error, and asked for again later', async () => {
  for (const fail of [() => { throw new Error('no token'); }, async () => { throw new Error('no token'); }]) {
    const world = new World();
    let broken = true;
    const spark = world.connect();
    const room = spark.subscribe('/a', { params: () => (broken ? fail() : { ok: true }) });
    const seen = eventsOf(room, 'error');
    world.socket.opens();
    await settled();
    assert.deepEqual(seen.map(([, error]) => [error.code, error.message]), [['PARAMS_FAILED', '/a: Error: no token']]);
    broken = false;
    world.pass(500);
    await settled();
    assert.deepEqual(world.socket.took().map((frame) => frame.params), [{ ok: true }]);
  }
});

test('joining anew with other params leaves first', () => {
  const world = new World();
  const { room } = world.joined({ params: { page: 1 } });
  room.join({ page: 2 });
  assert.equal(room.state, 'joining');
  const frames = world.socket.took();
  assert.deepEqual(frames.map(({ type, params }) => [type, params]), [['unsubscribe', undefined], ['subscribe', { page: 2 }]]);
  world.socket.says({ type: 'reply', ref: frames[0].ref, status: 'ok', payload: null });
  assert.equal(room.state, 'joining');
  world.socket.says({ type: 'reply', ref: frames[1].ref, status: 'ok', payload: null });
  assert.equal(room.state, 'joined');
});

test('the answer to a join that another has taken the place of is not its answer', () => {
  const world = new World();
  const spark = world.connect();
  world.socket.opens();
  const room = spark.subscribe('/a', { params: { page: 1 } });
  room.join({ page: 2 });
  const [first, left, second] = world.socket.took();
  const seen = eventsOf(room, 'joined', 'message', 'error');
  world.socket.says({ type: 'reply', ref: first.ref, status: 'ok', payload: 1 });
  world.socket.says({ type: 'message', channel: '/a', data: 'of page 1' });
  world.socket.says({ type: 'reply', ref: left.ref, status: 'ok', payload: null });
  assert.equal(room.state, 'joining');
  world.socket.says({ type: 'reply', ref: second.ref, status: 'ok', payload: 2 });
  assert.deepEqual(seen, [['joined', 2]]);
});

test('an error of the server without a ref goes to its channel, or to the whole, or is reported', () => {
  const world = new World();
  const { spark, room } = world.joined();
  const about = (channel) => world.socket.says({ type: 'error', message: 'too many', code: 'RATE_LIMITED', ...(channel && { channel }) });
  about('/chat/lobby');
  assert.deepEqual(world.reported.map((error) => error.code), ['RATE_LIMITED'], 'nobody listens');
  const whole = eventsOf(spark, 'error');
  about();
  about('/chat/lobby');
  about('/chat/none');
  assert.equal(whole.length, 3);
  const own = eventsOf(room, 'error');
  about('/chat/lobby');
  assert.deepEqual([whole.length, own.length, world.reported.length], [3, 1, 1]);
});

test('listeners come off, and one that throws stops no other', () => {
  const world = new World();
  const { room } = world.joined();
  const seen = [];
  const say = () => world.socket.says({ type: 'message', channel: '/chat/lobby', data: 0 });
  const first = () => seen.push('first');
  room.on('message', first);
  const takeOff = room.on('message', () => {
    takeOff();
    seen.push('once');
    throw new Error('mine');
  });
  room.on('message', () => seen.push('last'));
  say();
  assert.deepEqual(seen.splice(0), ['first', 'once', 'last']);
  assert.deepEqual(world.reported.map((error) => error.message), ['mine']);
  room.off('message', first);
  say();
  assert.deepEqual(seen.splice(0), ['last']);
  room.off('message');
  say();
  assert.deepEqual(seen, []);
  assert.throws(() => room.on('message', 'no function'), TypeError);
});

test('names that objects have by themselves are names like any other', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
  const world = new World();
  const spark = world.connect();
  world.socket.opens();
  for (const name of names) {
    const room = spark.subscribe(`/${name}`);
    world.socket.joins();
    const seen = eventsOf(room, 'message', name);
    world.socket.says(`{"type":"message","channel":"/${name}","data":{"${name}":1,"type":"${name}"}}`);
    assert.equal(Object.hasOwn(seen[0][1], name), true, 'a field of the data');
    world.socket.says({ type: name, channel: `/${name}`, data: 'a type' });
    world.socket.says(`{"type":"message","channel":"${name}","data":"a channel"}`);
    world.socket.says(`{"type":"reply","ref":"${name}","status":"ok","payload":null}`);
    world.socket.says(`{"type":"unsubscribed","channel":"${name}","code":1011,"reason":""}`);
    world.socket.says(`{"${name}":{"type":"message"},"type":"error","message":"${name}"}`);
    assert.deepEqual(seen.length, 1, name);
    room.send(JSON.parse(`{"${name}":2}`));
    assert.equal(Object.hasOwn(world.socket.took()[0].data, name), true, 'a field that is sent');
    room.off(name);
    room.off('message');
    spark.off(name);
  }
  const room = spark.subscribe('/params', { params: JSON.parse('{"__proto__":"p","constructor":"c"}') });
  assert.deepEqual(Object.entries(world.socket.took()[0].params), [['__proto__', 'p'], ['constructor', 'c']]);
  room.leave();
  assert.deepEqual(world.reported.map((error) => error.message), names, 'the errors that named no channel');
  assert.equal({}.type, undefined, 'nothing became a field of every object');
});

test('what is no frame, or of a type to come, changes nothing', () => {
  const world = new World();
  const { room } = world.joined();
  for (const frame of ['', 'no JSON', '[]', 'null', '5', '"x"', '{}', '{"type":5}', '{"type":"component_update"}', '{"type":"reply"}', '{"type":"reply","ref":77,"status":"error","payload":null}']) {
    world.socket.says(frame);
  }
  assert.equal(room.state, 'joined');
  assert.deepEqual(world.reported, []);
});
