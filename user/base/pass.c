// SPDX-License-Identifier: GPL-2.0-or-later
/* pass.c - how descriptors stand in a message, and that none of a strange one is left open. */
#include "base/pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
	char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
	struct cmsghdr align;
};

int pass_send(int socket, const void *message, size_t bytes, const int *fds, size_t nr)
{
	union control control = { 0 };
	struct iovec part = { (void *)message, bytes };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (nr > PASSED_MAX)
		return -EINVAL;
	if (nr) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr * sizeof(int));
	}
	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Those that came, whatever their number. */
static size_t take(struct msghdr *header, int *fds)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	size_t nr;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
		return 0;
	nr = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(control), nr * sizeof(int));
	return nr;
}

int pass_receive(int socket, bool wait, void *message, size_t bytes, int *fds, size_t nr)
{
	union control control;
	struct iovec part = { message, bytes };
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int came[PASSED_MAX];
	size_t nr_came;
	ssize_t got;

	do {
		got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got ? -errno : -ENOTCONN;
	nr_came = take(&header, came);
	if ((size_t)got == bytes && nr_came == nr && !(header.msg_flags & MSG_TRUNC)) {
		if (nr)
			memcpy(fds, came, nr * sizeof(int));
		return 0;
	}
	while (nr_came)
		close(came[--nr_came]);
	return -EBADMSG;
}
