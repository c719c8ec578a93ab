// The connection: lost, looked for, found again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, eventsOf, seeded, settled, watchPromise } from './world.mjs';

test('the state is an event, a property, and an attribute for the page to style', () => {
  const world = new World();
  const spark = world.connect();
  const seen = eventsOf(spark, 'open', 'close');
  assert.deepEqual([spark.state, world.attribute], ['connecting', 'data-spark-state=connecting']);
  world.socket.opens();
  assert.deepEqual([spark.state, world.attribute], ['open', 'data-spark-state=open']);
  world.socket.closes(1006, '');
  assert.deepEqual([spark.state, world.attribute], ['waiting', 'data-spark-state=waiting']);
  world.comesBack();
  world.socket.opens();
  spark.close();
  assert.deepEqual([spark.state, world.attribute], ['closed', 'data-spark-state=closed']);
  assert.equal(world.socket.closedWith, 1000);
  assert.deepEqual(world.states, ['open', 'waiting', 'connecting', 'open', 'closed']);
  assert.deepEqual([...world.classes], ['spark-offline']);
  assert.deepEqual(seen, [['open'], ['close', 1006, ''], ['open'], ['close', 1000, '']]);
  assert.deepEqual([world.timers, world.isWatched], [0, false], 'nothing is left behind');
});

test('another element may carry the state, or none', () => {
  const world = new World();
  const seen = [];
  world.connect({ root: { setAttribute: (...args) => seen.push(args), classList: { toggle() {} } } });
  world.connect({ root: null });
  assert.deepEqual([seen, world.attribute], [[['data-spark-state', 'connecting']], null]);
});

