/// <reference types="node" />

import { EventEmitter } from 'node:events';

/** A message, a payload or a reason; `null` and `undefined` are empty. */
export type Data = string | ArrayBufferView | ArrayBuffer | null | undefined;

export type ReadyState = 'connecting' | 'open' | 'closing' | 'closed';

/** One offer of permessage-deflate (RFC 7692, section 7.1). */
export interface DeflateOffer {
  /** Default: `false`. */
  serverNoContextTakeover?: boolean;
  /** Default: `false`. */
  clientNoContextTakeover?: boolean;
  /** 8 to 15. Default: the server's choice. */
  serverMaxWindowBits?: number;
  /** Whether the server may limit it, or 8 to 15 to limit it in any case. Default: `true`. */
  clientMaxWindowBits?: boolean | number;
}

/** How to connect. Times are in milliseconds, sizes in bytes. */
export interface WebsocketOptions {
  /** Header fields for the request. */
  headers?: Record<string, string | readonly string[]> | readonly (readonly [string, string])[];
  /** Offered to the server, in order of preference. */
  subprotocols?: readonly string[];
  /** The `Origin` that browsers send. */
  origin?: string;
  /** Root certificates to trust too, in PEM. */
  roots?: string | Buffer | readonly (string | Buffer)[];
  /** Whether to trust Mozilla's roots, and those of NODE_EXTRA_CA_CERTS. Default: `true`. */
  builtInRoots?: boolean;
  /** From `connect` to `open`. Default: 30,000. */
  connectTimeout?: number;
  /** From the first Close frame to the end. Default: 10,000. */
  closeTimeout?: number;
  /** From a ping to its pong. Default: 30,000. */
  pongTimeout?: number;
  /** The silence before a keepalive ping. Default: none are sent. */
  pingInterval?: number;
  /** Offers of permessage-deflate, in order of preference. `true` is `[{}]`. Default: `true`. */
  compression?: boolean | readonly DeflateOffer[];
  /** 1, the fastest, to 9, the smallest. Default: 3. */
  compressionLevel?: number;
  /** The shortest message that is compressed, unless it says otherwise. Default: 1,024. */
  compressionThreshold?: number;
  /** Default: 16,777,216. */
  maxMessageSize?: number;
  /** Default: 16,777,216. */
  maxFrameSize?: number;
  /** How many times its length a compressed message may become, beyond a MiB. Default: 256. */
  maxDecompressionRatio?: number;
  /** The fragments of a message. Default: 131,072. */
  maxFragments?: number;
  /** The head of the server's answer to the opening handshake. Default: 16,384. */
  maxResponseHead?: number;
}

/** How a message is sent. */
export interface SendOptions {
  /** `false`: the payload travels unchanged. Default: `true`, under a fresh masking key. */
  mask?: boolean;
  /** Whether it is binary. Default: `false`, and then a Buffer has to be UTF-8. */
  binary?: boolean;
  /** Whether to compress it, if that was negotiated. Default: by its length. */
  compress?: boolean;
}

/** How a connection ended (RFC 6455, sections 7.1.4 to 7.1.6). */
export interface Closed {
  /** 1005 if the server's Close frame has none, 1006 if there was no Close frame. */
  code: number;
  reason: string;
  wasClean: boolean;
}

/** What went one way. */
export interface Traffic {
  /** Of the opening handshake and of frames, without what TLS adds. */
  readonly bytes: number;
  /** Whole ones, of every opcode. */
  readonly frames: number;
  /** Whole ones. */
  readonly messages: number;
  /** Those included that the connection sent by itself. */
  readonly pings: number;
  readonly pongs: number;
}

/** From a ping to its pong, in milliseconds. */
export interface RoundTrip {
  /** Of the last pong. */
  readonly last: number;
  /** The mean, in which the last counts for an eighth (RFC 6298, section 2, "SRTT"). */
  readonly smoothed: number;
}

