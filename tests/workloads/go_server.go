// SPDX-License-Identifier: GPL-2.0-or-later

// go_server: a server and its clients in one program, as a Go program is: its threads wait for
// network events in turn, and block in goroutines as they like. Says READY, and ends with its
// standard input. (Not net/http, which takes a minute to build.)
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

func serve(connection net.Conn) {
	request := make([]byte, 1)
	for {
		if _, err := connection.Read(request); err != nil {
			return
		}
		if request[0] == 'b' {
			// a system call that blocks the thread, not only the goroutine
			nap := syscall.NsecToTimespec(int64(300 * time.Millisecond))
			syscall.Nanosleep(&nap, nil)
		}
		connection.Write(request)
	}
}

func ask(address string, request byte) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	for {
		connection.Write([]byte{request})
		connection.Read(make([]byte, 1))
		time.Sleep(3 * time.Millisecond)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				panic(err)
			}
			go serve(connection)
		}
	}()
	for _, request := range []byte("baaaaaaa") {
		go ask(listener.Addr().String(), request)
	}
	time.Sleep(200 * time.Millisecond)
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
