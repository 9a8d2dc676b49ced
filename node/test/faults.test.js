// What servers and networks do wrong. IoT.js takes each of these wrongly.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { once } = require('node:events');

const { Websocket } = require('../lib/index.js');
const { Instance } = require('../lib/instance.js');
const { Authority } = require('./support/certificates.js');
const { closed, names, record } = require('./support/events.js');
const { OPCODES, closePayload, echo, frame, script, serve } = require('./support/servers.js');

const ABNORMAL = { code: 1006, reason: '', wasClean: false };

/** Connects to a script; returns all events once it is closed. */
async function play(t, steps) {
  const { url, port, played } = await script(t, steps);
  const websocket = new Websocket();
  const events = record(websocket);
  websocket.connect(url, port);
  await closed(websocket);
  await played();
  return events;
}

/** Asserts that connecting fails: by one error, then `close`. */
async function assertFails(websocket, given, expected) {
  const events = record(websocket);
  websocket.connect(...given);
  await closed(websocket);
  assert.deepEqual(names(events), ['error', 'close']);
  const [[, error], [, end]] = events;
  assert.deepEqual({ code: error.code, step: error.step }, expected);
  assert.deepEqual(end, ABNORMAL);
  return error;
}

test('frames that are split anywhere are read whole', async (t) => {
  const events = await play(t, async (peer) => {
    await peer.accept();
    const bytes = Buffer.concat([
      frame(OPCODES.text, 'Grüße'),
      frame(OPCODES.ping, 'ping'),
      frame(OPCODES.binary, Buffer.alloc(300, 7)),
    ]);
    for (const byte of bytes) {
      // Written: the next one comes in a segment of its own, as far as TCP goes.
      await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
    }
    await peer.frame();
    peer.socket.end(frame(OPCODES.close, closePayload(1000, 'bye')));
  });
  assert.deepEqual(events, [
    ['open'],
    ['message', 'Grüße', false],
    ['ping', Buffer.from('ping')],
    ['message', Buffer.alloc(300, 7), true],
    ['close', { code: 1000, reason: 'bye', wasClean: true }],
  ]);
});

test('an opening handshake that is split is read whole, with what is behind it', async (t) => {
  const events = await play(t, async (peer) => {
    const write = peer.socket.write.bind(peer.socket);
    const written = [];
    peer.socket.write = (bytes) => written.push(Buffer.from(bytes));
    await peer.accept();
    const answer = Buffer.concat([...written, frame(OPCODES.text, 'first')]);
    const middle = answer.length >> 1;
    await new Promise((resolve) => write(answer.subarray(0, middle), resolve));
    await new Promise((resolve) => write(answer.subarray(middle), resolve));
    peer.socket.end(frame(OPCODES.close, ''));
  });
  assert.deepEqual(events, [
    ['open'],
    ['message', 'first', false],
    ['close', { code: 1005, reason: '', wasClean: true }],
  ]);
});

test('fragments are one message, with control frames between them', async (t) => {
  const events = await play(t, async (peer) => {
    await peer.accept();
    const text = Buffer.from('世界');
    // In the middle of a character.
    peer.socket.write(frame(OPCODES.text, text.subarray(0, 2), { fin: false }));
    peer.socket.write(frame(OPCODES.ping, 'between'));
    peer.socket.write(frame(OPCODES.continuation, text.subarray(2)));
    peer.socket.end(frame(OPCODES.close, closePayload(1000, '')));
  });
  assert.deepEqual(events, [
    ['open'],
    ['ping', Buffer.from('between')],
    ['message', '世界', false],
    ['close', { code: 1000, reason: '', wasClean: true }],
  ]);
});

test('a server that dies in the middle of a frame fails the connection', async (t) => {
  const events = await play(t, async (peer) => {
    await peer.accept();
    peer.socket.end(frame(OPCODES.text, 'Hello').subarray(0, 4));
  });
  assert.deepEqual(names(events), ['open', 'error', 'close']);
  assert.equal(events[1][1].code, 'connection-ended');
  assert.equal(events[1][1].step, 'open');
  assert.deepEqual(events[2][1], ABNORMAL);
});

test('a server that resets the connection fails it, after what it sent before', async (t) => {
  const { url, port } = await script(t, async (peer) => {
    await peer.accept();
    peer.socket.write(frame(OPCODES.text, 'last words'));
    await peer.frame();
    peer.socket.resetAndDestroy();
  });
  const websocket = new Websocket();
  const events = record(websocket);
  // The reset throws away what is not read yet.
  websocket.on('message', () => websocket.send('read'));
  websocket.connect(url, port);
  await closed(websocket);
  assert.deepEqual(names(events), ['open', 'message', 'error', 'close']);
  assert.equal(events[2][1].code, 'connection-lost');
});

