// Package websocket is `wasocket:websocket` as Go has such things: channels, and a goroutine that
// serves them.
package websocket

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"

	"bindings/wasocket_websocket_client"
	"bindings/wasocket_websocket_types"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

// WebSocket is a connection.
type WebSocket struct {
	// Messages has what the server sends, each a string or a []byte, until the connection is closed.
	Messages <-chan any
	// Closed is closed with the connection.
	Closed <-chan struct{}

	// Code and Reason are those of the server's Close frame, and Err why the connection failed, once
	// Closed is closed.
	Code   uint16
	Reason string
	Err    error

	websocket *wasocket_websocket_client.Websocket
	pongs     map[uint64]chan []byte
}

// Connect connects, trusting the roots too if there are any; it returns when the connection is open.
func Connect(url, roots string) (*WebSocket, error) {
	options := wasocket_websocket_client.MakeConnectOptions()
	defer options.Drop()
	if roots != "" {
		if result := options.AddRoots([]byte(roots)); result.IsErr() {
			return nil, errors.New(result.Err().Message)
		}
	}
	result := wasocket_websocket_client.WebsocketConnect(
		wit.Some(url), wit.None[uint16](), wit.None[string](), wit.Some(options))
	if result.IsErr() {
		return nil, errors.New(result.Err().Message)
	}
	open, messages, closed := make(chan struct{}), make(chan any), make(chan struct{})
	socket := &WebSocket{
		Messages:  messages,
		Closed:    closed,
		websocket: result.Ok(),
		pongs:     make(map[uint64]chan []byte),
	}
	go socket.serve(open, messages, closed)
	select {
	case <-open:
		return socket, nil
	case <-closed:
		return nil, socket.Err
	}
}

// Send queues a message, a string or a []byte.
func (socket *WebSocket) Send(message any) error {
	var payload wasocket_websocket_types.Message
	switch message := message.(type) {
	case string:
		payload = wasocket_websocket_types.MakeMessageText(message)
	case []byte:
		payload = wasocket_websocket_types.MakeMessageBinary(message)
	default:
		return fmt.Errorf("a message is a string or a []byte, not a %T", message)
	}
	_, err := queued(socket.websocket.Send(payload, 0))
	return err
}

// Ping sends a ping; the channel gets the payload of its pong, or is closed with the connection.
func (socket *WebSocket) Ping(payload []byte) (<-chan []byte, error) {
	token, err := queued(socket.websocket.Ping(payload, 0))
	if err != nil {
		return nil, err
	}
	// With room, so that nobody has to wait for it.
	pong := make(chan []byte, 1)
	socket.pongs[token] = pong
	return pong, nil
}

// Close starts the closing handshake.
func (socket *WebSocket) Close(code uint16, reason string) error {
	_, err := queued(socket.websocket.Close(wit.Some(code), wit.Some(reason)))
	return err
}

func queued(result wit.Result[uint64, wasocket_websocket_types.CallError]) (uint64, error) {
	if result.IsErr() {
		return 0, fmt.Errorf("not possible now (case %d of call-error)", result.Err().Tag())
	}
	return result.Ok(), nil
}

func (socket *WebSocket) serve(open chan<- struct{}, messages chan<- any, closed chan<- struct{}) {
	waiter := wasocket_websocket_client.MakeWaiter()
	websockets := []*wasocket_websocket_client.Websocket{socket.websocket}
	var unread []any
	for isClosed := false; !isClosed || len(unread) > 0; {
		letOthersRun()
		// The wait below stops all goroutines: who wants a message gets it before.
		if len(unread) > 0 {
			select {
			case messages <- unread[0]:
				unread = unread[1:]
				continue
			default:
			}
		}
		if isClosed {
			messages <- unread[0]
			unread = unread[1:]
			continue
		}
		if result := waiter.Wait(websockets, wit.None[uint64]()); result.IsErr() {
			panic(result.Err().Message)
		}
		for _, event := range socket.websocket.Drive().Events {
			switch event.Tag() {
			case wasocket_websocket_types.EventOpen:
				close(open)
			case wasocket_websocket_types.EventMessage:
				message := event.Message()
				if message.Tag() == wasocket_websocket_types.MessageText {
					unread = append(unread, message.Text())
				} else {
					unread = append(unread, message.Binary())
				}
			case wasocket_websocket_types.EventPong:
				pong := event.Pong()
				if pong.Token.IsSome() {
					socket.pongs[pong.Token.Some()] <- pong.Payload
					delete(socket.pongs, pong.Token.Some())
				}
			case wasocket_websocket_types.EventError:
				socket.Err = errors.New(event.Error().Message)
			case wasocket_websocket_types.EventClose:
				isClosed = true
				socket.Code, socket.Reason = event.Close().Code, event.Close().Reason
				waiter.Drop()
				socket.websocket.Drop()
				for _, pong := range socket.pongs {
					close(pong)
				}
				close(closed)
			}
		}
	}
	close(messages)
}

// letOthersRun returns when each other goroutine waits for something.
func letOthersRun() {
	runnable := []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}
	for {
		runtime.Gosched()
		metrics.Read(runnable)
		if runnable[0].Value.Uint64() == 0 {
			return
		}
	}
}
