/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listen.h - the sockets that HTTP is answered on: those that systemd passed, else one of our own. */
#ifndef BLOCKPROF_WEB_LISTEN_H
#define BLOCKPROF_WEB_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LISTENERS_MAX 4

struct listeners {
	struct listener {
		int fd;
		bool is_unix;
	} v[LISTENERS_MAX];
	size_t nr;
	char path[sizeof(
		((struct sockaddr_un *)0)->sun_path)]; /* of a file that we made; "": none */
};

/* "ADDR:PORT", "[ADDR]:PORT" or "unix:PATH". 0 or -EINVAL. */
int listen_check(const char *where);
/* Those of systemd (sd_listen_fds(3)); none if it passed none. */
void listen_passed(struct listeners *listeners);
/* 0 or -errno. -EADDRINUSE: somebody answers there. */
int listen_on(struct listeners *listeners, const char *where);
void listen_close(struct listeners *listeners);

#endif
