// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zmq_client.c
 * A synchronous ZeroMQ client: zmq_send(), zmq_recv() of an answer that comes after 250 ms, then
 * 150 ms of sleep. libzmq's own I/O thread is a loop, which never blocks.
 * Right: no stall.
 */
#include <unistd.h>
#include <zmq.h>

#include "truth.h"

int main(void)
{
	const char *address = "ipc://zmq.sock";
	char data[100];
	void *socket;

	if (!fork()) {
		socket = zmq_socket(zmq_ctx_new(), ZMQ_REP);
		if (zmq_bind(socket, address))
			return 1;
		for (;;) {
			zmq_recv(socket, data, sizeof(data), 0);
			nap(250);
			zmq_send(socket, "answer", 6, 0);
		}
	}
	nap(200);
	socket = zmq_socket(zmq_ctx_new(), ZMQ_REQ);
	if (zmq_connect(socket, address))
		return 1;
	for (;;) {
		zmq_send(socket, "?", 1, 0);
		zmq_recv(socket, data, sizeof(data), 0);
		nap(150);
	}
}
