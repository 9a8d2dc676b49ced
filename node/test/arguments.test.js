// The arguments of the four functions: their defaults, their places, and what is wrong with some.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { once } = require('node:events');

const { Websocket, WebsocketError } = require('../lib/index.js');
const { closed, names, record } = require('./support/events.js');
const { echo, script, serve } = require('./support/servers.js');

const ABNORMAL = { code: 1006, reason: '', wasClean: false };

test('connect without arguments goes to localhost, port 80, path /', async (t) => {
  const requests = [];
  await serve(t, (_, request) => requests.push([request.url, request.headers.host]), { port: 80 });
  const websocket = new Websocket();
  websocket.connect();
  await once(websocket, 'open');
  assert.deepEqual(requests, [['/', 'localhost']]);
  websocket.close();
  await closed(websocket);
});

test('host may be a whole URL, and path a Buffer', async (t) => {
  const requests = [];
  const { url, port } = await serve(t, (peer, request) => {
    requests.push(request.url);
    peer.close();
  });
  const whole = new Websocket();
  whole.connect(`${url}:${port}/path?query=1`);
  await closed(whole);
  const separate = new Websocket();
  separate.connect('127.0.0.1', port, Buffer.from('path'));
  await closed(separate);
  assert.deepEqual(requests, ['/path?query=1', '/path']);
});

test('a callback may stand wherever the arguments before it end', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  await new Promise((resolve) => websocket.connect(`${url}:${port}`, resolve));
  await new Promise((resolve) => websocket.send('message', resolve));
  await new Promise((resolve) => websocket.send(resolve));
  await new Promise((resolve) => websocket.ping('payload', resolve));
  await new Promise((resolve) => websocket.ping(resolve));
  await new Promise((resolve) => websocket.close('reason', resolve));
});

test('null and undefined stand for arguments that are left out', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket(null);
  await new Promise((resolve) => websocket.connect(`${url}:${port}`, null, undefined, resolve));
  websocket.send(null, undefined, null);
  assert.deepEqual(await once(websocket, 'message'), ['', false]);
  websocket.ping(undefined, null);
  assert.deepEqual(await once(websocket, 'pong'), [Buffer.alloc(0)]);
  websocket.close(null, undefined, null);
  assert.deepEqual(await closed(websocket), { code: 1000, reason: '', wasClean: true });
});

test('an argument of a wrong type throws and changes nothing', () => {
  const websocket = new Websocket();
  const wrong = [
    [() => websocket.connect(80), 'host: expected string, got number'],
    [() => websocket.connect('host', '80'), 'port: expected number, got string'],
    [() => websocket.connect('host', 80, 5), 'path: expected string or Buffer, got number'],
    [
      () => websocket.connect('host', 80, '/', 'callback'),
      'callback: expected function, got string',
    ],
    [() => websocket.send({}), 'message: expected string or Buffer, got Object'],
    [() => websocket.send(5), 'message: expected string or Buffer, got number'],
    [() => websocket.send('', true), 'options: expected object, got boolean'],
    [() => websocket.send('', { binary: 1 }), 'binary: expected boolean, got number'],
    [() => websocket.ping('', 'mask'), 'mask: expected boolean, got string'],
    [() => websocket.close(1000), 'message: expected string or Buffer, got number'],
    [() => websocket.close('', '1000'), 'code: expected number, got string'],
  ];
  for (const [call, message] of wrong) {
    assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message });
  }
  assert.equal(websocket.readyState, 'closed');
});

test('a value of connect that cannot be used is told by error, then close', async () => {
  const values = [
    [['http://127.0.0.1'], 'scheme'],
    [['ws://no host'], 'host'],
    [['ws://127.0.0.1', 65_536], 'port'],
    [['ws://127.0.0.1', 0], 'port'],
    [['ws://127.0.0.1', 1.5], 'port'],
    [['ws://127.0.0.1', 80, '/a\r\nInjected: field'], 'path'],
    [['ws://127.0.0.1/#fragment'], 'fragment'],
  ];
  for (const [given, part] of values) {
    const websocket = new Websocket();
    const events = record(websocket);
    websocket.connect(...given);
    assert.deepEqual(events, []);
    await closed(websocket);
    assert.deepEqual(names(events), ['error', 'close'], given[0]);
    const [[, error], [, end]] = events;
    assert(error instanceof WebsocketError);
    assert.equal(error.code, 'invalid-argument');
    assert.equal(error.part, part);
    assert.deepEqual(end, ABNORMAL);
  }
});

test('a value of a command that cannot be used is told by error, not sent', async (t) => {
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    await peer.close();
  });
  const websocket = new Websocket();
  websocket.connect(url, port);
  await once(websocket, 'open');
  const errors = [];
  websocket.on('error', ({ code, part }) => errors.push([code, part]));
  const refused = () => assert.fail('a callback of what was refused was called');
  websocket.send(Buffer.of(0xff), refused);
  websocket.ping(Buffer.alloc(126), refused);
  websocket.close('', 1005, refused);
  websocket.close('', 70_000, refused);
  websocket.close('x'.repeat(124), refused);
  websocket.close(Buffer.of(0xff), refused);
  assert.deepEqual(errors, []);
  await new Promise((resolve) => {
    websocket.on('error', () => errors.length === 6 && resolve());
  });
  assert.deepEqual(errors, [
    ['invalid-argument', 'message'],
    ['invalid-argument', 'ping-payload'],
    ['invalid-argument', 'close-code'],
    ['invalid-argument', 'close-code'],
    ['invalid-argument', 'close-reason'],
    ['invalid-argument', 'close-reason'],
  ]);
  websocket.close();
  // The script fails if anything but this Close frame came.
  assert.equal((await closed(websocket)).code, 1000);
  await played();
});

test('a command in the wrong state is told by error, with the state', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  const states = [];
  websocket.on('error', ({ code, readyState }) => states.push([code, readyState]));

  websocket.send('before connect');
  await once(websocket, 'error');
  websocket.connect(url, port);
  websocket.send('before open');
  websocket.connect(url, port);
  await new Promise((resolve) => websocket.once('open', resolve));
  websocket.close();
  websocket.ping('after close');
  await closed(websocket);
  assert.deepEqual(states, [
    ['invalid-state', 'closed'],
    ['invalid-state', 'connecting'],
    ['invalid-state', 'connecting'],
    ['invalid-state', 'closing'],
  ]);
});

test('close is harmless in every state', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  const events = record(websocket);
  // Nothing is open, which is what it asks for.
  await new Promise((resolve) => websocket.close(resolve));
  assert.deepEqual(events, []);

  websocket.connect(url, port);
  const callbacks = [];
  websocket.close(() => callbacks.push('first'));
  websocket.close(() => callbacks.push('second'));
  await closed(websocket);
  assert.deepEqual(callbacks, ['first', 'second']);
  assert.deepEqual(events, [['close', ABNORMAL]]);
});
