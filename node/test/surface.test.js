// What is there beside the seed: options, properties, more events, and the ways of Node.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { on, once } = require('node:events');

const { Websocket } = require('../lib/index.js');
const { Authority } = require('./support/certificates.js');
const { closed, names, record } = require('./support/events.js');
const { OPCODES, closePayload, echo, frame, script, serve } = require('./support/servers.js');

test('headers, subprotocols and origin reach the server, and its choice the client', async (t) => {
  const requests = [];
  const { url, port } = await serve(t, (peer, { headers }) => {
    requests.push([headers['x-name'], headers['x-twice'], headers.origin]);
    peer.close();
  });
  const websocket = new Websocket({
    headers: { 'X-Name': 'value', 'X-Twice': ['1', '2'] },
    subprotocols: ['chat.v2', 'chat'],
    origin: 'https://example.org',
  });
  assert.equal(websocket.subprotocol, undefined);
  websocket.connect(url, port);
  await once(websocket, 'open');
  // ws chooses the first.
  assert.equal(websocket.subprotocol, 'chat.v2');
  assert.deepEqual(
    websocket.responseHeaders.filter(([name]) => name === 'Sec-WebSocket-Protocol'),
    [['Sec-WebSocket-Protocol', 'chat.v2']],
  );
  assert.deepEqual(requests, [['value', '1, 2', 'https://example.org']]);
  await closed(websocket);
});

test('compression is negotiated as the options say', async (t) => {
  const options = { perMessageDeflate: { threshold: 0 } };
  const { url, port } = await serve(t, echo, { options });
  const extensionsWith = async (compression) => {
    const websocket = new Websocket({ compression, compressionThreshold: 0, compressionLevel: 9 });
    websocket.connect(url, port, () => websocket.send('compressed?'));
    assert.deepEqual(await once(websocket, 'message'), ['compressed?', false]);
    const { extensions } = websocket;
    websocket.close();
    await closed(websocket);
    return extensions.map((extension) => extension.split('; ').sort());
  };
  assert.deepEqual(await extensionsWith(false), []);
  const [defaults] = await extensionsWith(true);
  assert(defaults.includes('permessage-deflate'), defaults.join());
  const [parameters] = await extensionsWith([
    { serverNoContextTakeover: true, clientMaxWindowBits: 12, serverMaxWindowBits: 13 },
  ]);
  assert(parameters.includes('server_no_context_takeover'), parameters.join());
  assert(parameters.includes('server_max_window_bits=13'), parameters.join());
});

test('a message over a limit fails the connection with 1009', async (t) => {
  const limits = { maxMessageSize: 10, maxFrameSize: 100, maxFragments: 3, maxResponseHead: 4096 };
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    peer.socket.write(frame(OPCODES.text, '11 bytes...'));
    assert.equal((await peer.frame()).payload.readUInt16BE(), 1009);
    peer.socket.end();
  });
  const websocket = new Websocket(limits);
  const events = record(websocket);
  websocket.connect(url, port);
  await closed(websocket);
  await played();
  assert.deepEqual(names(events), ['open', 'error', 'close']);
  assert.equal(events[1][1].code, 'message-too-big');
});

test('roots are trusted where they are given', async (t) => {
  const authority = new Authority();
  const { url, port } = await serve(t, echo, { credentials: authority.issue() });
  const trusting = new Websocket({ roots: [authority.pem], builtInRoots: false });
  trusting.connect(url, port);
  await once(trusting, 'open');
  trusting.close();
  await closed(trusting);

  const trustless = new Websocket({ builtInRoots: false });
  const events = record(trustless);
  trustless.connect(url, port);
  await closed(trustless);
  assert.deepEqual([events[0][1].code, events[0][1].part], ['invalid-argument', 'roots']);
});

