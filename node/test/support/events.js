// What a websocket tells.

'use strict';

const EVENTS = ['open', 'message', 'ping', 'pong', 'error', 'close'];

/** All events of a websocket from now on, each as its name and values. */
function record(websocket) {
  const events = [];
  for (const name of EVENTS) {
    websocket.on(name, (...values) => events.push([name, ...values]));
  }
  return events;
}

/** Waits for `close`, whatever else is told before; returns what it tells. */
function closed(websocket) {
  return new Promise((resolve) => websocket.once('close', resolve));
}

/** The names of recorded events. */
function names(events) {
  return events.map(([name]) => name);
}

module.exports = { closed, names, record };
