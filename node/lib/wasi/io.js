// wasi:io: errors, and what becomes ready.

'use strict';

/** What went wrong with a stream (wasi:io/error). */
class IoError {
  #message;

  constructor(message) {
    this.#message = message;
  }

  toDebugString() {
    return this.#message;
  }
}

/**
 * Something that is ready at some times. It tells its pollables when it becomes so; subclasses say
 * in `isReady` whether it is, and call `changed` whenever that may have become true.
 */
class Source {
  #pollables = new Set();

  subscribe() {
    const pollable = new Pollable(this);
    this.#pollables.add(pollable);
    return pollable;
  }

  changed() {
    if (this.isReady()) {
      for (const pollable of this.#pollables) {
        pollable.onReady?.();
      }
    }
  }

  forget(pollable) {
    this.#pollables.delete(pollable);
  }
}

/** What can be waited for (wasi:io/poll), without a call that blocks. */
class Pollable {
  #source;

  /** Called whenever it becomes ready; `ready` says whether it is so already. */
  onReady = null;

  constructor(source) {
    this.#source = source;
  }

  ready() {
    return this.#source.isReady();
  }

  block() {
    refuseToBlock();
  }

  [Symbol.dispose]() {
    this.#source.forget(this);
    this.onReady = null;
  }
}

/** Blocking would block the event loop, from which alone anything can become ready. */
function refuseToBlock() {
  throw new Error('on Node nothing may block: use pollables, not a waiter');
}

module.exports = { IoError, Pollable, Source, refuseToBlock };
