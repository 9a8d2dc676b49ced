// Programs that use the package, each run as a process of its own.

'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { text } = require('node:stream/consumers');

const PACKAGE = path.join(__dirname, '..', '..');

/** A folder, removed after test `t`, from which `wasocket` and `websocket` can be required. */
function project(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasocket-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  for (const name of ['wasocket', 'websocket']) {
    fs.symlinkSync(PACKAGE, path.join(folder, 'node_modules', name));
  }
  return folder;
}

/** Runs Node to its end; returns its exit code and what it printed. */
async function run(folder, args, env = {}) {
  const node = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(node.stdout),
    text(node.stderr),
    once(node, 'exit'),
  ]);
  return { code, stdout, stderr };
}

/** Runs a program's text to its end. */
function runText(folder, program, env) {
  return run(folder, ['--eval', program], env);
}

module.exports = { project, run, runText };
