// What the component imports, and nothing more: WASI 0.2, on Node's event loop.
//
// No call blocks. Sockets and lookups go on by themselves; a pollable says whether they are ready,
// and calls back when they become so.

'use strict';

const crypto = require('node:crypto');

const { IoError, Pollable, refuseToBlock } = require('./io.js');
const { ResolveAddressStream } = require('./lookup.js');
const { InputStream, OutputStream } = require('./streams.js');
const { TcpSocket } = require('./tcp.js');

/** The network of this process: all of it, as for every program on Node. */
class Network {}

/** The imports of one instance of the component. */
class Host {
  #sockets = new Set();

  /** By interface, as jco wants them. */
  imports() {
    return {
      'wasi:clocks/monotonic-clock': { now: monotonicNow, subscribeInstant: refuseToBlock },
      'wasi:clocks/wall-clock': { now: wallNow },
      'wasi:io/error': { Error: IoError },
      'wasi:io/poll': { Pollable, poll: refuseToBlock },
      'wasi:io/streams': { InputStream, OutputStream },
      'wasi:random/random': { getRandomBytes: (len) => crypto.randomBytes(Number(len)) },
      'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
      'wasi:sockets/ip-name-lookup': {
        ResolveAddressStream,
        resolveAddresses: (_network, name) => new ResolveAddressStream(name),
      },
      'wasi:sockets/network': { Network },
      'wasi:sockets/tcp': { TcpSocket },
      'wasi:sockets/tcp-create-socket': { createTcpSocket: () => this.#createTcpSocket() },
    };
  }

  /** Closes all sockets at once, of an instance that cannot do so any more. */
  destroy() {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #createTcpSocket() {
    const socket = new TcpSocket(() => this.#sockets.delete(socket));
    this.#sockets.add(socket);
    return socket;
  }
}

/** In nanoseconds. */
function monotonicNow() {
  return process.hrtime.bigint();
}

function wallNow() {
  const milliseconds = Date.now();
  return {
    seconds: BigInt(Math.floor(milliseconds / 1000)),
    nanoseconds: (milliseconds % 1000) * 1_000_000,
  };
}

module.exports = { Host, monotonicNow };
