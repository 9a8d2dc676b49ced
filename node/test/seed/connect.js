var ws = require('websocket');

var my_websocket = new ws.Websocket();

my_websocket.connect('wss://127.0.0.1', 443, '/my_endpoint', function() {
  my_websocket.close('Successful connection', 1000);
});

