// The examples of the seed's documentation, which are the files in test/seed, run as they are.

'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { once } = require('node:events');

const { Authority } = require('./support/certificates.js');
const { project, run } = require('./support/processes.js');
const { echo, serve } = require('./support/servers.js');

/** Runs one with `my_websocket` open, as those take it for given that do not make it. */
async function runWhenOpen(t, example) {
  const { url, port } = await serve(t, (peer) => {
    echo(peer);
    peer.on('message', () => peer.close());
    peer.on('ping', () => peer.close());
  });
  const folder = project(t);
  fs.copyFileSync(path.join(__dirname, 'seed', example), path.join(folder, example));
  const prelude = `
    const { Websocket } = require('websocket');
    globalThis.my_websocket = new Websocket();
    my_websocket.connect('${url}', ${port}, '/', () => require('./${example}'));
    my_websocket.on('message', (message) => console.log('echoed: ' + message));`;
  return await run(folder, ['--eval', prelude]);
}

test('the example of connect runs unchanged', async (t) => {
  const authority = new Authority();
  const ends = [];
  const options = { credentials: authority.issue(), port: 443 };
  await serve(
    t,
    async (peer, request) => {
      const [code, reason] = await once(peer, 'close');
      ends.push([request.url, code, reason.toString()]);
    },
    options,
  );
  const folder = project(t);
  fs.writeFileSync(path.join(folder, 'authority.pem'), authority.pem);
  fs.copyFileSync(path.join(__dirname, 'seed', 'connect.js'), path.join(folder, 'connect.js'));
  const env = { NODE_EXTRA_CA_CERTS: 'authority.pem' };
  assert.deepEqual(await run(folder, ['connect.js'], env), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(ends, [['/my_endpoint', 1000, 'Successful connection']]);
});

test('the example of ping runs unchanged', async (t) => {
  assert.deepEqual(await runWhenOpen(t, 'ping.js'), {
    code: 0,
    stdout: 'Pong frame successfully received for frame Ping frame 1\n',
    stderr: '',
  });
});

test('the example of send runs unchanged', async (t) => {
  assert.deepEqual(await runWhenOpen(t, 'send.js'), {
    code: 0,
    stdout:
      'The data was successfully written to the socket!\n' +
      'echoed: My first WebSocket message!\n',
    stderr: '',
  });
});
