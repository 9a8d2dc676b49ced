// The component, compiled and instantiated: at the first connection, since it takes some 60 ms.

'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { isRefusal } = require('./error.js');
const { Host } = require('./wasi/index.js');

// What build.mjs makes of the component.
const FOLDER = path.join(__dirname, '..', 'component');

const modules = new Map();

let current = null;

/**
 * One instance of the component. All websockets share one, and with it the TLS sessions that they
 * resume: each more would take 30 ms, during which nothing else on the event loop happens.
 */
class Instance {
  #host = new Host();
  #client;
  #drivers = new Set();

  constructor() {
    const { instantiate } = require(path.join(FOLDER, 'wasocket.js'));
    this.#client = instantiate(compile, this.#host.imports()).client;
  }

  /** The instance, or a new one if it trapped. */
  static current() {
    current ??= new Instance();
    return current;
  }

  /**
   * Calls the component: `call` gets its interface `client`. What the component refuses is thrown
   * as the data that WIT has for it. All else that is thrown, but for a refusal of our own, is a
   * trap, after which the instance cannot be used: those who use it are told, before it is thrown.
   */
  enter(call) {
    try {
      return call(this.#client);
    } catch (error) {
      if (!isRefusal(error)) {
        this.#trapped(error);
      }
      throw error;
    }
  }

  /** `driver.trapped` is called if the instance traps. */
  add(driver) {
    this.#drivers.add(driver);
  }

  remove(driver) {
    this.#drivers.delete(driver);
  }

  #trapped(error) {
    if (current === this) {
      current = null;
    }
    this.#host.destroy();
    for (const driver of this.#drivers) {
      driver.trapped(error);
    }
    this.#drivers.clear();
  }
}

/** A core module of the component; compiled once. */
function compile(name) {
  if (!modules.has(name)) {
    modules.set(name, new WebAssembly.Module(fs.readFileSync(path.join(FOLDER, name))));
  }
  return modules.get(name);
}

module.exports = { Instance };
