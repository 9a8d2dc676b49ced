// A lot at once: large messages, slow readers, many connections, and the event loop meanwhile.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { once } = require('node:events');

const { Websocket } = require('../lib/index.js');
const { Authority } = require('./support/certificates.js');
const { closed } = require('./support/events.js');
const { OPCODES, echo, frame, script, serve } = require('./support/servers.js');

const MIB = 1 << 20;

const authority = new Authority();

/** Bytes that are not alike, so that a misplaced one shows. */
function pattern(len) {
  return Buffer.alloc(len, Uint8Array.from(Array(251).keys()));
}

/** Counts the iterations of the event loop in which a timer ran, until it is stopped. */
function countTicks(t) {
  let ticks = 0;
  const interval = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(interval));
  return () => ticks;
}

for (const scheme of ['ws', 'wss']) {
  test(`1 MiB comes back as it was sent, over ${scheme}`, async (t) => {
    const credentials = scheme === 'wss' ? authority.issue() : undefined;
    const { url, port } = await serve(t, echo, { credentials });
    // Compressed, a pattern is not large.
    const websocket = new Websocket({ roots: authority.pem, compression: false });
    websocket.connect(url, port);
    await once(websocket, 'open');
    const bytes = pattern(MIB);
    const text = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, 'x');
    websocket.send(bytes, { binary: true });
    const [echoedBytes, isBinary] = await once(websocket, 'message');
    assert(isBinary && bytes.equals(echoedBytes));
    websocket.send(text);
    const [echoedText] = await once(websocket, 'message');
    // Not by assert.equal, which would print both.
    assert(echoedText === text);
    websocket.close();
    await closed(websocket);
  });
}

test('the event loop goes on during a bulk transfer', async (t) => {
  const count = 32;
  const { url, port } = await serve(
    t,
    (peer) => {
      for (let index = 0; index < count; index++) {
        peer.send(pattern(MIB));
      }
    },
    { credentials: authority.issue() },
  );
  const websocket = new Websocket({ roots: authority.pem, compression: false });
  websocket.connect(url, port);
  const ticks = countTicks(t);
  // A turn reads at most half a message, and a timer that is due runs between turns.
  const ticksAtMessages = [];
  for (let received = 0; received < count; received++) {
    await once(websocket, 'message');
    ticksAtMessages.push(ticks());
  }
  const advances = ticksAtMessages.filter(
    (tick, index) => tick > (ticksAtMessages[index - 1] ?? 0),
  );
  assert(
    advances.length > count / 4,
    `the timer ran between ${advances.length} of ${count} messages`,
  );
  websocket.close();
  await closed(websocket);
});

test('a callback that sends again and again does not keep the event loop', async (t) => {
  const { url, port } = await serve(t, (peer) => peer.on('message', () => {}));
  const websocket = new Websocket();
  websocket.connect(url, port);
  await once(websocket, 'open');
  const ticks = countTicks(t);
  const start = ticks();
  // Each of them is handed over at once, so that nothing but turns ends the loop.
  await new Promise((resolve) => {
    const again = () => (ticks() < start + 3 ? websocket.send('again', again) : resolve());
    again();
  });
  websocket.close();
  await closed(websocket);
});

