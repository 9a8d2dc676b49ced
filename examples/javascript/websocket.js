// `wasocket:websocket` as JavaScript has such things: promises, and asynchronous iteration over
// messages.

import { ConnectOptions, Waiter, Websocket } from "wasocket:websocket/client@0.2.0";

/** A connection. */
export class WebSocket {
  #websocket;
  #waiter = new Waiter();
  #open = false;
  #messages = [];
  #pongs = new Map();
  #error;
  #closed;

  /** Connects, trusting these certificates too; resolves when the connection is open. */
  static async connect(url, { roots } = {}) {
    const options = new ConnectOptions();
    if (roots !== undefined) options.addRoots(new TextEncoder().encode(roots));
    const websocket = new WebSocket();
    websocket.#websocket = Websocket.connect(url, undefined, undefined, options);
    await websocket.#until(() => websocket.#open);
    return websocket;
  }

  /** The messages, until the connection is closed: strings, and arrays of bytes. */
  async *[Symbol.asyncIterator]() {
    for (;;) {
      await this.#until(() => this.#messages.length > 0 || this.#closed);
      if (this.#messages.length === 0) return;
      yield this.#messages.shift();
    }
  }

  /** Queues a message, which leaves when something is waited for. */
  send(message) {
    const tag = typeof message === "string" ? "text" : "binary";
    this.#websocket.send({ tag, val: message }, {});
  }

  /** Sends a ping; resolves to the payload of its pong. */
  async ping(payload) {
    const token = this.#websocket.ping(payload, {});
    await this.#until(() => this.#pongs.has(token));
    const answer = this.#pongs.get(token);
    this.#pongs.delete(token);
    return answer;
  }

  /** Closes; resolves to how the connection ended. */
  async close(code = 1000, reason = "") {
    this.#websocket.close(code, reason);
    await this.#until(() => this.#closed);
    return this.#closed;
  }

  async #until(condition) {
    while (!condition()) {
      if (this.#error) throw new Error(this.#error);
      if (this.#closed) throw new Error("the connection is closed");
      // The wait stops all of the program: what is left for it to do comes first.
      await new Promise((resolve) => setTimeout(resolve));
      if (condition()) return;
      this.#waiter.wait([this.#websocket], undefined);
      for (const { tag, val } of this.#websocket.drive().events) this.#handle(tag, val);
    }
  }

  #handle(tag, val) {
    switch (tag) {
      case "open":
        this.#open = true;
        break;
      case "message":
        this.#messages.push(val.val);
        break;
      case "pong":
        this.#pongs.set(val.token, val.payload);
        break;
      case "error":
        this.#error = val.message;
        break;
      case "close":
        this.#closed = val;
        break;
    }
  }
}
