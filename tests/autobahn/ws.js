// npm's ws against the Autobahn test suite, for `cargo xtask autobahn --against-ws`:
//
//     ws.js URL AGENT IN_FLIGHT [ROOTS]
//
// Echoes through all cases, as many at once as is said, with the default options, which offer
// compression, but for the level of it if WS_LEVEL is there. For `wss` a file of ROOTS, PEM, is
// trusted. NODE_PATH has to name the `node_modules` that has ws.

'use strict';

const fs = require('node:fs');
const WebSocket = require('ws');

const [server, agent, inFlight, roots] = process.argv.slice(2);
const options = {};
if (roots !== undefined) {
  options.ca = fs.readFileSync(roots);
}
if (process.env.WS_LEVEL !== undefined) {
  options.perMessageDeflate = { zlibDeflateOptions: { level: Number(process.env.WS_LEVEL) } };
}

/** Connects, and answers messages until the connection is closed. */
function talk(resource, answer) {
  return new Promise((resolve) => {
    const websocket = new WebSocket(server + resource, options);
    websocket.on('message', (data, isBinary) => answer(websocket, data, isBinary));
    // The suite has its own opinion of how it ended.
    websocket.on('error', (error) => console.error(`${resource}: ${error}`));
    websocket.on('close', resolve);
  });
}

const echo = (websocket, data, isBinary) => websocket.send(data, { binary: isBinary });

async function main() {
  let count = 0;
  await talk('/getCaseCount', (_, data) => (count = Number(data)));
  let next = 1;
  const worker = async () => {
    while (next <= count) {
      await talk(`/runCase?case=${next++}&agent=${agent}`, echo);
    }
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, worker));
  await talk(`/updateReports?agent=${agent}`, () => {});
}

main();
