// Makes the package complete: transpiles the component to JavaScript and core WebAssembly, and
// copies the licence.
//
//     node build.mjs COMPONENT.wasm
//
// `overrides` in package.json are for jco: it names optional packages for other systems in a
// version that was never published, and `npm ci` takes no lock file without them.

import fs from 'node:fs/promises';
import path from 'node:path';
import { transpile } from '@bytecodealliance/jco-transpile';

const [component] = process.argv.slice(2);
if (component === undefined) {
  throw new Error('usage: node build.mjs COMPONENT.wasm');
}
const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const folder = path.join(here, 'component');

const { files } = await transpile(component, {
  name: 'wasocket',
  // The imports are given when it is instantiated, which happens in a call.
  instantiation: 'sync',
  base64Cutoff: 0,
  emitTypescriptDeclarations: false,
  minify: true,
});

await fs.rm(folder, { recursive: true, force: true });
await fs.mkdir(folder);
for (const [name, contents] of Object.entries(files)) {
  const text = name.endsWith('.js') ? commonJs(Buffer.from(contents).toString()) : contents;
  await fs.writeFile(path.join(folder, name), text);
}
await fs.copyFile(path.join(here, '..', 'LICENSE'), path.join(here, 'LICENSE'));

/** jco writes ES modules, which `require` does not take on every version of Node. */
function commonJs(module) {
  const [start, ...more] = module.split('export function instantiate(');
  const [rest] = more.join('').split(/export const _util ?= ?\{\s*\};?/);
  const text = `${start}exports.instantiate = function (${rest}`;
  if (more.length !== 1 || /^\s*(import|export)\b/m.test(text)) {
    throw new Error('jco writes modules in another way than build.mjs knows');
  }
  return text;
}
