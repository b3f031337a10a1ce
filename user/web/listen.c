// SPDX-License-Identifier: GPL-2.0-or-later
/* listen.c - how an address is written, and whose a unix socket is. */
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strings.h"

#define BACKLOG	  64
#define UNIX	  "unix:"
#define GROUP	  "blockprof"
#define UNIX_MODE 0660

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	} v;
	socklen_t bytes;
};

static int parse_unix(const char *path, struct address *out)
{
	size_t bytes = strlen(path) + 1;

	if (*path != '/' || bytes > sizeof(out->v.local.sun_path))
		return -EINVAL;
	out->v.local.sun_family = AF_UNIX;
	memcpy(out->v.local.sun_path, path, bytes);
	out->bytes = sizeof(out->v.local);
	return 0;
}

static int parse_inet(const char *where, struct address *out)
{
	const char *colon = strrchr(where, ':');
	bool is_v6 = *where == '[';
	char host[INET6_ADDRSTRLEN + 2];
	long port;
	size_t bytes;

	if (!colon || number_parse(colon + 1, 1, 65535, &port))
		return -EINVAL;
	bytes = (size_t)(colon - where);
	if (is_v6 && (bytes < 2 || where[bytes - 1] != ']'))
		return -EINVAL;
	bytes -= is_v6 ? 2 : 0;
	if (bytes >= sizeof(host))
		return -EINVAL;
	memcpy(host, where + is_v6, bytes);
	host[bytes] = '\0';
	if (is_v6) {
		out->v.v6.sin6_family = AF_INET6;
		out->v.v6.sin6_port = htons((uint16_t)port);
		out->bytes = sizeof(out->v.v6);
		return inet_pton(AF_INET6, host, &out->v.v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	out->v.v4.sin_family = AF_INET;
	out->v.v4.sin_port = htons((uint16_t)port);
	out->bytes = sizeof(out->v.v4);
	return inet_pton(AF_INET, host, &out->v.v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int parse(const char *where, struct address *out)
{
	memset(out, 0, sizeof(*out));
	if (starts_with(where, UNIX))
		return parse_unix(where + strlen(UNIX), out);
	return parse_inet(where, out);
}

int listen_check(const char *where)
{
	struct address address;

	return parse(where, &address);
}

void listen_passed(struct listeners *listeners)
{
	int nr = sd_listen_fds(1);

	for (int i = 0; i < nr; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (listeners->nr == LISTENERS_MAX ||
		    sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
			close(fd);
			continue;
		}
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		listeners->v[listeners->nr++] = (struct listener){
			.fd = fd,
			.is_unix = sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0,
		};
	}
}

/* Nobody answers there: it was left behind by one that was killed. */
static bool is_left_behind(const struct address *address)
{
	int fd __closing = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;

	return fd >= 0 && !lstat(address->v.local.sun_path, &status) && S_ISSOCK(status.st_mode) &&
	       connect(fd, &address->v.any, address->bytes) && errno == ECONNREFUSED;
}

static int bind_unix(struct listeners *listeners, int fd, const struct address *address)
{
	const char *path = address->v.local.sun_path;
	const struct group *group = getgrnam(GROUP);
	mode_t mask = umask(0777 & ~UNIX_MODE);
	int err = bind(fd, &address->v.any, address->bytes) ? -errno : 0;

	if (err == -EADDRINUSE && is_left_behind(address) && !unlink(path))
		err = bind(fd, &address->v.any, address->bytes) ? -errno : 0;
	umask(mask);
	if (err)
		return err;
	memcpy(listeners->path, path, sizeof(listeners->path));
	/* where that is not allowed it stays this process's group's */
	if (group)
		(void)!lchown(path, (uid_t)-1, group->gr_gid);
	return 0;
}

static int bind_inet(int fd, const struct address *address)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->v.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return bind(fd, &address->v.any, address->bytes) ? -errno : 0;
}

int listen_on(struct listeners *listeners, const char *where)
{
	struct address address;
	int fd, err = parse(where, &address);
	bool is_unix = address.v.any.sa_family == AF_UNIX;

	if (err)
		return err;
	fd = socket(address.v.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = is_unix ? bind_unix(listeners, fd, &address) : bind_inet(fd, &address);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	listeners->v[listeners->nr++] = (struct listener){ fd, is_unix };
	return 0;
}

void listen_close(struct listeners *listeners)
{
	if (listeners->path[0])
		unlink(listeners->path);
	while (listeners->nr)
		close(listeners->v[--listeners->nr].fd);
}