test('a reader that pauses slows the server down, and nothing is lost', async (t) => {
  const count = 256;
  const len = 64 << 10;
  let peer;
  const { url, port } = await serve(t, (websocket) => {
    peer = websocket;
    for (let index = 0; index < count; index++) {
      const payload = pattern(len);
      payload.writeUInt32BE(index);
      peer.send(payload);
    }
  });
  const websocket = new Websocket({ compression: false });
  const received = [];
  websocket.on('message', (payload) => received.push(payload.readUInt32BE()));
  websocket.connect(url, port);
  await once(websocket, 'message');
  websocket.pause();
  // All buffers on the way are full once the server has written nothing more for a while of turns.
  let before;
  do {
    before = peer.bufferedAmount;
    for (let turn = 0; turn < 100; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  } while (peer.bufferedAmount !== before);
  const told = received.length;
  assert(told < count, `${told} messages were told though it paused`);
  assert(peer.bufferedAmount > 0, 'the server could write everything');
  websocket.resume();
  while (received.length < count) {
    await once(websocket, 'message');
  }
  assert.deepEqual(received, [...Array(count).keys()]);
  websocket.close();
  await closed(websocket);
});

test('a server that does not read makes sending wait, and nothing is lost', async (t) => {
  const count = 64;
  let peer;
  const { url, port } = await serve(t, (websocket) => {
    peer = websocket;
    peer.pause();
    let received = 0;
    peer.on('message', (payload) => {
      received += 1;
      if (payload.readUInt32BE() !== received - 1 || received === count) {
        peer.close(1000, `${received}`);
      }
    });
  });
  const websocket = new Websocket({ compression: false });
  websocket.connect(url, port);
  await once(websocket, 'open');
  let sent = 0;
  for (let index = 0; index < count; index++) {
    const payload = pattern(MIB);
    payload.writeUInt32BE(index);
    websocket.send(payload, { binary: true }, () => sent++);
  }
  assert(websocket.bufferedAmount >= count * MIB);
  for (let turn = 0; turn < 1000; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(sent < count, 'all was sent to a server that does not read');
  peer.resume();
  assert.deepEqual(await closed(websocket), { code: 1000, reason: `${count}`, wasClean: true });
  assert.equal(sent, count);
  assert.equal(websocket.bufferedAmount, 0);
});

test('a close that waits behind what is to be sent is told when the connection ends', async (t) => {
  let peer;
  const { url, port } = await serve(t, (websocket) => {
    peer = websocket;
    peer.pause();
  });
  const websocket = new Websocket({ compression: false });
  const events = [];
  websocket.on('error', ({ code }) => events.push(code));
  websocket.connect(url, port, () => {
    for (let index = 0; index < 16; index++) {
      websocket.send(pattern(MIB), { binary: true }, () => index === 0 && peer.terminate());
    }
    websocket.close(() => events.push('callback of close'));
  });
  const { code } = await closed(websocket);
  assert.equal(code, 1006);
  assert.deepEqual(events, ['connection-lost', 'callback of close']);
});

test('what is wrong with a command that waits is told when it is its turn', async (t) => {
  let peer;
  const { url, port } = await serve(t, (websocket) => {
    peer = websocket;
    peer.pause();
  });
  const websocket = new Websocket({ compression: false });
  websocket.connect(url, port);
  await once(websocket, 'open');
  websocket.send(pattern(16 * MIB), { binary: true });
  websocket.ping(Buffer.alloc(126));
  const told = once(websocket, 'error');
  peer.resume();
  const [{ code, part }] = await told;
  assert.deepEqual({ code, part }, { code: 'invalid-argument', part: 'ping-payload' });
  websocket.close();
  assert.equal((await closed(websocket)).code, 1000);
});

test('what is sent in one iteration of the event loop leaves in one write', async (t) => {
  const { url, port } = await serve(t, echo);
  const websocket = new Websocket();
  websocket.connect(url, port);
  await once(websocket, 'open');
  const writes = [];
  const write = net.Socket.prototype.write;
  t.after(() => (net.Socket.prototype.write = write));
  net.Socket.prototype.write = function (bytes, ...rest) {
    if (this.remotePort === port) {
      writes.push(bytes.length);
    }
    return write.call(this, bytes, ...rest);
  };
  for (let index = 0; index < 10; index++) {
    websocket.send(`message ${index}`);
  }
  await new Promise((resolve) => websocket.send('last', resolve));
  // 10 frames of 15 bytes and one of 10.
  assert.deepEqual(writes, [10 * (2 + 4 + 9) + 2 + 4 + 4]);
  websocket.close();
  await closed(websocket);
});

test('100 connections at once', async (t) => {
  const { url, port } = await serve(t, echo);
  const ends = await Promise.all(
    Array.from(Array(100).keys(), async (index) => {
      const websocket = new Websocket();
      websocket.connect(url, port, () => websocket.send(`message ${index}`));
      const [message] = await once(websocket, 'message');
      assert.equal(message, `message ${index}`);
      websocket.close(message);
      return await closed(websocket);
    }),
  );
  assert.deepEqual(
    ends.map(({ code, reason }) => [code, reason]),
    Array.from(Array(100).keys(), (index) => [1000, `message ${index}`]),
  );
});

test('a flood of small messages is told in order', async (t) => {
  const count = 20_000;
  const { url, port } = await script(t, async (peer) => {
    await peer.accept();
    const frames = Array.from(Array(count).keys(), (index) => frame(OPCODES.text, `${index}`));
    peer.socket.write(Buffer.concat(frames));
    await peer.close();
  });
  const websocket = new Websocket();
  let expected = 0;
  websocket.on('message', (text) => {
    assert.equal(text, `${expected}`);
    expected += 1;
    if (expected === count) {
      websocket.close();
    }
  });
  websocket.connect(url, port);
  await closed(websocket);
  assert.equal(expected, count);
});
