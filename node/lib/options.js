// The options of `new Websocket(options)`, and what the component makes of them.

'use strict';

const fs = require('node:fs');

const { optional, wrongType } = require('./arguments.js');
const { isRefusal } = require('./error.js');

// As Node does, which reads it once, when the process starts.
const EXTRA_CA_CERTS = process.env.NODE_EXTRA_CA_CERTS;

let extraRoots = null;

const NANOS_PER_MILLI = 1_000_000n;

// Some 31,000 years.
const MAX_MILLIS = 1e15;

const MAX_U8 = 2 ** 8 - 1;
const MAX_U32 = 2 ** 32 - 1;

/** How each option is checked, and set on a `connect-options`. */
const SETTERS = {
  headers: (name, value) => {
    const headers = fields(name, value);
    return (options) => {
      for (const [field, text] of headers) {
        options.addHeader(field, Buffer.from(text));
      }
    };
  },
  subprotocols: (name, value) => {
    const subprotocols = list(name, value, 'string');
    return (options) => options.setSubprotocols(subprotocols);
  },
  origin: (name, value) => {
    const origin = optional(name, value, 'string');
    return (options) => options.setOrigin(origin);
  },
  roots: (name, value) => {
    const roots = pem(name, value);
    return (options) => roots.forEach((root) => options.addRoots(root));
  },
  builtInRoots: (name, value) => {
    const kept = optional(name, value, 'boolean');
    return (options) => (kept ? addExtraRoots(options) : options.removeBuiltInRoots());
  },
  connectTimeout: duration('setConnectTimeout'),
  closeTimeout: duration('setCloseTimeout'),
  pongTimeout: duration('setPongTimeout'),
  pingInterval: duration('setPingInterval'),
  compression: (name, value) => {
    if (typeof value === 'boolean') {
      return (options) => value || options.setDeflateOffers([]);
    }
    const offers = list(name, value, 'object').map(deflateOffer);
    return (options) => options.setDeflateOffers(offers);
  },
  compressionLevel: (name, value) => {
    const level = whole(name, value, MAX_U8);
    return (options) => options.setDeflateLevel(level);
  },
  compressionThreshold: size('setDeflateThreshold'),
  maxMessageSize: size('setMaxMessageSize'),
  maxFrameSize: size('setMaxFrameSize'),
  maxDecompressionRatio: count('setMaxDecompressionRatio'),
  maxFragments: count('setMaxFragments'),
  maxResponseHead: count('setMaxResponseHead'),
};

const DEFLATE_PARAMETERS = [
  'serverNoContextTakeover',
  'clientNoContextTakeover',
  'serverMaxWindowBits',
  'clientMaxWindowBits',
];

/**
 * Checks the types of options; returns a function that makes them a `connect-options` of the
 * component, which checks their values.
 */
function parseOptions(given) {
  const { builtInRoots = true, ...rest } = optional('options', given, 'object') ?? {};
  const setters = Object.entries({ ...rest, builtInRoots })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (!Object.hasOwn(SETTERS, name)) {
        throw new TypeError(`there is no option ${name}`);
      }
      return SETTERS[name](name, value);
    });
  return (client) => {
    const options = new client.ConnectOptions();
    try {
      setters.forEach((set) => set(options));
      return options;
    } catch (error) {
      options[Symbol.dispose]();
      throw error;
    }
  };
}

/** Trusts what Node is told to trust too. If that cannot be read Node goes on, and so do we. */
function addExtraRoots(options) {
  extraRoots ??= readExtraRoots();
  if (extraRoots.length === 0) {
    return;
  }
  try {
    options.addRoots(extraRoots);
  } catch (error) {
    if (!isRefusal(error)) {
      throw error;
    }
    warn(error.message);
    extraRoots = Buffer.alloc(0);
  }
}

function readExtraRoots() {
  if (!EXTRA_CA_CERTS) {
    return Buffer.alloc(0);
  }
  try {
    return fs.readFileSync(EXTRA_CA_CERTS);
  } catch (error) {
    warn(error.message);
    return Buffer.alloc(0);
  }
}

function warn(message) {
  process.emitWarning(`wasocket ignores NODE_EXTRA_CA_CERTS (${EXTRA_CA_CERTS}): ${message}`);
}

function duration(setter) {
  return (name, value) => {
    const nanos = BigInt(whole(name, value, MAX_MILLIS)) * NANOS_PER_MILLI;
    return (options) => options[setter](nanos);
  };
}

function size(setter) {
  return (name, value) => {
    const bytes = BigInt(whole(name, value, Number.MAX_SAFE_INTEGER));
    return (options) => options[setter](bytes);
  };
}

function count(setter) {
  return (name, value) => {
    const number = whole(name, value, MAX_U32);
    return (options) => options[setter](number);
  };
}

/** A number that does not change its value on its way into the component. */
function whole(name, value, max) {
  if (typeof value !== 'number') {
    throw wrongType(name, 'number', value);
  }
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${name} is ${value}, which is not a whole number from 0 to ${max}`);
  }
  return value;
}

function list(name, value, type) {
  if (!Array.isArray(value)) {
    throw wrongType(name, `list of ${type}`, value);
  }
  return value.map((item) => {
    if (typeof item !== type || item === null) {
      throw wrongType(`an item of ${name}`, type, item);
    }
    return item;
  });
}

/** Header fields: an object, whose values may be lists, or pairs in their order. */
function fields(name, value) {
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, 'object or list of pairs', value);
  }
  const pairs = Array.isArray(value)
    ? value
    : Object.entries(value).flatMap(([field, text]) => [text].flat().map((one) => [field, one]));
  return pairs.map((pair) => list(`a field of ${name}`, pair, 'string'));
}

/** Certificates in PEM: one string or Buffer, or a list of them. */
function pem(name, value) {
  return [value].flat().map((item) => {
    if (typeof item !== 'string' && !Buffer.isBuffer(item)) {
      throw wrongType(name, 'string or Buffer, or a list of them', item);
    }
    return Buffer.from(item);
  });
}

function deflateOffer(given) {
  for (const name of Object.keys(given)) {
    if (!DEFLATE_PARAMETERS.includes(name)) {
      throw new TypeError(`compression has no parameter ${name}`);
    }
  }
  const { serverMaxWindowBits, clientMaxWindowBits = true } = given;
  return {
    serverNoContextTakeover: given.serverNoContextTakeover === true,
    clientNoContextTakeover: given.clientNoContextTakeover === true,
    serverMaxWindowBits:
      serverMaxWindowBits && whole('serverMaxWindowBits', serverMaxWindowBits, MAX_U8),
    clientMaxWindowBits: clientWindow(clientMaxWindowBits),
  };
}

function clientWindow(bits) {
  switch (bits) {
    case true:
      return { tag: 'any' };
    case false:
      return { tag: 'fixed' };
    default:
      return { tag: 'at-most', val: whole('clientMaxWindowBits', bits, MAX_U8) };
  }
}

module.exports = { parseOptions };
