// npm's ws, as ../task.rs has it: takes tasks as lines of JSON, and prints what it measured of each as
// one. It ends with its standard input, or with the first answer that is not the right one.
//
// NODE_PATH has to name a `node_modules` with ws. With bufferutil in it, WS_NO_BUFFER_UTIL leaves that
// out.

'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const readline = require('node:readline');
const WebSocket = require('ws');

const tasks = {
  'round-trips': roundTrips,
  'in-flight': inFlight,
  crowd,
  pairs,
  handshakes,
};

// A connection whose messages are taken one at a time.
class Client {
  constructor(websocket) {
    this.websocket = websocket;
    this.waiting = null;
    websocket.on('message', (data) => {
      const { waiting } = this;
      assert(waiting, 'a message that nobody waits for');
      this.waiting = null;
      waiting(data);
    });
  }

  // Sends a message, and waits for what comes.
  ask(...payloads) {
    return new Promise((resolve) => {
      this.waiting = resolve;
      for (const payload of payloads) {
        this.websocket.send(payload);
      }
    });
  }

  close() {
    return close(this.websocket);
  }
}

async function connect(task) {
  const websocket = new WebSocket(task.url, {
    ca: task.roots,
  });
  await once(websocket, 'open');
  return websocket;
}

async function close(websocket) {
  websocket.close(1000);
  await once(websocket, 'close');
}

// A message of `len` bytes with its number in it.
function numbered(number, len) {
  const payload = Buffer.alloc(len, 7);
  payload.writeUInt32BE(number);
  return payload;
}

function stopwatch() {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  return (times = []) => {
    const elapsed = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(cpu);
    return { times, elapsed, cpu: (user + system) * 1000 };
  };
}

async function roundTrips(task) {
  const client = new Client(await connect(task));
  const payload = numbered(0, task.len);
  const times = [];
  const stop = stopwatch();
  for (let i = 0; i < task.count; i++) {
    payload.writeUInt32BE(i);
    const start = process.hrtime.bigint();
    const echo = await client.ask(payload);
    times.push(Number(process.hrtime.bigint() - start));
    assert(payload.equals(echo));
  }
  const measured = stop(times);
  await client.close();
  return measured;
}

async function inFlight(task) {
  const { count, window } = task;
  const messages =
    task.payload.texts?.map((text) => Buffer.from(text)) ??
    Array.from({ length: 2 * window }, (_, i) => numbered(i, task.payload.len));
  const websocket = await connect(task);
  const stop = stopwatch();
  await new Promise((resolve) => {
    let sent = 0;
    let received = 0;
    const fill = () => {
      while (sent < Math.min(count, received + window)) {
        websocket.send(messages[sent % messages.length]);
        sent++;
      }
    };
    websocket.on('message', (data) => {
      assert(messages[received % messages.length].equals(data));
      received++;
      if (received === count) {
        resolve();
      }
      fill();
    });
    fill();
  });
  const measured = stop();
  await close(websocket);
  return measured;
}

async function crowd(task) {
  const clients = [];
  for (let i = 0; i < task.connections; i++) {
    clients.push(new Client(await connect(task)));
  }
  const stop = stopwatch();
  await Promise.all(
    clients.map(async (client, number) => {
      for (let i = 0; i < task.each; i++) {
        const payload = numbered(number * task.each + i, task.len);
        assert(payload.equals(await client.ask(payload)));
      }
    }),
  );
  const measured = stop();
  await Promise.all(clients.map((client) => client.close()));
  return measured;
}

async function pairs(task) {
  const client = new Client(await connect(task));
  const times = [];
  const stop = stopwatch();
  for (let i = 0; i < task.count; i++) {
    const second = numbered(2 * i + 1, task.len);
    client.websocket.send(numbered(2 * i, task.len));
    const start = process.hrtime.bigint();
    const answer = await client.ask(second);
    assert(second.equals(answer.subarray(0, task.len)));
    times.push(Number(answer.readBigUInt64BE(task.len) - start));
  }
  const measured = stop(times);
  await client.close();
  return measured;
}

async function handshakes(task) {
  let session;
  const open = async (url) => {
    const websocket = new WebSocket(url, {
      ca: task.roots,
      session,
      finishRequest(request) {
        // The tickets of TLS 1.3 come after the handshake.
        request.on('socket', (socket) => socket.on('session', (ticket) => (session = ticket)));
        request.end();
      },
    });
    await once(websocket, 'open');
    return websocket;
  };
  if (task.resumed) {
    await close(await open(task.resumable));
  }
  const times = [];
  const stop = stopwatch();
  for (let i = 0; i < task.count; i++) {
    const start = process.hrtime.bigint();
    const websocket = await open(task.url);
    times.push(Number(process.hrtime.bigint() - start));
    await close(websocket);
  }
  return stop(times);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    console.log(JSON.stringify(await tasks[task.task](task)));
  }
}

main();
