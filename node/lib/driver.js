// One connection: drives a websocket of the component when there is something to do, and tells what
// happened.

'use strict';

const { WebsocketError, isRefusal } = require('./error.js');
const { Instance } = require('./instance.js');
const { NOTHING_COUNTED } = require('./statistics.js');
const { monotonicNow } = require('./wasi/index.js');

// The longest that a timer of Node waits, in milliseconds; what is later is looked at again then.
const MAX_DELAY = 2 ** 31 - 1;

const NANOS_PER_MILLI = 1_000_000n;

/**
 * Turns happen in `setImmediate`, at most one in each iteration of the event loop: what is sent in
 * one iteration leaves in one write, and a busy connection lets everything else have its turn, as
 * the component does a bounded amount of work in each.
 */
class Driver {
  #tell;
  #instance;
  #websocket = null;
  /** On loan from the component. */
  #pollables = [];
  /** What happened and was not told yet. */
  #events = [];
  /** Commands for which the component has no room yet, in their order. */
  #waiting = [];
  #waitingBytes = 0;
  /** What had been counted after the last turn. */
  #statistics = NOTHING_COUNTED;
  #turn = null;
  #timer = null;

  /**
   * Starts to connect. `connect` gets the interface `client` and returns a `websocket`. `tell` is
   * called with each event, as WIT has them, or `failed` with a `WebsocketError`; never inside of a
   * call. The last is `close`.
   */
  constructor(connect, tell) {
    this.#tell = tell;
    this.#instance = Instance.current();
    this.#instance.add(this);
    this.#schedule();
    try {
      this.#websocket = this.#instance.enter(connect);
    } catch (error) {
      if (isRefusal(error)) {
        this.#instance.remove(this);
        this.#end(
          error instanceof WebsocketError ? error : WebsocketError.fromInvalidArgument(error),
        );
      }
    }
  }

  get readyState() {
    return this.#ask((websocket) => websocket.getReadyState(), 'closed');
  }

  /** Bytes that wait to be handed to the transport. */
  get bufferedAmount() {
    return Number(this.#ask((websocket) => websocket.getBufferedAmount(), 0n)) + this.#waitingBytes;
  }

  /** What was counted, as WIT has it; of a connection that ended, up to its last turn. */
  get statistics() {
    return this.#ask((websocket) => websocket.getStatistics(), this.#statistics);
  }

  /**
   * Calls `run` with the websocket, at once or when there is room for its `len` bytes; `done` gets
   * the token that it returns, or `refused` what the component refuses. Neither is called if the
   * connection ends before: `close` tells that.
   */
  command({ len, run, done, refused }) {
    if (this.#websocket === null) {
      refused({ tag: 'invalid-state', val: 'closed' });
      return;
    }
    this.#waiting.push({ len, run, done, refused });
    this.#waitingBytes += len;
    if (this.#waiting.length === 1) {
      this.#runWaiting({ late: false });
    }
    this.#schedule();
  }

  pause() {
    this.#ask((websocket) => websocket.pause());
    this.#schedule();
  }

  resume() {
    this.#ask((websocket) => websocket.resume());
    this.#schedule();
  }

  /** Tells of an error, in its turn. */
  fail(error) {
    this.#events.push({ tag: 'failed', val: error });
    this.#schedule();
  }

  /** The instance is gone, and the websocket with it. */
  trapped(cause) {
    this.#end(WebsocketError.fromTrap(cause));
    this.#schedule();
  }

  /** What a call that refuses nothing returns; `fallback` if there is no websocket any more. */
  #ask(call, fallback) {
    if (this.#websocket === null) {
      return fallback;
    }
    try {
      return this.#instance.enter(() => call(this.#websocket));
    } catch {
      // A trap, of which the instance told.
      return fallback;
    }
  }

  #runWaiting({ late }) {
    while (this.#waiting.length > 0 && this.#websocket !== null) {
      const { len, run, done, refused } = this.#waiting[0];
      try {
        done(this.#instance.enter(() => run(this.#websocket)));
      } catch (error) {
        // After a trap, of which the instance told, nothing waits.
        if (!isRefusal(error) || error.tag === 'queue-full') {
          return;
        }
        if (!(late && error.tag === 'invalid-state')) {
          refused(error);
        }
      }
      this.#waiting.shift();
      this.#waitingBytes -= len;
    }
  }

  #schedule() {
    this.#turn ??= setImmediate(() => {
      this.#turn = null;
      this.#takeTurn();
    });
  }

  #takeTurn() {
    this.#runWaiting({ late: true });
    const turn = this.#ask((websocket) => websocket.drive());
    if (turn !== undefined) {
      this.#follow(turn);
    }
    this.#tellEvents();
  }

  /** Waits for what there is to wait for after a turn. */
  #follow({ events, deadline, resubscribe, statistics }) {
    this.#statistics = statistics;
    for (const event of events) {
      this.#events.push(event);
    }
    if (events.at(-1)?.tag === 'close') {
      this.#drop();
      return;
    }
    if (resubscribe) {
      this.#unsubscribe();
      this.#pollables = this.#ask((websocket) => websocket.subscribe(), []);
      for (const pollable of this.#pollables) {
        pollable.onReady = () => this.#schedule();
      }
    }
    this.#setTimer(deadline);
    // What is ready already does not become so.
    if (this.#pollables.some((pollable) => pollable.ready()) || this.#hasRoomForWaiting()) {
      this.#schedule();
    }
  }

  /** Whether what waits could be taken now. Room that comes with a write is told by a pollable. */
  #hasRoomForWaiting() {
    return (
      this.#waiting.length > 0 && this.#ask((websocket) => websocket.getBufferedAmount()) === 0n
    );
  }

  #unsubscribe() {
    const pollables = this.#pollables;
    this.#pollables = [];
    this.#ask((websocket) => websocket.unsubscribe(pollables));
  }

  #setTimer(deadline) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (deadline === undefined) {
      return;
    }
    const nanos = deadline - monotonicNow();
    if (nanos <= 0n) {
      this.#schedule();
      return;
    }
    // Rounded up: a turn before the deadline does nothing for it.
    const millis = Number((nanos + NANOS_PER_MILLI - 1n) / NANOS_PER_MILLI);
    this.#timer = setTimeout(() => this.#schedule(), Math.min(millis, MAX_DELAY));
  }

  /** Lets go of the websocket, which is closed. */
  #drop() {
    this.#unsubscribe();
    this.#ask((websocket) => websocket[Symbol.dispose]());
    this.#instance.remove(this);
    this.#forget();
  }

  /** Tells of an end that the component does not tell of. */
  #end(error) {
    this.#forget();
    this.#events.push({ tag: 'failed', val: error });
    this.#events.push({ tag: 'close', val: { code: 1006, reason: '', wasClean: false } });
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#websocket = null;
    this.#pollables = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #tellEvents() {
    try {
      while (this.#events.length > 0) {
        this.#tell(this.#events.shift());
      }
    } finally {
      // A listener threw. If the process goes on after that, so does the connection.
      if (this.#events.length > 0) {
        this.#schedule();
      }
    }
  }
}

module.exports = { Driver };