test('what does not open waits for half of 1, 2, 4, 8, 16 and then 30 s, if chance is a half', () => {
  const world = new World();
  world.connect();
  const waits = [];
  for (let n = 0; n < 7; n += 1) {
    world.socket.closes();
    waits.push(world.comesBack());
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
});

test('chance decides from nothing to the whole bound', () => {
  for (const [chance, least, most] of [[0, 0, 0], [0.999, 990, 1_000]]) {
    const world = new World();
    world.chance = chance;
    world.connect();
    world.socket.closes();
    world.pass(Math.max(0, least - 1));
    if (least) assert.equal(world.sockets.length, 1);
    world.pass(most - least + 1);
    assert.equal(world.sockets.length, 2);
  }
});

test('an open connection that is lost is looked for within 8 s, and one that never lasts ever later', () => {
  const world = new World();
  const waits = (lives) => {
    world.socket.opens();
    world.pass(lives);
    world.socket.closes();
    return world.comesBack();
  };
  world.connect();
  assert.deepEqual([5, 5, 5, 5, 20_000, 20_000].map(waits), [4_000, 8_000, 15_000, 15_000, 4_000, 4_000]);
});

test('10,000 clients that are dropped at once come back so that no second gets over 20 % of them', () => {
  for (const downFor of [0, 1_000, 5_000, 20_000, 60_000]) {
    const random = seeded(downFor + 1);
    const tries = new Map();
    const found = new Map();
    const count = (map, at) => map.set(Math.floor(at / 1_000), (map.get(Math.floor(at / 1_000)) ?? 0) + 1);
    for (let n = 0; n < 10_000; n += 1) {
      const world = new World();
      world.chance = random;
      world.connect();
      world.socket.opens();
      world.pass(20_000);
      const dropped = world.time;
      world.socket.closes();
      for (;;) {
        world.comesBack(250);
        const at = world.time - dropped;
        count(tries, at);
        if (at < downFor) {
          world.socket.closes();
          continue;
        }
        count(found, at);
        break;
      }
    }
    assert.equal([...found.values()].reduce((sum, n) => sum + n), 10_000);
    for (const map of [tries, found]) {
      const most = Math.max(...map.values());
      assert.ok(most <= 2_000, `down for ${downFor} ms: ${most} in one second`);
    }
  }
});

test('after 1001 the hint decides, and nothing but the page itself comes earlier', () => {
  const world = new World();
  const { spark, room } = world.joined();
  world.socket.closes(1001, 'Going away; come back in 12345 ms');
  assert.equal(room.state, 'joining');
  world.hint('visibilitychange');
  world.hint('online');
  world.pass(12_344);
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  assert.equal(world.sockets.length, 2);
  world.socket.closes();
  world.pass(4_000);
  assert.equal(world.sockets.length, 3, 'if it is not back yet, chance decides again');
  world.socket.opens();
  world.socket.closes(1001, 'Going away; come back in 99999999999 ms');
  world.pass(600_000);
  assert.equal(world.sockets.length, 4, 'no hint is longer than 10 minutes');
  world.socket.opens();
  world.socket.closes(1001, 'come back in 5000 ms');
  spark.reconnect();
  assert.equal(world.sockets.length, 5);
});

test('an overloaded server is left alone for longer', () => {
  const world = new World();
  world.joined();
  world.socket.closes(1013, 'overloaded');
  world.hint('visibilitychange');
  world.pass(14_999);
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  assert.equal(world.sockets.length, 2);
});

test('codes that are not worth another try close for good; reconnect() begins afresh, with every channel', () => {
  for (const code of [1000, 1002, 1003, 1007, 1008, 1010]) {
    const world = new World();
    const { spark, room } = world.joined();
    const seen = eventsOf(room, 'closed', 'joined');
    const closes = eventsOf(spark, 'close');
    world.socket.closes(code, 'why');
    assert.deepEqual([spark.state, room.state, seen, closes], ['closed', 'closed', [['closed', code, 'why']], [['close', code, 'why']]]);
    world.pass(600_000);
    assert.equal(world.sockets.length, 1);
    assert.equal(world.isWatched, false);
    spark.reconnect();
    world.socket.opens();
    world.socket.joins();
    assert.deepEqual([spark.state, room.state], ['open', 'joined']);
  }
});

test('all other codes are worth another try', () => {
  for (const code of [1001, 1005, 1006, 1009, 1011, 1012, 1013, 1014, 1015, 3000, 4999]) {
    const world = new World();
    const { spark } = world.joined();
    world.socket.closes(code, '');
    assert.equal(spark.state, 'waiting', String(code));
    world.comesBack();
    assert.equal(world.sockets.length, 2, String(code));
  }
});

test('every channel is joined again, and hears of it', () => {
  const world = new World();
  const { spark, room } = world.joined();
  const other = spark.subscribe('/other');
  const gone = spark.subscribe('/gone');
  world.socket.joins();
  gone.leave();
  const seen = [room, other].map((channel) => eventsOf(channel, 'joined', 'closed', 'message'));
  const first = world.socket;
  first.closes();
  assert.deepEqual([room.state, other.state], ['joining', 'joining']);
  world.comesBack();
  world.socket.opens();
  assert.deepEqual(world.socket.sent.map(({ type, channel }) => [type, channel]), [['subscribe', '/chat/lobby'], ['subscribe', '/other']]);
  world.socket.joins(7);
  first.onmessage({ data: '{"type":"message","channel":"/other","data":"from a socket that is gone"}' });
  first.onclose({ code: 1006, reason: '' });
  assert.equal(spark.state, 'open');
  assert.deepEqual(seen, [[['joined', 7]], [['joined', 7]]]);
});

test('what is sent while offline goes out once the channel is joined, in order, once', async () => {
  const world = new World();
  const { spark, room } = world.joined();
  const other = spark.subscribe('/other');
  world.socket.joins();
  world.socket.closes();
  room.send('one');
  const reply = room.send('two', { timeout: 60_000 });
  other.send('elsewhere');
  room.send(new Uint8Array([3]));
  world.comesBack();
  world.socket.opens();
  room.send('four');
  const [lobby, elsewhere] = world.socket.took();
  room.on('joined', () => room.send('five'));
  world.socket.says({ type: 'reply', ref: lobby.ref, status: 'ok', payload: null });
  const sent = world.socket.took();
  assert.deepEqual(sent.map((frame) => frame.data ?? frame), ['one', 'two', '01000b2f636861742f6c6f62627903', 'four', 'five']);
  world.socket.says({ type: 'reply', ref: elsewhere.ref, status: 'ok', payload: null });
  assert.deepEqual(world.socket.took().map((frame) => frame.data), ['elsewhere']);
  world.socket.says({ type: 'reply', ref: sent[1].ref, status: 'ok', payload: 'done' });
  assert.equal(await reply, 'done');
  world.socket.closes();
  world.comesBack();
  world.socket.opens();
  room.off('joined');
  world.socket.joins();
  assert.deepEqual(world.socket.took(), [], 'nothing goes twice');
});

test('a reply that was under way when the connection was lost is an error, and the message is not sent again', async () => {
  const world = new World();
  const { room } = world.joined();
  const seen = [watchPromise(room.send('a', {})), watchPromise(room.send('b', { timeout: 99_000 }))];
  room.send('without a reply');
  world.socket.closes();
  await settled();
  for (const { error } of seen) {
    assert.equal(error.code, 'CONNECTION_LOST');
    assert.match(error.message, /^no reply$/);
  }
  world.comesBack();
  world.socket.opens();
  world.socket.joins();
  assert.deepEqual(world.socket.took(), []);
});

test('a send into a socket that is closing waits for the next one', () => {
  const world = new World();
  const { room } = world.joined();
  world.socket.readyState = 2;
  room.send('kept');
  world.socket.closes();
  world.comesBack();
  world.socket.opens();
  world.socket.joins();
  assert.deepEqual(world.socket.took().map((frame) => frame.data), ['kept']);
});

test('the queue is bounded by count and by bytes, over all channels; what overflows is an error', async () => {
  const world = new World();
  const { spark, room } = world.joined({ queue: { messages: 3, bytes: 300 } });
  const other = spark.subscribe('/other');
  world.socket.closes();
  const errors = eventsOf(room, 'error');
  room.send('1');
  other.send('2');
  const third = watchPromise(room.send('3', { timeout: 1_000 }));
  room.send('4');
  assert.deepEqual(errors.map(([, error]) => error.code), ['QUEUE_FULL']);
  await assert.rejects(other.send('5', {}), { code: 'QUEUE_FULL', message: /\/other: not sent/ });
  world.pass(1_000);
  await settled();
  assert.equal(third.error.code, 'TIMEOUT');
  assert.match(third.error.message, /^\/chat\/lobby: not sent$/);
  await assert.rejects(room.send('é'.repeat(100), {}), { code: 'QUEUE_FULL' }, '200 bytes, though 100 characters');
  room.send('é'.repeat(50));
  assert.equal(errors.length, 1, 'the place of what timed out is free again');
  world.comesBack();
  world.socket.opens();
  world.socket.joins();
  assert.deepEqual(world.socket.took().map((frame) => frame.data), ['1', 'é'.repeat(50), '2']);
  world.socket.closes();
  room.send('x'.repeat(150));
  room.send('y');
  other.send('z');
  assert.equal(errors.length, 1, 'what was sent takes no place');
});

test('what waits for a channel that is refused, closed or left is an error', async () => {
  for (const end of ['refused', 'closed', 'left']) {
    const world = new World();
    const { spark, room } = world.joined({ queue: { messages: 2 } });
    const seen = eventsOf(room, 'error');
    world.socket.closes();
    const reply = watchPromise(room.send('a', {}));
    room.send('b');
    world.pass(9_000);
    if (end === 'left') room.leave();
    else if (end === 'closed') spark.close();
    else {
      world.socket.opens();
      const [{ ref }] = world.socket.took();
      world.socket.says({ type: 'reply', ref, status: 'error', payload: { message: 'no', code: 'REFUSED', http: 404 } });
    }
    await settled();
    assert.equal(reply.error.code, 'CLOSED');
    assert.match(reply.error.message, /not sent/);
    assert.deepEqual(seen.map(([, error]) => error.code), end === 'refused' ? ['CLOSED', 'REFUSED'] : ['CLOSED']);
    room.send('c');
    assert.equal(seen.at(-1)[1].code, 'CLOSED');
    if (end === 'left') {
      const next = spark.subscribe('/next');
      const errors = eventsOf(next, 'error');
      next.send(1);
      next.send(2);
      assert.deepEqual(errors, [], 'their places are free again');
    }
  }
});

test('after 25 s of silence it asks, and after 10 s without an answer it connects anew', () => {
  const world = new World();
  const { spark } = world.joined();
  world.pass(20_000);
  world.socket.says({ type: 'message', channel: '/chat/lobby', data: 0 });
  world.pass(24_999);
  assert.deepEqual(world.socket.took(), []);
  world.pass(1);
  assert.deepEqual(world.socket.took(), [{ type: 'ping' }]);
  world.pass(9_999);
  world.socket.says({ type: 'pong' });
  world.pass(25_000);
  assert.deepEqual(world.socket.took(), [{ type: 'ping' }]);
  const old = world.socket;
  world.pass(10_000);
  assert.equal(spark.state, 'waiting');
  assert.equal(old.closedWith, 1000);
  world.pass(4_000);
  assert.equal(world.sockets.length, 2);
});

test('a socket that does not open within 10 s is given up', () => {
  const world = new World();
  const spark = world.connect();
  world.pass(9_999);
  assert.equal(spark.state, 'connecting');
  world.pass(1);
  assert.equal(spark.state, 'waiting');
  world.sockets[0].readyState = 1;
  world.sockets[0].onopen();
  assert.equal(spark.state, 'waiting', 'too late');
});

test('after a sleep of the machine the other side gets another chance to answer, but one only', () => {
  const world = new World();
  const { spark } = world.joined();
  world.pass(25_000);
  world.socket.took();
  world.sleep(3_600_000);
  assert.equal(spark.state, 'open');
  world.socket.says({ type: 'pong' }); // it waited
  world.pass(25_000);
  assert.deepEqual([spark.state, world.socket.took()], ['open', [{ type: 'ping' }]]);
  world.sleep(3_600_000);
  assert.equal(spark.state, 'open');
  world.sleep(3_600_000);
  assert.equal(spark.state, 'waiting');
});

test('hints of the browser make it look at once', () => {
  const world = new World();
  const { spark } = world.joined();
  for (const name of ['visibilitychange', 'offline', 'online']) {
    world.hint(name);
    world.hint(name); // one question at a time
    assert.deepEqual(world.socket.took(), [{ type: 'ping' }], name);
    assert.equal(spark.state, 'open');
    world.socket.says({ type: 'pong' });
  }
  world.online = false;
  world.hint('offline');
  world.pass(10_000);
  assert.equal(spark.state, 'offline');
  world.online = true;
  world.hint('online');
  assert.equal(spark.state, 'connecting');
  world.hint('visibilitychange');
  assert.equal(world.sockets.length, 2, 'one attempt at a time');
  world.socket.closes();
  assert.equal(spark.state, 'waiting');
  world.online = false;
  world.hint('offline');
  assert.equal(spark.state, 'offline');
  world.pass(30_000);
  assert.equal(world.sockets.length, 3, 'it tries even so: the browser may be wrong');
});

test('reconnect() hurries, keeps what waits, and may be called from any event', async () => {
  const world = new World();
  const { spark, room } = world.joined();
  world.socket.closes();
  room.send('kept');
  spark.reconnect();
  assert.equal(world.sockets.length, 2);
  world.socket.opens();
  world.socket.joins();
  assert.deepEqual(world.socket.took().map((frame) => frame.data), ['kept']);
  const reply = watchPromise(room.send('under way', {}));
  const seen = eventsOf(spark, 'close', 'open');
  spark.reconnect();
  assert.equal(world.sockets[1].closedWith, 1000);
  await settled();
  assert.equal(reply.error.code, 'CONNECTION_LOST');
  assert.deepEqual(seen, [['close', 1000, 'reconnect']]);
  world.socket.opens();
  let calls = 0;
  spark.on('close', () => (calls += 1) < 3 && spark.reconnect());
  world.socket.closes(1008, '');
  assert.deepEqual([calls, spark.state, world.sockets.length], [1, 'connecting', 4]);
  world.socket.opens();
  spark.on('close', () => spark.close());
  world.socket.closes();
  assert.equal(spark.state, 'closed');
  assert.equal(world.attribute, 'data-spark-state=closed');
});

test('reconnect() begins with short waits again', () => {
  const world = new World();
  const spark = world.connect();
  for (const wait of [500, 1_000, 2_000]) {
    world.socket.closes();
    assert.equal(world.comesBack(), wait);
  }
  spark.reconnect();
  world.socket.closes();
  assert.equal(world.comesBack(), 500);
});

test('a token travels as a subprotocol, asked for anew for each socket', async () => {
  const world = new World();
  let n = 0;
  world.connect({ token: () => `t${(n += 1)}` });
  assert.deepEqual(world.socket.protocols, ['lazuli', 'bearer.t1']);
  world.socket.closes();
  world.pass(500);
  assert.deepEqual(world.socket.protocols, ['lazuli', 'bearer.t2']);

  const slow = new World();
  let broken = true;
  const spark = slow.connect({ token: async () => { if (broken) throw new Error('no'); return 'late'; } });
  const errors = eventsOf(spark, 'error');
  await settled();
  assert.deepEqual([slow.sockets.length, spark.state, errors[0][1].code], [0, 'waiting', 'PARAMS_FAILED']);
  broken = false;
  slow.pass(500);
  await settled();
  assert.deepEqual(slow.socket.protocols, ['lazuli', 'bearer.late']);

  const without = new World();
  without.connect({ token: 'fixed' });
  without.connect();
  assert.deepEqual(without.sockets.map((socket) => socket.protocols), [['lazuli', 'bearer.fixed'], []]);
});

test('who closes while the next socket is being prepared gets none', async () => {
  const world = new World();
  const spark = world.connect({ token: async () => 'late' });
  spark.close();
  await settled();
  assert.deepEqual([world.sockets.length, spark.state], [0, 'closed']);

  const other = new World();
  const changing = other.connect();
  changing.on('state', (state) => state === 'connecting' && changing.close());
  other.socket.closes();
  other.pass(60_000);
  assert.deepEqual([other.sockets.length, changing.state, other.attribute], [1, 'closed', 'data-spark-state=closed']);
});

test('an address that no socket takes is an error, and not tried again', () => {
  const world = new World({ refuses: new SyntaxError('bad subprotocol') });
  const spark = world.connect();
  assert.equal(spark.state, 'closed');
  assert.deepEqual([world.reported.length, world.timers], [1, 0]);
  assert.throws(() => world.connect({}, 'http://['), TypeError);
});

test('AzuSpark does the same once it is mounted', () => {
  const world = new World();
  const seen = [];
  const azu = world.azu({
    componentEndpoint: '/ws/components',
    channelEndpoint: '/ws/channels',
    onConnect: () => seen.push('connect'),
    onDisconnect: (code, reason) => seen.push(['disconnect', code, reason]),
    onError: (error) => seen.push(error.message),
  });
  assert.equal(world.sockets.length, 0);
  assert.throws(() => azu.subscribe('/a'), /mount\(\)/);
  assert.equal(azu.mount().mount(), azu);
  assert.deepEqual(world.sockets.map(({ url }) => url), ['ws://page.test/ws/channels']);
  assert.equal(azu.componentEndpoint, '/ws/components');
  const room = azu.subscribe('/a');
  world.socket.opens();
  world.socket.joins();
  assert.equal(room.state, 'joined');
  world.socket.says({ type: 'error', message: 'oh' });
  world.socket.closes(1006, 'x');
  assert.deepEqual(seen, ['connect', 'oh', ['disconnect', 1006, 'x']]);
  azu.unmount();
  assert.equal(room.state, 'closed');
  world.azu().mount();
  assert.equal(world.socket.url, 'ws://page.test/spark');
});
