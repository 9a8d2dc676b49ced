my_websocket.ping('Ping frame 1', true, function(msg) {
  console.log('Pong frame successfully received for frame ' + msg);
});

