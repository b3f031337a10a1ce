// SPDX-License-Identifier: GPL-2.0-or-later
/* diag.c - the messages of sock_diag, and a socket for them in another network namespace. */
#include "proc/peer/diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process_file.h"

#define NEW_SYN_RECV 12 /* TCP_NEW_SYN_RECV of the kernel: a request before its handshake is over */
#define DUMP_ROUNDS  1024

struct message {
	_Alignas(NLMSG_ALIGNTO) char bytes[32768];
};

static int open_here(void)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

struct visit {
	int netns;
	int result;
};

static void *open_inside(void *arg)
{
	struct visit *visit = arg;

	visit->result = setns(visit->netns, CLONE_NEWNET) ? -errno : open_here();
	return NULL;
}

/* setns() moves the calling thread only: one that is ended at once leaves ours where it is. */
static int open_there(int netns)
{
	struct visit visit = { .netns = netns, .result = -EAGAIN };
	sigset_t all, before;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, open_inside, &visit);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return visit.result;
}

int diag_open(pid_t pid, unsigned int netns)
{
	struct stat ours, theirs;

	if (stat("/proc/thread-self/ns/net", &ours))
		return -errno;
	if (netns && netns == ours.st_ino)
		return open_here();

	int fd __closing = process_file_open(pid, "ns/net", 0);

	if (fd < 0)
		return fd;
	if (fstat(fd, &theirs))
		return -errno;
	if (netns && netns != theirs.st_ino)
		return -ENOENT;
	return theirs.st_ino == ours.st_ino ? open_here() : open_there(fd);
}

static int send_question(int diag, int flags, const void *body, size_t bytes)
{
	struct nlmsghdr header = {
		.nlmsg_len = (unsigned int)NLMSG_LENGTH(bytes),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags),
	};
	struct iovec parts[] = {
		{ .iov_base = &header, .iov_len = NLMSG_HDRLEN },
		{ .iov_base = (void *)body, .iov_len = bytes },
	};
	struct msghdr question = { .msg_iov = parts, .msg_iovlen = 2 };

	return sendmsg(diag, &question, 0) < 0 ? -errno : 0;
}

static ssize_t receive(int diag, struct message *message)
{
	ssize_t n;

	/* The kernel answers while the question is sent: nothing to wait for. */
	do {
		n = recv(diag, message->bytes, sizeof(message->bytes), 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* One question with one answer of at least so many bytes. */
static int ask(int diag, const void *body, size_t bytes, struct message *answer, size_t expected)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer->bytes;
	int err = send_question(diag, 0, body, bytes);
	const struct nlmsgerr *error;
	ssize_t n;

	if (err)
		return err;
	n = receive(diag, answer);
	if (n < 0)
		return (int)n;
	if (!NLMSG_OK(header, (size_t)n))
		return -EPROTO;
	if (header->nlmsg_type == NLMSG_ERROR) {
		if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)))
			return -EPROTO;
		error = NLMSG_DATA(header);
		return error->error < 0 ? error->error : -EPROTO;
	}
	return header->nlmsg_len < NLMSG_LENGTH(expected) ? -EPROTO : 0;
}

struct address {
	int family;
	uint32_t bytes[4];
};

/* A v6 socket that talks IPv4 is, but for its descriptor, an IPv4 one: the other end may be either. */
static struct address address_of(unsigned short family, const unsigned char *bytes)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address address = { .family = family };

	if (family == AF_INET) {
		memcpy(address.bytes, bytes, 4);
	} else if (!memcmp(bytes, mapped, sizeof(mapped))) {
		address.family = AF_INET;
		memcpy(address.bytes, bytes + sizeof(mapped), 4);
	} else {
		memcpy(address.bytes, bytes, 16);
	}
	return address;
}

static bool address_is_loopback(const struct address *address)
{
	static const unsigned char loopback6[16] = { [15] = 1 };

	if (address->family == AF_INET)
		return ntohl(address->bytes[0]) >> 24 == 127;
	return !memcmp(address->bytes, loopback6, sizeof(loopback6));
}

