// SPDX-License-Identifier: GPL-2.0-or-later
/* client_zmq.c - zmq_recv() of one answer after the other, from a thread that takes 150 ms for each. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#define REQUESTS 12

static void *context;

static void *serve(void *unused)
{
	void *socket = zmq_socket(context, ZMQ_REP);
	char word[8];

	if (zmq_bind(socket, "inproc://server"))
		abort();
	puts("READY");
	while (zmq_recv(socket, word, sizeof(word), 0) >= 0) {
		usleep(150000);
		zmq_send(socket, "x", 1, 0);
	}
	return unused;
}

int main(void)
{
	void *socket;
	pthread_t thread;
	char word[8];

	setvbuf(stdout, NULL, _IOLBF, 0);
	context = zmq_ctx_new();
	socket = zmq_socket(context, ZMQ_REQ);
	if (pthread_create(&thread, NULL, serve, NULL) || getchar() == EOF ||
	    zmq_connect(socket, "inproc://server"))
		return 0;
	for (int i = 0; i < REQUESTS; i++)
		if (zmq_send(socket, "x", 1, 0) < 0 || zmq_recv(socket, word, sizeof(word), 0) < 0)
			abort();
	puts("DONE");
	while (getchar() != EOF)
		;
	return 0;
}