/** What a connection has counted. */
export interface Statistics {
  /** What was handed to the system. */
  readonly sent: Traffic;
  /** What arrived and was read. */
  readonly received: Traffic;
  /** `undefined` before the first pong. */
  readonly roundTrip: RoundTrip | undefined;
}

/** An answer of the server that refuses the opening handshake. */
export interface Refusal {
  status: number;
  reasonPhrase: string;
  headers: [name: string, value: string][];
  /** The start of the body, at most 4,096 bytes. */
  body: Buffer;
}

/** Why a connection could not be opened or fails, or why a call had no effect. */
export class WebsocketError extends Error {
  /** A case of `error-code` or `call-error` in the WIT, or `trapped`. */
  readonly code: string;
  /** What was being done, if the connection failed. */
  readonly step?: 'name' | 'connect' | 'proxy' | 'tls' | 'handshake' | 'open' | 'close';
  /** With the code `timeout`. */
  readonly timeout?: 'connect' | 'pong' | 'close' | 'idle';
  /** With the code `certificate`. */
  readonly certificate?: string;
  /** With the code `tls-alert`. */
  readonly alert?: number;
  /** With the code `refused`. */
  readonly refusal?: Refusal;
  /** With the code `invalid-argument`: which one. */
  readonly part?: string;
  /** With the code `invalid-state`. */
  readonly readyState?: ReadyState;
}

export interface WebsocketEvents {
  open: [];
  message: [data: string | Buffer, isBinary: boolean];
  close: [closed: Closed];
  error: [error: WebsocketError];
  ping: [payload: Buffer];
  pong: [payload: Buffer];
}

/** A client. It has one connection at a time, and can be connected again after `close`. */
export class Websocket extends EventEmitter {
  constructor(options?: WebsocketOptions | null);

  readonly readyState: ReadyState;
  /** Bytes that wait to be handed to the system. */
  readonly bufferedAmount: number;
  /** The subprotocol that the server chose. */
  readonly subprotocol: string | undefined;
  /** The extensions in use, with their parameters. */
  readonly extensions: string[];
  /** The header fields of the server's answer, in their order. */
  readonly responseHeaders: [name: string, value: string][];
  /** What the connection has counted, at this moment; after `close` what it was at the end. */
  readonly statistics: Statistics;

  connect(
    host?: string | null,
    port?: number | null,
    path?: string | ArrayBufferView | ArrayBuffer | null,
    callback?: (this: this) => void,
  ): void;
  connect(
    host: string | null | undefined,
    port: number | null | undefined,
    callback: (this: this) => void,
  ): void;
  connect(host: string | null | undefined, callback: (this: this) => void): void;
  connect(callback: (this: this) => void): void;

  close(
    message?: Data,
    code?: number | null,
    callback?: (this: this, closed: Closed) => void,
  ): void;
  close(message: Data, callback: (this: this, closed: Closed) => void): void;
  close(callback: (this: this, closed: Closed) => void): void;

  ping(
    message?: Data,
    mask?: boolean | null,
    callback?: (this: this, payload: Buffer) => void,
  ): void;
  ping(message: Data, callback: (this: this, payload: Buffer) => void): void;
  ping(callback: (this: this, payload: Buffer) => void): void;

  send(message?: Data, options?: SendOptions | null, callback?: (this: this) => void): void;
  send(message: Data, callback: (this: this) => void): void;
  send(callback: (this: this) => void): void;

  /** Stops reading, so that TCP slows the server down. What was read already may still be told. */
  pause(): void;
  resume(): void;

  on<E extends keyof WebsocketEvents>(
    event: E,
    listener: (this: this, ...values: WebsocketEvents[E]) => void,
  ): this;
  once<E extends keyof WebsocketEvents>(
    event: E,
    listener: (this: this, ...values: WebsocketEvents[E]) => void,
  ): this;
  off<E extends keyof WebsocketEvents>(
    event: E,
    listener: (this: this, ...values: WebsocketEvents[E]) => void,
  ): this;
}
