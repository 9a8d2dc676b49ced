// wasi:io/streams over the two directions of a socket of node:net.

'use strict';

const { IoError, Source } = require('./io.js');

// How much is read ahead of the component, in bytes: what it takes in one turn, so that the next
// turn has something to do while the socket is read again. Beyond it the socket is paused.
const MAX_READ_AHEAD = 512 << 10;

// How much may wait in the socket to be written, in bytes: enough to keep the socket busy until the
// next turn. What is beyond it waits in the component, which bounds it.
const MAX_WRITE_AHEAD = 256 << 10;

/** What the peer sent. */
class InputStream extends Source {
  #socket;
  #chunks = [];
  #len = 0;
  #ended;
  #error;

  constructor(socket) {
    super();
    this.#socket = socket;
    // It may be lost again already.
    this.#error = socket.errored;
    this.#ended = socket.destroyed;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#len += chunk.length;
      if (this.#len >= MAX_READ_AHEAD) {
        socket.pause();
      }
      this.changed();
    });
    socket.on('end', () => this.#end());
    // Without `end` before it the socket was destroyed, by us or by an error.
    socket.on('close', () => this.#end());
    socket.on('error', (error) => {
      this.#error = error;
      this.#end();
    });
  }

  isReady() {
    return this.#len > 0 || this.#ended;
  }

  /** Up to `len` bytes; none if there are none yet. */
  read(len) {
    if (this.#len === 0) {
      if (this.#error !== null) {
        throw { tag: 'last-operation-failed', val: new IoError(this.#error.message) };
      }
      if (this.#ended) {
        throw { tag: 'closed' };
      }
      return new Uint8Array(0);
    }
    const bytes = this.#take(Number(len));
    if (this.#socket.isPaused() && this.#len < MAX_READ_AHEAD) {
      this.#socket.resume();
    }
    return bytes;
  }

  /** The component takes a short read for the last one: chunks are joined as far as there are. */
  #take(len) {
    const taken = [];
    let wanted = Math.min(len, this.#len);
    this.#len -= wanted;
    while (wanted > 0) {
      const chunk = this.#chunks[0];
      if (chunk.length <= wanted) {
        taken.push(this.#chunks.shift());
        wanted -= chunk.length;
      } else {
        taken.push(chunk.subarray(0, wanted));
        this.#chunks[0] = chunk.subarray(wanted);
        wanted = 0;
      }
    }
    return taken.length === 1 ? taken[0] : Buffer.concat(taken);
  }

  #end() {
    this.#ended = true;
    this.changed();
  }
}

/** What is sent to the peer. */
class OutputStream extends Source {
  #socket;
  #error;

  constructor(socket) {
    super();
    this.#socket = socket;
    this.#error = socket.errored;
    socket.on('close', () => this.changed());
    socket.on('error', (error) => {
      this.#error = error;
      this.changed();
    });
  }

  isReady() {
    return this.#hasFailed() || this.#permit() > 0;
  }

  /** How many bytes `write` takes now. */
  checkWrite() {
    if (this.#error !== null) {
      throw { tag: 'last-operation-failed', val: new IoError(this.#error.message) };
    }
    if (this.#hasFailed()) {
      throw { tag: 'closed' };
    }
    return BigInt(this.#permit());
  }

  write(contents) {
    if (contents.length > this.checkWrite()) {
      throw new Error(`not permitted to write ${contents.length} bytes`);
    }
    // Called when these bytes are with the system, or never will be: an error is told by `error`.
    this.#socket.write(contents, () => this.changed());
  }

  #hasFailed() {
    return this.#error !== null || !this.#socket.writable;
  }

  #permit() {
    return Math.max(0, MAX_WRITE_AHEAD - this.#socket.writableLength);
  }
}

module.exports = { InputStream, OutputStream };
