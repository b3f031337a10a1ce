// SPDX-License-Identifier: GPL-2.0-or-later
/* object.c - for which of its descriptors a call waited, which sockets lead to a resolver, and how addresses are written. */
#include "capture/object.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "capture/kernel_wait.h"

#define DNS_PORT 53

/* Without frames: a file is waited for in state D, pipes and sockets never are. */
static bool waits_for_input(const struct bp_capture *capture, const struct bp_object *input,
			    const struct bp_object *output, const struct stack *stack)
{
	bool input_is_file = input->kind == BP_OBJECT_FILE;

	switch (kernel_side_of(stack)) {
	case KERNEL_SIDE_INPUT:
		return true;
	case KERNEL_SIDE_OUTPUT:
		return false;
	default:
		break;
	}
	if (input_is_file == (output->kind == BP_OBJECT_FILE))
		return true;
	return input_is_file == ((capture->block.flags & BP_BLOCK_DISK) != 0);
}

const struct bp_object *capture_object(const struct bp_capture *capture, const struct stack *stack)
{
	const struct bp_object *input = &capture->object, *output = &capture->second;

	if (!(capture->block.flags & BP_BLOCK_TWO))
		return &capture->object;
	/* sendfile() has them the other way round */
	if (capture->block.syscall == SYS_sendfile) {
		input = &capture->second;
		output = &capture->object;
	}
	return waits_for_input(capture, input, output, stack) ? input : output;
}

bool capture_reads(const struct bp_capture *capture, const struct stack *stack)
{
	switch (capture->block.syscall) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_ppoll:
#ifdef SYS_poll
	case SYS_poll:
	case SYS_select:
#endif
	case SYS_pselect6:
		return true;
	case SYS_sendfile:
		return capture_object(capture, stack) == &capture->second;
	case SYS_splice:
	case SYS_tee:
		return capture_object(capture, stack) == &capture->object;
	}
	return false;
}

bool object_is_inet(const struct bp_socket *socket)
{
	return socket->family == AF_INET || socket->family == AF_INET6;
}

char *object_address(int family, const unsigned char *addr, unsigned int port)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char host[INET6_ADDRSTRLEN], *text = NULL;

	if (family == AF_INET6 && !memcmp(addr, mapped, sizeof(mapped))) {
		family = AF_INET;
		addr += sizeof(mapped);
	}
	if (!inet_ntop(family, addr, host, sizeof(host)))
		return NULL;
	if (asprintf(&text, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port) < 0)
		return NULL;
	return text;
}

/* nscd and systemd-resolved answer names over a unix socket (nscd/nscd-client.h, nss-resolve). */
bool object_is_resolver(const struct bp_object *object)
{
	static const char *const paths[] = { "/run/nscd/socket", "/var/run/nscd/socket",
					     "/run/systemd/resolve/io.systemd.Resolve" };

	if (object->kind != BP_OBJECT_SOCKET)
		return false;
	if (object_is_inet(&object->socket))
		return object->socket.peer_port == DNS_PORT;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (object->socket.family == AF_UNIX &&
		    !strncmp(object->path, paths[i], object->path_bytes))
			return object->path_bytes >= strlen(paths[i]);
	return false;
}
