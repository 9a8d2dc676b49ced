// The class `Websocket`: the functions and events of IoT.js's module `websocket`, and what users of
// Node expect beside them.

'use strict';

const { EventEmitter } = require('node:events');

const {
  closeArguments,
  connectArguments,
  pingArguments,
  sendArguments,
} = require('./arguments.js');
const { Driver } = require('./driver.js');
const { WebsocketError, asBuffer, headersOf } = require('./error.js');
const { parseOptions } = require('./options.js');
const { NOTHING_COUNTED, statisticsOf } = require('./statistics.js');

const NOTHING_OPENED = { subprotocol: undefined, extensions: [], headers: [] };

/** A client. It has one connection at a time, and can be connected again after `close`. */
class Websocket extends EventEmitter {
  #configure;
  #driver = null;
  #opened = NOTHING_OPENED;
  /** Of the connection before, if there is none. */
  #counted = NOTHING_COUNTED;
  #onOpen = null;
  /** Callbacks of `send` and `ping`, by their tokens. */
  #callbacks = new Map();
  #closeCallbacks = [];

  constructor(options) {
    super();
    this.#configure = parseOptions(options);
  }

  /** One of `connecting`, `open`, `closing` and `closed`; the last before `connect`, too. */
  get readyState() {
    return this.#driver?.readyState ?? 'closed';
  }

  /** Bytes of frames that wait to be handed to the system. */
  get bufferedAmount() {
    return this.#driver?.bufferedAmount ?? 0;
  }

  /** The subprotocol that the server chose; `undefined` if none, or before `open`. */
  get subprotocol() {
    return this.#opened.subprotocol;
  }

  /** The extensions in use, with their parameters. */
  get extensions() {
    return this.#opened.extensions;
  }

  /** The header fields of the server's answer: pairs of name and value, in their order. */
  get responseHeaders() {
    return this.#opened.headers;
  }

