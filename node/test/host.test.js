// Our host of WASI, without the component.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { once } = require('node:events');

const { Host } = require('../lib/wasi/index.js');
const { segmentsOf } = require('../lib/wasi/lookup.js');
const { hostOf } = require('../lib/wasi/tcp.js');

const imports = new Host().imports();
const network = imports['wasi:sockets/instance-network'].instanceNetwork();

function becomesReady(pollable) {
  return new Promise((resolve) => {
    if (pollable.ready()) {
      resolve();
    }
    pollable.onReady = resolve;
  });
}

/** A socket connected to a server of test `t`, with the server's end of it. */
async function connected(t) {
  const server = net
    .createServer({ allowHalfOpen: true, highWaterMark: 1024 })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = imports['wasi:sockets/tcp-create-socket'].createTcpSocket('ipv4');
  t.after(() => {
    socket[Symbol.dispose]();
    server.close();
  });
  const address = { tag: 'ipv4', val: { port: server.address().port, address: [127, 0, 0, 1] } };
  socket.startConnect(network, address);
  assert.throws(
    () => socket.finishConnect(),
    (thrown) => thrown === 'would-block',
  );
  const [[peer]] = await Promise.all([
    once(server, 'connection'),
    becomesReady(socket.subscribe()),
  ]);
  t.after(() => peer.destroy());
  const [input, output] = socket.finishConnect();
  return { socket, input, output, peer };
}

test('addresses of version 6 are read in all their notations', () => {
  const notations = {
    '::': [0, 0, 0, 0, 0, 0, 0, 0],
    '::1': [0, 0, 0, 0, 0, 0, 0, 1],
    'fe80::': [0xfe80, 0, 0, 0, 0, 0, 0, 0],
    'fe80::1%eth0': [0xfe80, 0, 0, 0, 0, 0, 0, 1],
    '2001:db8::a:b': [0x2001, 0xdb8, 0, 0, 0, 0, 0xa, 0xb],
    '1:2:3:4:5:6:7:8': [1, 2, 3, 4, 5, 6, 7, 8],
    '::ffff:192.0.2.1': [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201],
  };
  for (const [notation, segments] of Object.entries(notations)) {
    assert.deepEqual(segmentsOf(notation), segments, notation);
  }
});

test('addresses are written as node:net reads them', () => {
  const v4 = { tag: 'ipv4', val: { port: 80, address: [192, 0, 2, 1] } };
  assert.equal(hostOf(v4), '192.0.2.1');
  const address = [0xfe80, 0, 0, 0, 0, 0, 0xa, 0xb];
  const v6 = { tag: 'ipv6', val: { port: 80, flowInfo: 0, address, scopeId: 0 } };
  assert(net.isIPv6(hostOf(v6)));
  assert.deepEqual(segmentsOf(hostOf(v6)), address);
  v6.val.scopeId = 2;
  assert.equal(hostOf(v6), 'fe80:0:0:0:0:0:a:b%2');
});

test('a read takes what is there, and is refused nothing at the end', async (t) => {
  const { input, peer } = await connected(t);
  const pollable = input.subscribe();
  assert.equal(pollable.ready(), false);
  assert.equal(input.read(10n).length, 0);
  peer.write('Hello');
  await becomesReady(pollable);
  assert.equal(Buffer.from(input.read(2n)).toString(), 'He');
  assert.equal(Buffer.from(input.read(10n)).toString(), 'llo');
  assert.equal(pollable.ready(), false);
  peer.end();
  await becomesReady(pollable);
  assert.throws(() => input.read(10n), { tag: 'closed' });
  // The end lasts.
  assert.equal(pollable.ready(), true);
});

test('what is read ahead is bounded, and all of it comes', async (t) => {
  const { input, peer } = await connected(t);
  const len = 32 << 20;
  peer.end(Buffer.alloc(len, 1));
  const pollable = input.subscribe();
  let received = 0;
  let longest = 0;
  for (;;) {
    await becomesReady(pollable);
    let bytes;
    try {
      bytes = input.read(BigInt(len));
    } catch (thrown) {
      assert.deepEqual(thrown, { tag: 'closed' });
      break;
    }
    received += bytes.length;
    longest = Math.max(longest, bytes.length);
  }
  assert.equal(received, len);
  // The limit, and the read of at most 64 KiB that reached it.
  assert(longest <= (512 << 10) + (64 << 10), `${longest} bytes were read ahead`);
});

test('what may be written is bounded, and comes back when it is written', async (t) => {
  const { output, peer } = await connected(t);
  peer.pause();
  const pollable = output.subscribe();
  let permit;
  while ((permit = Number(output.checkWrite())) > 0) {
    output.write(new Uint8Array(permit));
  }
  assert.equal(pollable.ready(), false);
  assert.throws(() => output.write(new Uint8Array(1)), /not permitted to write 1 bytes/);
  peer.resume();
  await becomesReady(pollable);
  assert(output.checkWrite() > 0n);
});

test('shutting down sends what is written, and then the end', async (t) => {
  const { socket, output, peer } = await connected(t);
  output.write(Buffer.from('last'));
  socket.shutdown('send');
  assert.throws(() => output.checkWrite(), { tag: 'closed' });
  const chunks = [];
  peer.on('data', (chunk) => chunks.push(chunk));
  await once(peer, 'end');
  assert.equal(Buffer.concat(chunks).toString(), 'last');
});

test('a reset is an error of both streams', async (t) => {
  const { input, output, peer } = await connected(t);
  peer.resetAndDestroy();
  await becomesReady(input.subscribe());
  for (const call of [() => input.read(1n), () => output.checkWrite()]) {
    assert.throws(call, ({ tag, val }) => {
      assert.equal(tag, 'last-operation-failed');
      assert.match(val.toDebugString(), /ECONNRESET/);
      return true;
    });
  }
});

test('what would block is refused', () => {
  assert.throws(() => imports['wasi:io/poll'].poll([]), /nothing may block/);
  assert.throws(
    () => imports['wasi:clocks/monotonic-clock'].subscribeInstant(0n),
    /nothing may block/,
  );
});
