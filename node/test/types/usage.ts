// What the types allow and what they refuse; `tsc` checks it, nobody runs it.

import { once } from 'node:events';
import { Websocket, WebsocketError, type Closed } from 'wasocket';

const websocket = new Websocket({
  headers: { 'X-Name': 'value', 'X-Twice': ['1', '2'] },
  subprotocols: ['chat.v2', 'chat'],
  roots: [Buffer.from('PEM'), 'PEM'],
  builtInRoots: false,
  pingInterval: 20_000,
  compression: [{ clientMaxWindowBits: 12, serverNoContextTakeover: true }],
});
new Websocket({ headers: [['X-Name', 'value']] });

websocket.connect();
websocket.connect('wss://127.0.0.1', 443, '/my_endpoint', function () {
  this.send('text');
});
websocket.connect(() => {});
websocket.connect('localhost', () => {});
websocket.connect(null, null, Buffer.from('/'), () => {});

websocket.send('text', { mask: true, binary: false }, () => {});
websocket.send(Buffer.of(1), { binary: true, compress: false });
websocket.send(new Uint8Array(2), () => {});
websocket.ping('payload', true, (payload) => payload.toString('hex'));
websocket.ping((payload) => payload.length);
websocket.close('reason', 1000, (closed) => closed.wasClean);
websocket.close((closed: Closed) => closed.code);

websocket.on('message', (data, isBinary) => {
  const text: string = typeof data === 'string' ? data : data.toString('hex');
  const flag: boolean = isBinary;
  return [text, flag];
});
websocket.once('close', ({ code, reason, wasClean }) => [code + 1, reason.length, !wasClean]);
websocket.on('error', (error) => {
  const known: WebsocketError = error;
  return [known.code, known.step, known.refusal?.status];
});
void once(websocket, 'open');
const { sent, received, roundTrip } = websocket.statistics;
const total: number = sent.bytes + received.bytes + (roundTrip?.smoothed ?? 0);
void total;

// @ts-expect-error: the port is a number
websocket.connect('localhost', '80');
// @ts-expect-error: the message comes before the code
websocket.close(1000);
// @ts-expect-error: messages are text or bytes
websocket.send({ an: 'object' });
// @ts-expect-error: there is no such option
new Websocket({ rejectUnauthorized: false });
// @ts-expect-error: there is no such event
websocket.on('connected', () => {});
// @ts-expect-error: what was counted cannot be set
websocket.statistics.sent.bytes = 0;
// @ts-expect-error: the state cannot be set
websocket.readyState = 'open';