  /** What the connection has counted, or the last one had; times in milliseconds. */
  get statistics() {
    return statisticsOf(this.#driver?.statistics ?? this.#counted);
  }

  connect(...given) {
    if (this.#driver !== null) {
      this.#failLater(WebsocketError.invalidState(this.readyState));
      return;
    }
    let refusal;
    const parsed = this.#parse(connectArguments, given, (error) => (refusal = error));
    const { host, port, path, callback } = parsed ?? {};
    const connect = (client) => {
      if (refusal !== undefined) {
        throw refusal;
      }
      const options = this.#configure(client);
      try {
        return client.Websocket.connect(host, port, path, options);
      } finally {
        options[Symbol.dispose]();
      }
    };
    this.#driver = new Driver(connect, (event) => this.#tell(event));
    this.#opened = NOTHING_OPENED;
    if (callback !== undefined) {
      this.#onOpen = callback;
      this.once('open', callback);
    }
  }

  send(...given) {
    const parsed = this.#parse(sendArguments, given);
    if (parsed === undefined) {
      return;
    }
    const { message, options, callback } = parsed;
    this.#command({
      len: Buffer.byteLength(message.val),
      run: (websocket) => websocket.send(message, options),
      done: (token) => this.#remember(token, callback),
      refused: (error) => this.#refused(error),
    });
  }

  ping(...given) {
    const parsed = this.#parse(pingArguments, given);
    if (parsed === undefined) {
      return;
    }
    const { payload, options, callback } = parsed;
    this.#command({
      len: payload.length,
      run: (websocket) => websocket.ping(payload, options),
      done: (token) => this.#remember(token, callback),
      refused: (error) => this.#refused(error),
    });
  }

  close(...given) {
    const parsed = this.#parse(closeArguments, given);
    if (parsed === undefined) {
      return;
    }
    const { reason, code, callback = () => {} } = parsed;
    if (this.#driver === null) {
      // It is closed, which is what was asked for.
      setImmediate(() => callback.call(this));
      return;
    }
    // However the connection ends from here on, it is called.
    this.#closeCallbacks.push(callback);
    this.#command({
      len: 0,
      run: (websocket) => websocket.close(code, reason),
      done: () => {},
      refused: (error) => {
        // If it is closed and `close` is yet to be told, that is what was asked for.
        if (error.tag !== 'invalid-state') {
          this.#closeCallbacks.splice(this.#closeCallbacks.lastIndexOf(callback), 1);
          this.#refused(error);
        }
      },
    });
  }

  /** Stops reading, so that TCP slows the server down. What was read already may still be told. */
  pause() {
    this.#driver?.pause();
  }

  resume() {
    this.#driver?.resume();
  }

  /** What `parse` makes of the arguments; `undefined` if one is of no use, as `refused` is told. */
  #parse(parse, given, refused = (error) => this.#failLater(error)) {
    try {
      return parse(given);
    } catch (error) {
      if (!(error instanceof WebsocketError)) {
        throw error;
      }
      refused(error);
      return undefined;
    }
  }

  #command(command) {
    if (this.#driver === null) {
      this.#failLater(WebsocketError.invalidState('closed'));
    } else {
      this.#driver.command(command);
    }
  }

  /** Tells of an error as a connection does: in order if there is one, and not inside of a call. */
  #failLater(error) {
    if (this.#driver !== null) {
      this.#driver.fail(error);
    } else {
      setImmediate(() => this.emit('error', error));
    }
  }

  /**
   * A command that comes too late because the server closes or the connection fails, of which
   * nothing is told yet, is not at fault: `close` tells of it.
   */
  #refused(error) {
    const isLate =
      error.tag === 'invalid-state' &&
      (error.val === 'closed' || (error.val === 'closing' && this.#closeCallbacks.length === 0));
    if (!isLate) {
      this.#driver.fail(WebsocketError.fromCallError(error));
    }
  }

  #remember(token, callback) {
    if (callback !== undefined) {
      this.#callbacks.set(token, callback);
    }
  }

  #tell({ tag, val }) {
    switch (tag) {
      case 'open':
        this.#opened = {
          subprotocol: val.subprotocol,
          extensions: val.extensions,
          headers: headersOf(val.headers),
        };
        this.emit('open');
        break;
      case 'message':
        this.emit(
          'message',
          val.tag === 'text' ? val.val : asBuffer(val.val),
          val.tag === 'binary',
        );
        break;
      case 'sent':
        this.#call(val);
        break;
      case 'ping':
        this.emit('ping', asBuffer(val));
        break;
      case 'pong': {
        const payload = asBuffer(val.payload);
        try {
          this.#call(val.token, payload);
        } finally {
          this.emit('pong', payload);
        }
        break;
      }
      case 'error':
        this.emit('error', WebsocketError.fromEvent(val));
        break;
      case 'failed':
        this.emit('error', val);
        break;
      case 'close':
        this.#close(val);
        break;
      default:
        throw new Error(`the component told of something unknown: ${tag}`);
    }
  }

  #call(token, ...values) {
    const callback = this.#callbacks.get(token);
    this.#callbacks.delete(token);
    callback?.apply(this, values);
  }

  #close({ code, reason, wasClean }) {
    const callbacks = this.#closeCallbacks;
    this.#counted = this.#driver.statistics;
    // From here on it can be connected again, even by a callback.
    this.#driver = null;
    this.#callbacks.clear();
    this.#closeCallbacks = [];
    if (this.#onOpen !== null) {
      this.off('open', this.#onOpen);
      this.#onOpen = null;
    }
    const closed = { code, reason, wasClean };
    const tellRest = () => {
      const callback = callbacks.shift();
      if (callback === undefined) {
        this.emit('close', closed);
        return;
      }
      try {
        callback.call(this, closed);
      } finally {
        // One that throws does not keep the others from being told.
        tellRest();
      }
    };
    tellRest();
  }
}

module.exports = { Websocket };