test('options of a wrong kind throw where they are given', () => {
  const wrong = [
    [{ rejectUnauthorized: false }, TypeError, /no option rejectUnauthorized/],
    [{ origin: 5 }, TypeError, /origin: expected string, got number/],
    [{ subprotocols: 'chat' }, TypeError, /subprotocols: expected list of string, got string/],
    [{ headers: 'X: y' }, TypeError, /headers: expected object or list of pairs, got string/],
    [{ pingInterval: '1s' }, TypeError, /pingInterval: expected number, got string/],
    [{ maxMessageSize: -1 }, RangeError, /maxMessageSize is -1/],
    [{ maxFragments: 2 ** 32 }, RangeError, /maxFragments is 4294967296/],
    [{ compression: [{ windowBits: 9 }] }, TypeError, /no parameter windowBits/],
    [{ roots: 5 }, TypeError, /roots: expected string or Buffer/],
  ];
  for (const [options, type, message] of wrong) {
    assert.throws(
      () => new Websocket(options),
      (error) => {
        assert(error instanceof type, `${error}`);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('pings and pongs of the server are told, and keepalive ones are not', async (t) => {
  const { url, port, played } = await script(t, async (peer) => {
    await peer.accept();
    // Silence: the client asks whether anybody is there.
    const { opcode, payload } = await peer.frame();
    assert.equal(opcode, OPCODES.ping);
    peer.socket.write(frame(OPCODES.pong, payload));
    peer.socket.write(frame(OPCODES.ping, 'from the server'));
    peer.socket.write(frame(OPCODES.pong, 'unasked'));
    let answer;
    do {
      answer = await peer.frame();
    } while (answer.opcode === OPCODES.ping);
    assert.deepEqual([answer.opcode, answer.payload.toString()], [OPCODES.pong, 'from the server']);
    peer.socket.end(frame(OPCODES.close, closePayload(1000, '')));
  });
  const websocket = new Websocket({ pingInterval: 20 });
  const events = record(websocket);
  websocket.connect(url, port);
  await closed(websocket);
  await played();
  assert.deepEqual(events.slice(1, -1), [
    ['ping', Buffer.from('from the server')],
    ['pong', Buffer.from('unasked')],
  ]);
});

test('statistics count what went both ways, of one connection, and stay after close', async (t) => {
  const lens = [];
  const { url, port, played } = await script(t, async (peer) => {
    lens.push((await peer.accept()).length);
    const text = await peer.frame();
    peer.socket.write(frame(OPCODES.text, text.payload));
    const ping = await peer.frame();
    peer.socket.write(frame(OPCODES.pong, ping.payload));
    const close = await peer.frame();
    peer.socket.end(frame(OPCODES.close, close.payload));
  });
  const websocket = new Websocket({ compression: false });
  const none = { bytes: 0, frames: 0, messages: 0, pings: 0, pongs: 0 };
  const nothing = { sent: none, received: none, roundTrip: undefined };
  assert.deepEqual(websocket.statistics, nothing);
  for (const round of [0, 1]) {
    websocket.connect(url, port, () => websocket.send('Hello'));
    assert.deepEqual(websocket.statistics, nothing);
    await once(websocket, 'message');
    assert.equal(websocket.statistics.received.messages, 1);
    assert.equal(websocket.statistics.roundTrip, undefined);
    await new Promise((resolve) => websocket.ping('there?', resolve));
    const { roundTrip } = websocket.statistics;
    assert(roundTrip.last > 0, `${roundTrip.last} ms`);
    assert.equal(roundTrip.smoothed, roundTrip.last);
    websocket.close('done');
    await closed(websocket);
    const { sent, received } = websocket.statistics;
    const len = 'Hello'.length + 'there?'.length + 'xxdone'.length;
    // Headers of frames have two bytes, and those of a client a masking key of four.
    const bytes = lens[round] + 3 * 6 + len;
    assert.deepEqual(sent, { bytes, frames: 3, messages: 1, pings: 1, pongs: 0 });
    const answer = received.bytes - 3 * 2 - len;
    assert(answer > 'HTTP/1.1 101'.length, `${answer} bytes`);
    assert.deepEqual(
      { ...received, bytes: 0 },
      { bytes: 0, frames: 3, messages: 1, pings: 0, pongs: 1 },
    );
    assert.deepEqual(websocket.statistics.roundTrip, roundTrip);
  }
  await played();
});

test('readyState goes through all states', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  const states = [websocket.readyState];
  websocket.connect(url, port);
  states.push(websocket.readyState);
  await once(websocket, 'open');
  states.push(websocket.readyState);
  websocket.close();
  states.push(websocket.readyState);
  await closed(websocket);
  states.push(websocket.readyState);
  assert.deepEqual(states, ['closed', 'connecting', 'open', 'closing', 'closed']);
});

test('one object connects again after close, even from the listener of close', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  const events = record(websocket);
  let connections = 0;
  const connect = () => {
    websocket.connect(url, port, () => {
      connections += 1;
      websocket.close(`${connections}`);
    });
  };
  await new Promise((resolve) => {
    websocket.on('close', () => (connections < 3 ? connect() : resolve()));
    connect();
  });
  const reasons = events.filter(([name]) => name === 'close').map(([, { reason }]) => reason);
  assert.deepEqual(reasons, ['1', '2', '3']);
});

test('the callback of a connect that failed is not called by the next', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  websocket.on('error', ({ part }) => assert.equal(part, 'scheme'));
  websocket.connect('http://127.0.0.1', () => assert.fail('it was not opened'));
  await closed(websocket);
  await new Promise((resolve) => websocket.connect(url, port, resolve));
  websocket.close();
  await closed(websocket);
});

test('messages are an async iterator by node:events', async (t) => {
  const { url, port } = await serve(t, (peer) => {
    for (const text of ['1', '2', '3']) {
      peer.send(text);
    }
    peer.close();
  });
  const websocket = new Websocket();
  websocket.connect(url, port);
  const messages = on(websocket, 'message', {
    close: ['close'],
    highWaterMark: 2,
    lowWaterMark: 1,
  });
  const texts = [];
  for await (const [text] of messages) {
    texts.push(text);
  }
  assert.deepEqual(texts, ['1', '2', '3']);
});

test('what is sent after the server closed is told by close alone', async (t) => {
  const { url, port } = await serve(t, (peer) => {
    peer.send('last');
    peer.close(1001);
  });
  const websocket = new Websocket();
  const events = record(websocket);
  // In the same turn as the Close frame, of which nothing was told yet.
  websocket.on('message', () => websocket.send('too late'));
  websocket.connect(url, port);
  await closed(websocket);
  assert.deepEqual(names(events), ['open', 'message', 'close']);
});

test('a connection of a name that has addresses of both families is opened', async (t) => {
  // The server is on 127.0.0.1 alone; `localhost` may be ::1 first.
  const { port } = await serve(t, echo);
  const websocket = new Websocket();
  websocket.connect('ws://localhost', port);
  await once(websocket, 'open');
  websocket.close();
  await closed(websocket);
});
