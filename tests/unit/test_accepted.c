// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that were accepted and are not waited for together with their listening socket. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_sources.h"
#include "proc/accepted.h"

struct sockets {
	int listener;
	int client;
	int accepted;
};

/* Those with a number here are waited for. */
static bool is_waited_for(void *context, int fd)
{
	const int *fds = context;

	for (int i = 0; fds[i] >= 0; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

static const struct memory *own_memory(void)
{
	static struct memory own;

	own = (struct memory){ process_memory(), getpid() };
	return &own;
}

static bool is_polled(void *context, int fd)
{
	const int *fds = context;

	return fd == fds[3];
}

/* Of a loop that waits for first and second, if they are any, while it polls a third one. */
static struct accepted look(int first, int second, int polled)
{
	int fds[] = { first, second, -1, polled };
	const struct accepted_asks asks = { is_waited_for, is_polled, fds };
	struct accepted accepted;

	accepted_look(own_memory(), &asks, &accepted);
	return accepted;
}

static void connect_both(struct sockets *sockets, int family, struct sockaddr *address,
			 socklen_t len)
{
	sockets->listener = socket(family, SOCK_STREAM, 0);
	assert_int_equal(bind(sockets->listener, address, len), 0);
	assert_int_equal(listen(sockets->listener, 1), 0);
	assert_int_equal(getsockname(sockets->listener, address, &len), 0);
	sockets->client = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(sockets->client, address, len), 0);
	sockets->accepted = accept(sockets->listener, NULL, NULL);
	assert_true(sockets->accepted >= 0);
}

static void disconnect(const struct sockets *sockets)
{
	close(sockets->accepted);
	close(sockets->client);
	close(sockets->listener);
}

static void judge(const struct sockets *sockets)
{
	/* a server of many waits for both */
	assert_true(look(sockets->listener, sockets->accepted, -1).kept);
	assert_false(look(sockets->listener, sockets->accepted, -1).apart);
	assert_true(look(sockets->listener, -1, -1).apart);
	assert_false(look(sockets->listener, -1, -1).kept);
	assert_false(look(sockets->listener, -1, -1).unready);
	/* who does not wait for new ones is no server */
	assert_false(look(sockets->client, -1, -1).apart);
	/* whether it waits for anything but new ones */
	assert_true(look(sockets->listener, -1, -1).only_listens);
	assert_false(look(sockets->listener, sockets->accepted, -1).only_listens);
	assert_false(look(sockets->accepted, -1, -1).only_listens);
	assert_false(look(-1, -1, -1).only_listens);
	/* one that does not block may be served for as long as it has something to say */
	assert_int_equal(fcntl(sockets->accepted, F_SETFL, O_NONBLOCK), 0);
	assert_false(look(sockets->listener, -1, -1).apart);
	assert_true(look(sockets->listener, -1, -1).unready);
	assert_true(look(sockets->listener, -1, sockets->accepted).apart);
	assert_false(look(sockets->listener, -1, sockets->client).apart);
	disconnect(sockets);
	assert_false(look(sockets->listener, -1, -1).only_listens);
	assert_false(look(sockets->listener, -1, -1).apart);
}

static void test_tcp(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockets sockets;

	(void)state;
	connect_both(&sockets, AF_INET, (struct sockaddr *)&address, sizeof(address));
	judge(&sockets);
}

static void test_tcp6(void **state)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockets sockets;

	(void)state;
	connect_both(&sockets, AF_INET6, (struct sockaddr *)&address, sizeof(address));
	judge(&sockets);
}

static void test_unix(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockets sockets;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/test-accepted-%d", getpid());
	connect_both(&sockets, AF_UNIX, (struct sockaddr *)&address, sizeof(address));
	unlink(address.sun_path);
	judge(&sockets);
}

static void test_nobody(void **state)
{
	const struct memory nobody = { process_memory(), 1 << 30 };
	int none[4] = { -1, -1, -1, -1 };
	const struct accepted_asks asks = { is_waited_for, is_polled, none };
	struct accepted accepted;

	(void)state;
	accepted_look(&nobody, &asks, &accepted);
	assert_false(accepted.apart || accepted.kept || accepted.only_listens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
