// A WebSocket server on somebody else's implementation: ws, for Node.
//
//     server.js [--cert FILE --key FILE] [--permessage-deflate OPTIONS]
//
// Listens on a port of 127.0.0.1 that the system chooses, prints `listening PORT` once it accepts
// connections, and exits when its standard input ends. The path of a request chooses what happens,
// as in ../python/server.py, which has the list; what differs:
//
//     /close      without a code, sends a Close frame without a payload
//     /fragments  the last fragment has a byte too, where Python's is empty
//
// OPTIONS are those of ws for `perMessageDeflate`, as a JSON object; an offer that does not allow
// for them is refused with 400. All messages are compressed, but for those of fewer bytes than
// `threshold` (1024 if it is not there) where `serverNoContextTakeover` is.
//
// ws is installed outside this folder: NODE_PATH has to name its `node_modules`.

'use strict';

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { once } = require('node:events');
const { parseArgs } = require('node:util');
const { WebSocketServer } = require('ws');

// Two, three and four bytes to a character, so that fragments of one byte split each of them.
const FRAGMENTED = 'Grüße, 世界 🌍';

const behaviours = {
  '/echo': echo,
  '/close': close,
  '/subprotocol': echo,
  '/headers': headers,
  '/ping': ping,
  '/fragments': fragments,
  '/big': big,
  '/silent': silent,
};

function echo(websocket) {
  websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
}

function close(websocket, parameters) {
  if (parameters.has('code')) {
    websocket.close(Number(parameters.get('code')), parameters.get('reason') ?? '');
  } else {
    websocket.close();
  }
}

function headers(websocket, _, request) {
  const pairs = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    pairs.push(request.rawHeaders.slice(i, i + 2));
  }
  websocket.send(JSON.stringify(pairs));
  websocket.close(1000);
}

async function ping(websocket, parameters) {
  for (const payload of parameters.getAll('payload')) {
    websocket.ping(Buffer.from(payload, 'hex'));
    const [answer] = await once(websocket, 'pong');
    websocket.send(answer.toString('hex'));
  }
  websocket.close(1000);
}

function fragments(websocket) {
  const payload = Buffer.from(FRAGMENTED);
  for (let i = 0; i < payload.length; i++) {
    if (i === payload.length >> 1) {
      // Section 5.4: "Control frames MAY be injected in the middle of a fragmented message."
      websocket.ping('between fragments');
    }
    const fin = i === payload.length - 1;
    websocket.send(payload.subarray(i, i + 1), { binary: false, fin });
  }
  websocket.close(1000);
}

function big(websocket, parameters) {
  const payload = Buffer.alloc(Number(parameters.get('bytes')), Uint8Array.from(Array(251).keys()));
  websocket.send(payload);
  websocket.close(1000);
}

function silent(websocket) {
  // Frames that are not read are not answered; ws would answer Ping and Close by itself.
  websocket.pause();
}

/** Answers the opening handshake with something other than 101, as HTTP/1.1 writes it. */
function refuse(socket, status, body, extraHeaders = {}) {
  const response = [`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}`];
  const fields = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...extraHeaders,
  };
  for (const [name, value] of Object.entries(fields)) {
    response.push(`${name}: ${value}`);
  }
  socket.end(`${response.join('\r\n')}\r\n\r\n${body}`);
}

const { values: options } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    'permessage-deflate': { type: 'string' },
  },
});
if ((options.cert === undefined) !== (options.key === undefined)) {
  console.error('--cert and --key go together');
  process.exit(2);
}

const websockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: JSON.parse(options['permessage-deflate'] ?? 'false'),
  // No limits, as far as ws can do without them.
  maxBufferedChunks: 0,
  maxFragments: 0,
  maxPayload: 0,
  handleProtocols(offered, request) {
    if (!request.url.startsWith('/subprotocol')) {
      return false;
    }
    return offered.has('chat.v2') ? 'chat.v2' : offered.values().next().value;
  },
});

const server =
  options.cert === undefined
    ? http.createServer()
    : https.createServer({
        cert: fs.readFileSync(options.cert),
        key: fs.readFileSync(options.key),
      });

server.on('upgrade', (request, socket, head) => {
  // A client that leaves in the middle is what some tests are about.
  socket.on('error', () => socket.destroy());
  const [path, query] = request.url.split('?', 2);
  const parameters = new URLSearchParams(query);
  if (path === '/refuse') {
    const location = parameters.get('location');
    const extraHeaders = location === null ? {} : { Location: location };
    refuse(socket, Number(parameters.get('status')), 'refused\n', extraHeaders);
  } else if (!Object.hasOwn(behaviours, path)) {
    refuse(socket, 404, `no such path: ${path}\n`);
  } else {
    websockets.handleUpgrade(request, socket, head, async (websocket) => {
      websocket.on('error', () => websocket.terminate());
      try {
        await behaviours[path](websocket, parameters, request);
      } catch (error) {
        // One request that asks for nonsense is not to end the server that others use.
        console.error(`${request.url}: ${error}`);
        websocket.close(1011);
      }
    });
  }
});

server.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));

// The test holds the other end; however the test ends, so does this.
process.stdin.on('close', () => process.exit(0));
process.stdin.resume();