/* One end of a connection. */
struct end {
	struct address address;
	unsigned short port;
};

/* Finds the socket with this local end and this remote end; remote NULL: one that listens. */
static int find_inet(int diag, int protocol, const struct end *local, const struct end *remote,
		     struct inet_diag_msg *out)
{
	struct inet_diag_req_v2 question = {
		.sdiag_family = (unsigned char)local->address.family,
		.sdiag_protocol = (unsigned char)protocol,
		.idiag_states = ~0u,
		.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
	};
	struct inet_diag_sockid *id = &question.id;
	struct message answer;
	int err;

	/* udp_diag takes the two ends the other way round, "for historical reasons": udp_dump_one(). */
	bool swapped = protocol == IPPROTO_UDP;

	memcpy(swapped ? id->idiag_dst : id->idiag_src, local->address.bytes,
	       sizeof(local->address.bytes));
	*(swapped ? &id->idiag_dport : &id->idiag_sport) = htons(local->port);
	if (remote) {
		memcpy(swapped ? id->idiag_src : id->idiag_dst, remote->address.bytes,
		       sizeof(remote->address.bytes));
		*(swapped ? &id->idiag_sport : &id->idiag_dport) = htons(remote->port);
	}
	err = ask(diag, &question, sizeof(question), &answer, sizeof(*out));
	if (!err)
		memcpy(out, NLMSG_DATA(answer.bytes), sizeof(*out));
	return err;
}

/* A connection no process has accepted yet; closed ones have no inode either. */
static bool is_pending(const struct inet_diag_msg *found)
{
	return !found->idiag_inode &&
	       (found->idiag_state == TCP_ESTABLISHED || found->idiag_state == TCP_SYN_RECV ||
		found->idiag_state == TCP_CLOSE_WAIT || found->idiag_state == NEW_SYN_RECV);
}

/*
 * Of the addresses of its namespace, the kernel uses the destination as source
 * as well, unless the program binds to another.
 */
static bool is_own_address(const struct address *peer, const struct address *own)
{
	return address_is_loopback(peer) || !memcmp(own, peer, sizeof(*own));
}

static bool is_inet(const struct bp_socket *socket)
{
	return socket->peer_port && (socket->family == AF_INET || socket->family == AF_INET6) &&
	       (socket->protocol == IPPROTO_TCP || socket->protocol == IPPROTO_UDP);
}

bool diag_inet_may_leave(const struct bp_socket *socket)
{
	struct address own, peer;

	if (!is_inet(socket) || socket->protocol != IPPROTO_TCP)
		return false;
	own = address_of(socket->family, socket->local);
	peer = address_of(socket->family, socket->peer);
	return !is_own_address(&peer, &own);
}

int diag_inet_peer(int diag, const struct bp_socket *socket, struct diag_socket *out)
{
	struct end own, peer;
	struct inet_diag_msg found;
	int err;

	if (!is_inet(socket))
		return -ENOENT;
	own = (struct end){ address_of(socket->family, socket->local), socket->local_port };
	peer = (struct end){ address_of(socket->family, socket->peer), socket->peer_port };
	if (own.address.family != peer.address.family)
		return -ENOENT;

	err = find_inet(diag, socket->protocol, &peer, &own, &found);
	if (err)
		return err;
	/* One bound to any address is found by its port, also when the peer is another machine's. */
	if (!found.id.idiag_dport && !is_own_address(&peer.address, &own.address))
		return -ENOENT;
	if (socket->protocol == IPPROTO_TCP && is_pending(&found)) {
		err = find_inet(diag, IPPROTO_TCP, &peer, NULL, &found);
		if (err)
			return err;
	}
	*out = (struct diag_socket){
		.ino = found.idiag_inode,
		.uid = found.idiag_uid,
		.listens = !found.id.idiag_dport,
	};
	return out->ino ? 0 : -ENOENT;
}

