// What is published: made by npm, and installed from the file that it made.

'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { test } = require('node:test');

const { runText } = require('./support/processes.js');
const { echo, serve } = require('./support/servers.js');

const PACKAGE = path.join(__dirname, '..');

function npm(folder, ...args) {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  return execFileSync('npm', args, options);
}

test('the package has what it needs and nothing else, and works as it is installed', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasocket-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const [{ filename, files }] = JSON.parse(
    npm(PACKAGE, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  );
  assert.deepEqual(files.map((file) => file.path).sort(), [
    'LICENSE',
    'README.md',
    'component/wasocket.core.wasm',
    'component/wasocket.core2.wasm',
    'component/wasocket.core3.wasm',
    'component/wasocket.js',
    'index.d.ts',
    'lib/arguments.js',
    'lib/driver.js',
    'lib/error.js',
    'lib/index.js',
    'lib/instance.js',
    'lib/options.js',
    'lib/statistics.js',
    'lib/wasi/index.js',
    'lib/wasi/io.js',
    'lib/wasi/lookup.js',
    'lib/wasi/streams.js',
    'lib/wasi/tcp.js',
    'lib/websocket.js',
    'package.json',
  ]);

  const tarball = `file:${path.join(folder, filename)}`;
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    // Under both names, as README.md says.
    JSON.stringify({ private: true, dependencies: { wasocket: tarball, websocket: tarball } }),
  );
  npm(folder, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund');
  const { url, port } = await serve(t, echo);
  const program = `
    const { Websocket } = require('websocket');
    const websocket = new Websocket();
    websocket.connect('${url}', ${port}, () => websocket.send('Hello'));
    websocket.on('message', (text) => { console.log(text); websocket.close(); });
    console.log(require('wasocket/package.json').dependencies);`;
  assert.deepEqual(await runText(folder, program), {
    code: 0,
    stdout: 'undefined\nHello\n',
    stderr: '',
  });
});
