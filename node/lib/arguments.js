// The arguments of `connect`, `send`, `ping` and `close`, each of which is optional. A callback is
// taken in its place, and as the last argument if those before it are left out.
//
// An argument of a wrong type is a mistake in a program, and throws at once. A value that cannot be
// used is told by `error`, as it may come from elsewhere.

'use strict';

const { WebsocketError } = require('./error.js');

// The longest message to send, in bytes. The component copies it into its memory of 4 GiB, which
// all connections share, and where it may take some times its length on the way.
const MAX_MESSAGE_LEN = 256 << 20;

const MAX_PORT = 65_535;
const MAX_CLOSE_CODE = 65_535;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function connectArguments(given) {
  const [host, port, path, callback] = place(given, 3);
  return {
    host: optional('host', host, 'string'),
    port: integer('port', optional('port', port, 'number'), MAX_PORT),
    path: isBytes(path) ? bytesOf(path).toString() : optional('path', path, 'string', 'Buffer'),
    callback: optional('callback', callback, 'function'),
  };
}

function sendArguments(given) {
  const [message, options, callback] = place(given, 2);
  const { mask, binary, compress } = optional('options', options, 'object') ?? {};
  optional('mask', mask, 'boolean');
  optional('compress', compress, 'boolean');
  const isBinary = optional('binary', binary, 'boolean') === true;
  return {
    message: isBinary
      ? { tag: 'binary', val: checkLen(bytesOf(data('message', message))) }
      : { tag: 'text', val: textOf('message', data('message', message)) },
    options: { ...masking(mask), compressed: compress === true, uncompressed: compress === false },
    callback: optional('callback', callback, 'function'),
  };
}

function pingArguments(given) {
  const [message, mask, callback] = place(given, 2);
  optional('mask', mask, 'boolean');
  return {
    payload: checkLen(bytesOf(data('message', message))),
    options: masking(mask),
    callback: optional('callback', callback, 'function'),
  };
}

function closeArguments(given) {
  const [message, code, callback] = place(given, 2);
  return {
    reason: textOf('close-reason', data('message', message)),
    code: integer('close-code', optional('code', code, 'number'), MAX_CLOSE_CODE),
    callback: optional('callback', callback, 'function'),
  };
}

/** The arguments with the callback in its place, which is `index`. */
function place(given, index) {
  const placed = [...given];
  const last = placed.length - 1;
  if (last < index && typeof placed[last] === 'function') {
    const callback = placed.pop();
    placed[index] = callback;
  }
  return placed;
}

/** `undefined` for what is left out, by `null` or `undefined`. */
function optional(name, value, type, alternative) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== type) {
    throw wrongType(name, alternative === undefined ? type : `${type} or ${alternative}`, value);
  }
  return value;
}

/** A message, or an empty one. */
function data(name, value) {
  return isBytes(value) ? value : (optional(name, value, 'string', 'Buffer') ?? '');
}

function integer(part, value, max) {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) {
    return value;
  }
  throw unusable(part, `${value} is not a whole number from 0 to ${max}`);
}

/** A masking key of zero is what an unmasked frame becomes (RFC 6455, section 5.1). */
function masking(mask) {
  return { unmasked: mask === false };
}

function isBytes(value) {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function bytesOf(value) {
  if (typeof value === 'string') {
    return Buffer.from(value);
  }
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
}

function textOf(part, value) {
  if (typeof value === 'string') {
    return checkLen(value);
  }
  try {
    return utf8.decode(checkLen(value));
  } catch (error) {
    if (error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw unusable(part, 'it is not UTF-8');
    }
    throw error;
  }
}

function checkLen(value) {
  const len = typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;
  if (len > MAX_MESSAGE_LEN) {
    throw unusable('message', `it has ${len} bytes, and the limit is ${MAX_MESSAGE_LEN}`);
  }
  return value;
}

function unusable(part, message) {
  return WebsocketError.fromInvalidArgument({ part, message });
}

function wrongType(name, type, value) {
  const error = new TypeError(`${name}: expected ${type}, got ${describe(value)}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function describe(value) {
  return typeof value === 'object' ? (value?.constructor?.name ?? 'null') : typeof value;
}

module.exports = {
  closeArguments,
  connectArguments,
  optional,
  pingArguments,
  sendArguments,
  wrongType,
};
