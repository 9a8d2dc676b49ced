// Servers for the tests: on ws, by somebody else, and scripted ones that see and send bytes.

'use strict';

const crypto = require('node:crypto');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { once } = require('node:events');
const { WebSocketServer } = require('ws');

const HOST = '127.0.0.1';

const OPCODES = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa };

// RFC 6455, section 1.3.
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * A server on ws, closed after test `t`, that calls `serve` with each websocket and its request.
 * `credentials` make it speak TLS; `options` are those of ws.
 */
async function serve(t, serve, { credentials, port = 0, options = {} } = {}) {
  const server = credentials ? https.createServer(credentials) : http.createServer();
  const websockets = new WebSocketServer({ server, maxPayload: 0, ...options });
  websockets.on('connection', (websocket, request) => {
    // A client that leaves in the middle is what some tests are about.
    websocket.on('error', () => websocket.terminate());
    serve(websocket, request);
  });
  server.listen(port, HOST);
  await listening(server, port);
  t.after(() => {
    for (const websocket of websockets.clients) {
      websocket.terminate();
    }
    websockets.close();
    server.close();
  });
  return { url: `${credentials ? 'wss' : 'ws'}://${HOST}`, port: server.address().port };
}

/** Sends every message back. */
function echo(websocket) {
  websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
}

/** A TCP server, closed after test `t`, that calls `play` with a `Peer` for each connection. */
async function script(t, play) {
  const sockets = new Set();
  const played = [];
  const server = net.createServer((socket) => {
    sockets.add(socket);
    // A client that leaves is not what fails a script: what it then waits for is.
    socket.on('error', () => {});
    const playing = play(new Peer(socket));
    played.push(playing);
    // The test awaits it; until then a failure is not unhandled.
    playing.catch(() => {});
  });
  server.listen(0, HOST);
  await listening(server, 0);
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { url: `ws://${HOST}`, port: server.address().port, played: () => Promise.all(played) };
}

async function listening(server, port) {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(
      `this test has to listen on port ${port} of ${HOST}, which takes root or a grant of it, ` +
        `and nobody else on it: ${error.message}`,
      { cause: error },
    );
  }
}

/** The server's end of one connection, byte for byte. */
class Peer {
  #received = Buffer.alloc(0);
  #chunks;

  constructor(socket) {
    this.socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Takes the opening handshake and accepts it; returns the request. */
  async accept() {
    const request = await this.request();
    const [, key] = /^Sec-WebSocket-Key: (.*)\r$/im.exec(request);
    const accept = crypto
      .createHash('sha1')
      .update(key + ACCEPT_SUFFIX)
      .digest('base64');
    this.socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    return request;
  }

  async request() {
    let end;
    while ((end = this.#received.indexOf('\r\n\r\n')) < 0) {
      await this.#more();
    }
    return this.#take(end + 4).toString('latin1');
  }

  /** The next frame of the client, unmasked. */
  async frame() {
    const [first, second] = await this.#bytes(2);
    if ((second & 0x80) === 0) {
      throw new Error('the client sent a frame without the bit MASK');
    }
    let len = second & 0x7f;
    if (len === 126) {
      len = (await this.#bytes(2)).readUInt16BE();
    } else if (len === 127) {
      len = Number((await this.#bytes(8)).readBigUInt64BE());
    }
    const maskingKey = Buffer.from(await this.#bytes(4));
    const masked = await this.#bytes(len);
    return {
      fin: (first & 0x80) !== 0,
      opcode: first & 0x0f,
      maskingKey,
      masked,
      payload: masked.map((byte, index) => byte ^ maskingKey[index % 4]),
    };
  }

  /** Waits for the end of what the client sends. */
  async end() {
    for (;;) {
      const { done } = await this.#chunks.next();
      if (done) {
        return;
      }
    }
  }

  /** Answers the closing handshake, and closes. */
  async close() {
    const { opcode, payload } = await this.frame();
    if (opcode !== OPCODES.close) {
      throw new Error(`the client sent opcode ${opcode} in place of Close`);
    }
    this.socket.end(frame(OPCODES.close, payload));
    return payload;
  }

  async #bytes(len) {
    while (this.#received.length < len) {
      await this.#more();
    }
    return this.#take(len);
  }

  #take(len) {
    const bytes = this.#received.subarray(0, len);
    this.#received = this.#received.subarray(len);
    return bytes;
  }

  async #more() {
    const { done, value } = await this.#chunks.next();
    if (done) {
      throw new Error('the client ended the connection');
    }
    this.#received = Buffer.concat([this.#received, value]);
  }
}

/** A frame as servers send it. */
function frame(opcode, payload, { fin = true } = {}) {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.of((fin ? 0x80 : 0) | opcode), payloadLen(bytes.length), bytes]);
}

/** RFC 6455, section 5.2: "the minimal number of bytes MUST be used to encode the length". */
function payloadLen(len) {
  if (len < 126) {
    return Buffer.of(len);
  }
  if (len < 65_536) {
    return Buffer.of(126, len >> 8, len & 0xff);
  }
  const encoded = Buffer.alloc(9, 127);
  encoded.writeBigUInt64BE(BigInt(len), 1);
  return encoded;
}

/** The payload of a Close frame. */
function closePayload(code, reason) {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}

module.exports = { HOST, OPCODES, closePayload, echo, frame, script, serve };
