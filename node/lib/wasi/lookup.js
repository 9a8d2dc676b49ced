// wasi:sockets/ip-name-lookup over node:dns.

'use strict';

const dns = require('node:dns');

const { Source } = require('./io.js');

const ERROR_CODES = new Map([
  ['EAI_AGAIN', 'temporary-resolver-failure'],
  ['ENODATA', 'name-unresolvable'],
  ['ENOTFOUND', 'name-unresolvable'],
]);

/** The addresses of a name, as the system resolves it. It is ready once they are known. */
class ResolveAddressStream extends Source {
  #addresses = null;
  #error = null;

  constructor(name) {
    super();
    // In the order of the system, as the component decides which to try first.
    dns.lookup(name, { all: true, verbatim: true }, (error, addresses) => {
      if (error) {
        this.#error = ERROR_CODES.get(error.code) ?? 'permanent-resolver-failure';
      }
      this.#addresses = addresses ?? [];
      this.changed();
    });
  }

  isReady() {
    return this.#addresses !== null;
  }

  /** The next address; `undefined` after the last. */
  resolveNextAddress() {
    if (this.#addresses === null) {
      throw 'would-block';
    }
    if (this.#error !== null) {
      throw this.#error;
    }
    const next = this.#addresses.shift();
    return next && addressOf(next);
  }
}

function addressOf({ address, family }) {
  return family === 4
    ? { tag: 'ipv4', val: address.split('.').map(Number) }
    : { tag: 'ipv6', val: segmentsOf(address) };
}

/** The eight segments of an IPv6 address in any of its notations. */
function segmentsOf(address) {
  // A zone is of no use to who connects by segments.
  const [text] = address.split('%');
  const [head, tail] = text.split('::').map(groupsOf);
  if (tail === undefined) {
    return head;
  }
  return [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
}

/** The segments of groups between colons, the last of which may be an IPv4 address. */
function groupsOf(text) {
  if (text === '') {
    return [];
  }
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) {
      return parseInt(group, 16);
    }
    const [a, b, c, d] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

module.exports = { ResolveAddressStream, segmentsOf };
