// The package in a process of its own: how it is loaded, how it ends, and what listeners do wrong.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { project, run, runText } = require('./support/processes.js');
const { echo, script, serve } = require('./support/servers.js');

test('a process exits when its connection is closed', async (t) => {
  const { url, port } = await serve(t, echo);
  const program = `
    const { Websocket } = require('wasocket');
    const websocket = new Websocket();
    websocket.connect('${url}', ${port}, () => websocket.close());
    websocket.on('close', ({ code }) => console.log('closed', code));
    process.on('exit', () => console.log('exit'));`;
  assert.deepEqual(await runText(project(t), program), {
    code: 0,
    stdout: 'closed 1000\nexit\n',
    stderr: '',
  });
});

test('a process exits though a server neither reads nor closes', async (t) => {
  const { url, port } = await script(t, async (peer) => {
    await peer.accept();
    peer.socket.pause();
  });
  const program = `
    const { Websocket } = require('wasocket');
    const websocket = new Websocket({ closeTimeout: 50 });
    websocket.connect('${url}', ${port}, () => {
      websocket.send(Buffer.alloc(64 << 20), { binary: true });
      websocket.close();
    });
    websocket.on('error', () => {});
    websocket.on('close', () => console.log('closed'));`;
  assert.deepEqual(await runText(project(t), program), { code: 0, stdout: 'closed\n', stderr: '' });
});

test('requiring it does nothing, and neither does a websocket that is not connected', async (t) => {
  const program = `const { Websocket } = require('wasocket'); new Websocket({ maxFragments: 1 });`;
  assert.deepEqual(await runText(project(t), program), { code: 0, stdout: '', stderr: '' });
});

test('an ES module imports it, by name and as a whole', async (t) => {
  const program = `
    import whole, { Websocket } from 'wasocket';
    console.log(whole.Websocket === Websocket, typeof Websocket);`;
  assert.deepEqual(await run(project(t), ['--input-type=module', '--eval', program]), {
    code: 0,
    stdout: 'true function\n',
    stderr: '',
  });
});

test('an error that nobody listens for ends the process, as with every emitter', async (t) => {
  const program = `new (require('wasocket').Websocket)().connect('ws://does-not-exist.invalid');`;
  const { code, stderr } = await runText(project(t), program);
  assert.equal(code, 1);
  assert.match(stderr, /Unhandled 'error' event/);
  assert.match(stderr, /WebsocketError.*does-not-exist\.invalid/);
});

test('listeners that throw do not keep the rest from being told', async (t) => {
  const { url, port } = await serve(t, echo);
  const program = `
    const { Websocket } = require('wasocket');
    process.on('uncaughtException', ({ message }) => console.log('uncaught', message));
    const websocket = new Websocket();
    websocket.connect('${url}', ${port}, () => {
      websocket.send('1', () => { throw new Error('sent') });
      websocket.send('2');
      websocket.ping('p', () => { throw new Error('pong') });
      websocket.close(() => { throw new Error('close') });
      throw new Error('open');
    });
    websocket.on('message', (text) => { throw new Error(text) });
    websocket.on('close', ({ code }) => console.log('closed', code));`;
  const { code, stdout, stderr } = await runText(project(t), program);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  // The callback of close comes before the event, and its exception after both.
  assert.deepEqual(lines, [
    'uncaught open',
    'uncaught sent',
    'uncaught 1',
    'uncaught 2',
    'uncaught pong',
    'closed 1000',
    'uncaught close',
  ]);
});

test('a NODE_EXTRA_CA_CERTS that cannot be read is warned of once', async (t) => {
  const program = `
    const { Websocket } = require('wasocket');
    for (const port of [1, 1]) {
      new Websocket().on('error', ({ code }) => console.log(code)).connect('wss://127.0.0.1', port);
    }`;
  const env = { NODE_EXTRA_CA_CERTS: 'missing.pem' };
  const { code, stdout, stderr } = await runText(project(t), program, env);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'connection-refused\n'.repeat(2) });
  assert.equal(stderr.match(/wasocket ignores NODE_EXTRA_CA_CERTS/g).length, 1);
});