/* The value of one attribute of an answer about a unix socket. */
static const void *unix_attribute(const struct nlmsghdr *header, unsigned short type, size_t *bytes)
{
	const struct unix_diag_msg *msg = NLMSG_DATA(header);
	const struct rtattr *attr;
	ssize_t left; /* below 0 behind a last one without its padding */

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)))
		return NULL;
	attr = (const struct rtattr *)((const char *)msg + NLMSG_ALIGN(sizeof(*msg)));
	left = (ssize_t)(header->nlmsg_len - NLMSG_LENGTH(sizeof(*msg)));
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == type) {
			*bytes = RTA_PAYLOAD(attr);
			return RTA_DATA(attr);
		}
	}
	return NULL;
}

/* Whether a client is among those whose connection this listening socket has not accepted. */
static bool has_client(const struct nlmsghdr *header, uint32_t client)
{
	size_t bytes = 0;
	const uint32_t *clients = unix_attribute(header, UNIX_DIAG_ICONS, &bytes);

	for (size_t i = 0; clients && i < bytes / sizeof(*clients); i++) {
		if (clients[i] == client)
			return true;
	}
	return false;
}

static uid_t unix_uid(const struct nlmsghdr *header)
{
	size_t bytes = 0;
	const uint32_t *uid = unix_attribute(header, UNIX_DIAG_UID, &bytes);

	return uid && bytes >= sizeof(*uid) ? *uid : 0;
}

static int find_unix_listener(int diag, uint32_t client, uint64_t until_ns, struct diag_socket *out)
{
	struct unix_diag_req question = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1u << TCP_LISTEN,
		.udiag_show = UDIAG_SHOW_ICONS | UDIAG_SHOW_UID,
	};
	int err = send_question(diag, NLM_F_DUMP, &question, sizeof(question));
	const struct unix_diag_msg *msg;
	const struct nlmsghdr *header;
	struct message answer;
	ssize_t left;
	ssize_t n;

	if (err)
		return err;
	for (int round = 0; round < DUMP_ROUNDS; round++) {
		if (clock_now_ns() >= until_ns)
			return -EAGAIN;
		n = receive(diag, &answer);
		if (n < 0)
			return (int)n;
		header = (const struct nlmsghdr *)answer.bytes;
		for (left = n; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
			if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				return -ENOENT; /* the end, or an error */
			if (has_client(header, client)) {
				msg = NLMSG_DATA(header);
				*out = (struct diag_socket){
					.ino = msg->udiag_ino,
					.uid = unix_uid(header),
					.listens = true,
				};
				return 0;
			}
		}
	}
	return -ENOENT;
}

static int ask_unix(int diag, uint32_t ino, uint32_t show, struct message *answer)
{
	struct unix_diag_req question = {
		.sdiag_family = AF_UNIX,
		.udiag_states = ~0u,
		.udiag_ino = ino,
		.udiag_show = show,
		.udiag_cookie = { ~0u, ~0u },
	};

	return ask(diag, &question, sizeof(question), answer, sizeof(struct unix_diag_msg));
}

int diag_unix_peer(int diag, uint32_t ino, uint64_t until_ns, struct diag_socket *out)
{
	const uint32_t *peer;
	struct message answer;
	size_t bytes = 0;
	int err;

	if (!ino)
		return -ENOENT;
	err = ask_unix(diag, ino, UDIAG_SHOW_PEER, &answer);
	if (err)
		return err;
	peer = unix_attribute((const struct nlmsghdr *)answer.bytes, UNIX_DIAG_PEER, &bytes);
	if (!peer || bytes < sizeof(*peer))
		return -ENOENT;
	if (!*peer) /* connected, but to a socket that no process has accepted */
		return find_unix_listener(diag, ino, until_ns, out);
	*out = (struct diag_socket){ .ino = *peer };
	if (!ask_unix(diag, out->ino, UDIAG_SHOW_UID, &answer))
		out->uid = unix_uid((const struct nlmsghdr *)answer.bytes);
	return 0;
}
