my_websocket.send('My first WebSocket message!', {mask: true, binary: false}, function() {
  console.log('The data was successfully written to the socket!');
});
