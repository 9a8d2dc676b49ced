// wasi:sockets/tcp over node:net.

'use strict';

const net = require('node:net');

const { Source } = require('./io.js');
const { InputStream, OutputStream } = require('./streams.js');

// How long a socket that nobody owns any more waits until it can write what it still has, in
// milliseconds: a peer that does not read would hold it for ever. As long as a closing handshake
// may take.
const LINGER = 10_000;

const ERROR_CODES = new Map([
  ['EACCES', 'access-denied'],
  ['EADDRNOTAVAIL', 'remote-unreachable'],
  ['ECONNABORTED', 'connection-aborted'],
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-reset'],
  ['EHOSTUNREACH', 'remote-unreachable'],
  ['EMFILE', 'new-socket-limit'],
  ['ENETUNREACH', 'remote-unreachable'],
  ['ENFILE', 'new-socket-limit'],
  ['EPERM', 'access-denied'],
  ['ETIMEDOUT', 'timeout'],
]);

/** A socket, from before it is connected until it is closed. It is ready once connecting ended. */
class TcpSocket extends Source {
  #socket = null;
  #outcome = null;
  #onClosed;

  /** `onClosed` is called once there is nothing left of it. */
  constructor(onClosed) {
    super();
    this.#onClosed = onClosed;
  }

  isReady() {
    return this.#outcome !== null;
  }

  startConnect(_network, address) {
    if (this.#socket !== null) {
      throw 'invalid-state';
    }
    const socket = net.connect({
      host: hostOf(address),
      port: address.val.port,
      // The component says when each direction ends.
      allowHalfOpen: true,
      // What is owed at a time leaves in one write already: there is nothing to wait for.
      noDelay: true,
    });
    socket.once('connect', () => this.#settle({ error: null }));
    // Always listened to: an error that nobody hears of would end the process.
    socket.on('error', (error) => {
      this.#settle({ error: ERROR_CODES.get(error.code) ?? 'unknown' });
    });
    socket.once('close', this.#onClosed);
    this.#socket = socket;
  }

  finishConnect() {
    if (this.#socket === null) {
      throw 'not-in-progress';
    }
    if (this.#outcome === null) {
      throw 'would-block';
    }
    if (this.#outcome.error !== null) {
      throw this.#outcome.error;
    }
    return [new InputStream(this.#socket), new OutputStream(this.#socket)];
  }

  shutdown(type) {
    if (this.#outcome === null || this.#outcome.error !== null) {
      throw 'invalid-state';
    }
    if (type === 'send') {
      this.#socket.end();
    } else if (type === 'both') {
      this.#letGo();
    } else {
      throw 'not-supported';
    }
  }

  /** Closes it at once: what is not written is lost. */
  destroy() {
    this.#socket?.destroy();
  }

  [Symbol.dispose]() {
    if (this.#socket === null) {
      this.#onClosed();
    } else if (this.#outcome?.error === null) {
      this.#letGo();
    } else {
      this.destroy();
    }
  }

  /** Closes it after what is written, without anybody waiting for that. */
  #letGo() {
    const socket = this.#socket;
    socket.unref();
    socket.setTimeout(LINGER, () => socket.destroy());
    socket.destroySoon();
  }

  /** The first outcome counts: a connected socket tells of its errors by its streams. */
  #settle(outcome) {
    this.#outcome ??= outcome;
    this.changed();
  }
}

/** The address as node:net takes it. */
function hostOf(address) {
  if (address.tag === 'ipv4') {
    return address.val.address.join('.');
  }
  const host = address.val.address.map((segment) => segment.toString(16)).join(':');
  return address.val.scopeId === 0 ? host : `${host}%${address.val.scopeId}`;
}

module.exports = { TcpSocket, hostOf };