test('text that is not UTF-8 fails with 1007, and a masked frame with 1002', async (t) => {
  const wrong = [
    [frame(OPCODES.text, Buffer.of(0xed, 0xa0, 0x80)), 1007, 'invalid-utf8'],
    [Buffer.of(0x81, 0x80, 0, 0, 0, 0), 1002, 'protocol-error'],
  ];
  for (const [bytes, closeCode, code] of wrong) {
    let payload;
    const events = await play(t, async (peer) => {
      await peer.accept();
      peer.socket.write(bytes);
      ({ payload } = await peer.frame());
      peer.socket.end();
    });
    assert.equal(payload.readUInt16BE(), closeCode);
    assert.deepEqual(names(events), ['open', 'error', 'close']);
    assert.equal(events[1][1].code, code);
  }
});

test('a name that does not exist is told by error, then close', async () => {
  const error = await assertFails(new Websocket(), ['ws://does-not-exist.invalid'], {
    code: 'name-not-found',
    step: 'name',
  });
  assert.match(error.message, /does-not-exist\.invalid/);
});

test('a port on which nobody listens is told by error, then close', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  await assertFails(new Websocket(), ['ws://127.0.0.1', port], {
    code: 'connection-refused',
    step: 'connect',
  });
});

test('a certificate of an unknown issuer is told by error, then close', async (t) => {
  const credentials = new Authority().issue();
  const { url, port } = await serve(t, echo, { credentials });
  const error = await assertFails(new Websocket(), [url, port], {
    code: 'certificate',
    step: 'tls',
  });
  assert.equal(error.certificate, 'unknown-issuer');
});

test('an answer that refuses is told with its status, head and body', async (t) => {
  const { url, port } = await script(t, async (peer) => {
    await peer.request();
    peer.socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: because\r\nContent-Length: 2\r\n\r\nno');
  });
  const error = await assertFails(new Websocket(), [url, port], {
    code: 'refused',
    step: 'handshake',
  });
  assert.deepEqual(error.refusal, {
    status: 401,
    reasonPhrase: 'Unauthorized',
    headers: [
      ['X-Why', 'because'],
      ['Content-Length', '2'],
    ],
    body: Buffer.from('no'),
  });
});

test('a server that does not answer in time is told by error, with the timeout', async (t) => {
  const { url, port } = await script(t, (peer) => peer.request());
  const websocket = new Websocket({ connectTimeout: 50 });
  const error = await assertFails(websocket, [url, port], { code: 'timeout', step: 'handshake' });
  assert.equal(error.timeout, 'connect');
});

test('a ping that is not answered in time fails the connection', async (t) => {
  const { url, port } = await script(t, async (peer) => {
    await peer.accept();
    await peer.frame();
  });
  const websocket = new Websocket({ pongTimeout: 50, closeTimeout: 50 });
  const events = record(websocket);
  websocket.connect(url, port, () => {
    websocket.ping('unanswered', () => assert.fail('nobody answered'));
  });
  await closed(websocket);
  assert.deepEqual(names(events), ['open', 'error', 'close']);
  const [, [, { code, timeout }]] = events;
  assert.deepEqual({ code, timeout }, { code: 'timeout', timeout: 'pong' });
});

test('a trap is told to all connections, and the next one has a new instance', async (t) => {
  const { url, port } = await serve(t, echo);
  const websockets = [new Websocket(), new Websocket()];
  const events = websockets.map(record);
  await Promise.all(
    websockets.map((websocket) => {
      websocket.connect(url, port);
      return once(websocket, 'open');
    }),
  );
  const trap = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  assert.throws(() => Instance.current().enter(trap), WebAssembly.RuntimeError);
  assert.deepEqual(
    websockets.map(({ readyState, bufferedAmount }) => [readyState, bufferedAmount]),
    [
      ['closed', 0],
      ['closed', 0],
    ],
  );
  await Promise.all(websockets.map(closed));
  for (const told of events) {
    assert.deepEqual(names(told), ['open', 'error', 'close']);
    assert.equal(told[1][1].code, 'trapped');
    assert.deepEqual(told[2][1], ABNORMAL);
  }
  const [again] = websockets;
  again.connect(url, port);
  await once(again, 'open');
  again.close();
  assert.equal((await closed(again)).code, 1000);
});
