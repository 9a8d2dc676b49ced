// Package export_wasi_cli_run talks to an echo server: its argument is the URL, and the environment
// variable ROOTS may have certificates to trust, PEM.
package export_wasi_cli_run

import (
	"errors"
	"fmt"
	"os"

	"example/websocket"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

// Run is what the command does.
func Run() wit.Result[wit.Unit, wit.Unit] {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return wit.Err[wit.Unit](wit.Unit{})
	}
	return wit.Ok[wit.Unit, wit.Unit](wit.Unit{})
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: go URL")
	}
	socket, err := websocket.Connect(os.Args[1], os.Getenv("ROOTS"))
	if err != nil {
		return err
	}
	fmt.Println("open")

	for _, message := range []any{"one", "two", []byte{1, 2, 3}} {
		if err := socket.Send(message); err != nil {
			return err
		}
	}
	count := 0
	for message := range socket.Messages {
		switch message := message.(type) {
		case string:
			fmt.Println("text", message)
		case []byte:
			fmt.Println("binary", len(message), "bytes")
		}
		count++
		if count == 3 {
			break
		}
	}

	pong, err := socket.Ping([]byte("still there?"))
	if err != nil {
		return err
	}
	fmt.Printf("pong %s\n", <-pong)

	if err := socket.Close(1000, "done"); err != nil {
		return err
	}
	<-socket.Closed
	fmt.Println("closed", socket.Code, socket.Reason)
	return socket.Err
}
