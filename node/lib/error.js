// What goes wrong, as `error` tells it.

'use strict';

/**
 * Why a connection could not be opened or fails, or why a call had no effect.
 *
 * `code` is a case of the WIT's `error-code` or `call-error`, or `trapped`. What the case comes
 * with is in a property of its own.
 */
class WebsocketError extends Error {
  constructor(message, properties, options) {
    super(message, options);
    this.name = 'WebsocketError';
    Object.assign(this, properties);
  }

  /** From the event `error`. */
  static fromEvent({ step, code, message }) {
    return new WebsocketError(message, { code: code.tag, step, ...detailOf(code) });
  }

  /** From a call that was refused. */
  static fromCallError({ tag, val }) {
    switch (tag) {
      case 'invalid-argument':
        return WebsocketError.fromInvalidArgument(val);
      case 'invalid-state':
        return WebsocketError.invalidState(val);
      default:
        throw new Error(`the component refused a call in an unknown way: ${tag}`);
    }
  }

  static fromInvalidArgument({ part, message }) {
    return new WebsocketError(message, { code: 'invalid-argument', part });
  }

  /** A call that is not possible while the connection is `readyState`. */
  static invalidState(readyState) {
    return new WebsocketError(`the connection is ${readyState}`, {
      code: 'invalid-state',
      readyState,
    });
  }

  /** The component, which all connections share, ended by a fault. */
  static fromTrap(cause) {
    return new WebsocketError(
      `the component trapped: ${cause.message}`,
      { code: 'trapped' },
      { cause },
    );
  }
}

function detailOf({ tag, val }) {
  switch (tag) {
    case 'timeout':
      return { timeout: val };
    case 'certificate':
      return { certificate: val };
    case 'tls-alert':
      return { alert: val };
    case 'refused':
      return { refusal: refusalOf(val) };
    case 'proxy-refused':
      return { status: val };
    default:
      return {};
  }
}

function refusalOf({ status, reasonPhrase, headers, body }) {
  return { status, reasonPhrase, headers: headersOf(headers), body: asBuffer(body) };
}

/** Header fields as pairs of name and value, in their order; values are bytes, read as Latin-1. */
function headersOf(headers) {
  return headers.map(({ name, value }) => [name, asBuffer(value).toString('latin1')]);
}

/** The same bytes, not copied. */
function asBuffer(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether something thrown says that a call was refused: as data if by the component, or by us. */
function isRefusal(thrown) {
  return !(thrown instanceof Error) || thrown instanceof WebsocketError;
}

module.exports = { WebsocketError, asBuffer, headersOf, isRefusal };
