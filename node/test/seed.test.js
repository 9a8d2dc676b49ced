// What the seed's documentation promises of its four functions, and its events. The tests of the
// functions have their names: a chart of platforms is made from them.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { once } = require('node:events');

const { Websocket } = require('../lib/index.js');
const { closed, names, record } = require('./support/events.js');
const { OPCODES, closePayload, echo, frame, script, serve } = require('./support/servers.js');

test('connect', async (t) => {
  const paths = [];
  const { url, port } = await serve(t, (_, request) => paths.push(request.url));
  const websocket = new Websocket();
  const events = record(websocket);
  const connected = await new Promise((resolve) => {
    websocket.connect(url, port, '/my_endpoint', function (...values) {
      resolve({ self: this, values, state: this.readyState });
    });
  });
  assert.deepEqual(connected, { self: websocket, values: [], state: 'open' });
  assert.deepEqual(paths, ['/my_endpoint']);
  assert.deepEqual(events, [['open']]);
  websocket.close();
  await once(websocket, 'close');
});

test('close', async (t) => {
  let ended;
  const { url, port } = await serve(t, (peer) => {
    ended = once(peer, 'close');
  });
  const websocket = new Websocket();
  const events = record(websocket);
  websocket.connect(url, port);
  await once(websocket, 'open');
  const told = [];
  websocket.close('that was all', 4001, (end) => told.push([names(events), end]));
  assert.equal(websocket.readyState, 'closing');
  await once(websocket, 'close');
  const end = { code: 4001, reason: 'that was all', wasClean: true };
  // The callback completes when the connection is closed, just before the event.
  assert.deepEqual(told, [[['open'], end]]);
  assert.deepEqual(events, [['open'], ['close', end]]);
  assert.deepEqual(await ended, [4001, Buffer.from('that was all')]);
});

test('ping', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  const events = record(websocket);
  websocket.connect(url, port);
  await once(websocket, 'open');
  const binary = Buffer.from([0xff, 0x00, 0xfe]);
  const pongs = await new Promise((resolve) => {
    const pongs = [];
    websocket.ping('Ping frame 1', true, (payload) => pongs.push(payload));
    // A ping that nobody listens for, one with a Buffer as its message, and an empty one.
    websocket.ping('not listened for');
    websocket.ping(binary, (payload) => pongs.push(payload));
    websocket.ping((payload) => resolve([...pongs, payload]));
  });
  assert.deepEqual(pongs, [Buffer.from('Ping frame 1'), binary, Buffer.alloc(0)]);
  assert.deepEqual(names(events), ['open', 'pong', 'pong', 'pong', 'pong']);
  websocket.close();
  await once(websocket, 'close');
});

test('send', async (t) => {
  const received = [];
  const { url, port } = await serve(t, (peer) => {
    peer.on('message', (data, isBinary) => received.push([data, isBinary]));
    echo(peer);
  });
  const websocket = new Websocket();
  const messages = [];
  websocket.on('message', (...values) => messages.push(values));
  websocket.connect(url, port);
  await once(websocket, 'open');
  const sent = [];
  const bytes = Buffer.from([0xff, 0xfe, 0x00]);
  websocket.send('text', { mask: true, binary: false }, (...values) => sent.push(['text', values]));
  websocket.send(bytes, { binary: true, mask: false }, () => sent.push('binary'));
  websocket.send(Buffer.from('text in a Buffer'), () => sent.push('Buffer'));
  websocket.send('', () => sent.push('empty text'));
  websocket.send(Buffer.alloc(0), { binary: true }, () => sent.push('empty binary'));
  websocket.close();
  await once(websocket, 'close');
  assert.deepEqual(sent, [['text', []], 'binary', 'Buffer', 'empty text', 'empty binary']);
  assert.deepEqual(received, [
    [Buffer.from('text'), false],
    [bytes, true],
    [Buffer.from('text in a Buffer'), false],
    [Buffer.alloc(0), false],
    [Buffer.alloc(0), true],
  ]);
  assert.deepEqual(messages, [
    ['text', false],
    [bytes, true],
    ['text in a Buffer', false],
    ['', false],
    [Buffer.alloc(0), true],
  ]);
});

test("the scenario of IoT.js's test_websocket.js passes", async (t) => {
  const order = [];
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    for (const answer of [OPCODES.pong, OPCODES.text, OPCODES.close]) {
      const { opcode, maskingKey, payload } = await peer.frame();
      assert.notDeepEqual(maskingKey, Buffer.alloc(4));
      order.push([opcode, payload]);
      peer.socket.write(frame(answer, payload));
    }
    peer.socket.end();
  });
  const websocket = new Websocket();
  const told = [];
  websocket.connect(url, port, '/', function () {
    this.on('message', (data) => told.push(['message', data]));
    this.ping('ping payload', true, (payload) => told.push(['pong', payload.toString()]));
    // Loose, as there: the code was a string.
    this.on('close', ({ code, reason }) => told.push(['close', code == '1000', reason]));
    this.send('text payload', { mask: true, binary: false });
    this.close('reason', 1000);
  });
  await closed(websocket);
  await played();
  assert.deepEqual(told, [
    ['pong', 'ping payload'],
    ['message', 'text payload'],
    ['close', true, 'reason'],
  ]);
  assert.deepEqual(order, [
    [OPCODES.ping, Buffer.from('ping payload')],
    [OPCODES.text, Buffer.from('text payload')],
    [OPCODES.close, closePayload(1000, 'reason')],
  ]);
});

test('mask: false sends a masking key of zero, and no mask a random one', async (t) => {
  const frames = [];
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    for (let count = 0; count < 4; count++) {
      frames.push(await peer.frame());
    }
    await peer.close();
  });
  const websocket = new Websocket();
  websocket.connect(url, port, () => {
    websocket.send('unmasked', { mask: false });
    websocket.send('masked');
    websocket.ping('unmasked', false);
    websocket.ping('masked');
    websocket.close();
  });
  await closed(websocket);
  await played();
  const zero = Buffer.alloc(4);
  assert.deepEqual(
    frames.map(({ maskingKey, payload }) => [maskingKey.equals(zero), payload.toString()]),
    [
      [true, 'unmasked'],
      [false, 'masked'],
      [true, 'unmasked'],
      [false, 'masked'],
    ],
  );
});

test('close without arguments sends 1000, and is masked', async (t) => {
  const payloads = [];
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    payloads.push(await peer.close());
  });
  const websocket = new Websocket();
  websocket.connect(url, port, () => websocket.close());
  assert.deepEqual(await closed(websocket), { code: 1000, reason: '', wasClean: true });
  await played();
  assert.deepEqual(payloads, [closePayload(1000, '')]);
});
