// A WebSocket client for Node: `require('wasocket').Websocket`. README.md has the interface.

'use strict';

const { WebsocketError } = require('./error.js');
const { Websocket } = require('./websocket.js');

module.exports = { Websocket, WebsocketError };
