// SPDX-License-Identifier: GPL-2.0-or-later
/* The process at the other end, in other network namespaces. */
#include "peer_fixture.h"
#include "proc/peer/netns.h"

/* --- Another network namespace --- */

struct elsewhere {
	pid_t server;
	struct bp_socket tcp;
	unsigned long long unix_ino;
};

/* A client and its server in a namespace of their own; the client tells. */
static void live_elsewhere(int to, const void *arg)
{
	static const struct server tcp = { AF_INET, SOCK_STREAM, 5, false, false, 0 };
	static const struct unix_server local = { SOCK_STREAM, false };
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct elsewhere elsewhere = { 0 };
	struct sockaddr_un unix_address;
	pid_t client = getpid();
	union address address;
	unsigned short port;
	struct stat stat;
	int fds[2], fd;
	socklen_t len;
	char c;

	(void)arg;
	MUST(!unshare(CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(!ioctl(fd, SIOCSIFFLAGS, &up));
	MUST(!pipe(fds));
	elsewhere.server = fork();
	MUST(elsewhere.server >= 0);
	if (!elsewhere.server) {
		die_with(client);
		close(to);
		serve(fds[1], &tcp);
		serve_unix(fds[1], &local);
		return;
	}
	MUST(read(fds[0], &port, sizeof(port)) == sizeof(port) && read(fds[0], &c, 1) == 1);

	len = loopback(&address, AF_INET, port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!connect(fd, &address.any, len) && describe(fd, NULL, &elsewhere.tcp));

	unix_name(&unix_address, &len, elsewhere.server);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(!connect(fd, (struct sockaddr *)&unix_address, len) && !fstat(fd, &stat));
	elsewhere.unix_ino = stat.st_ino;
	MUST(!stat_netns(&elsewhere.tcp.netns));
	tell(to, &elsewhere, sizeof(elsewhere));
}

static void test_other_namespace(void **state)
{
	struct elsewhere elsewhere;
	unsigned int netns, own, after;
	struct child child;
	struct peer peer;

	if (geteuid())
		skip();
	assert_int_equal(stat_netns(&own), 0);
	child = start(live_elsewhere, NULL);
	hear(&child, &elsewhere, sizeof(elsewhere));
	assert_peer(peers_inet(*state, child.pid, &elsewhere.tcp, &peer), &peer, elsewhere.server);
	assert_peer(peers_unix(*state, child.pid, elsewhere.unix_ino, &peer), &peer,
		    elsewhere.server);
	/* Without the namespace's number it is that of the process. */
	netns = elsewhere.tcp.netns;
	elsewhere.tcp.netns = 0;
	assert_peer(peers_inet(*state, child.pid, &elsewhere.tcp, &peer), &peer, elsewhere.server);
	/* The same addresses in our namespace are nobody. */
	assert_int_equal(peers_inet(*state, getpid(), &elsewhere.tcp, &peer), -ENOENT);
	/* A socket of a namespace that the process is not in (any more). */
	elsewhere.tcp.netns = netns;
	assert_int_equal(peers_inet(*state, getpid(), &elsewhere.tcp, &peer), -ENOENT);
	/* We are still where we were. */
	assert_int_equal(stat_netns(&after), 0);
	assert_int_equal(after, own);
	end(&child);
}

/* --- Two namespaces, joined as those of two containers are --- */

static bool run_ip(const char *const *args)
{
	pid_t pid = fork();
	int status, null;

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		execvp("ip", (char *const *)args);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

#define IP(...) run_ip((const char *const[]){ "ip", __VA_ARGS__, NULL })

struct container {
	int go; /* its turn comes with a byte from here */
	bool accept;
};

#define SERVER_ADDRESS "10.213.77.2"
#define CLIENT_ADDRESS "10.213.77.1"

static void contained_server(int to, const void *arg)
{
	const struct container *container = arg;
	union address address = { .in = { .sin_family = AF_INET, .sin_port = htons(5432) } };
	bool ok = !unshare(CLONE_NEWNET);
	int fd;
	char c;

	prctl(PR_SET_NAME, "test server");
	tell(to, &ok, sizeof(ok));
	MUST(read(container->go, &c, 1) == 1);
	ok = IP("addr", "add", SERVER_ADDRESS "/30", "dev", "bp_server") &&
	     IP("link", "set", "bp_server", "up");
	inet_pton(AF_INET, SERVER_ADDRESS, &address.in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ok = ok && !bind(fd, &address.any, sizeof(address.in)) && !listen(fd, 5);
	tell(to, &ok, sizeof(ok));
	MUST(!container->accept || accept(fd, NULL, NULL) >= 0);
	tell(to, "a", 1);
}

static void contained_client(int to, const void *arg)
{
	const struct container *container = arg;
	union address address = { .in = { .sin_family = AF_INET, .sin_port = htons(5432) } };
	struct bp_socket description;
	char c, server[16];
	bool ok;
	int fd;

	MUST(read(container->go, server, sizeof(server)) == sizeof(server));
	ok = !unshare(CLONE_NEWNET) &&
	     IP("link", "add", "bp_client", "type", "veth", "peer", "name", "bp_server", "netns",
		server) &&
	     IP("addr", "add", CLIENT_ADDRESS "/30", "dev", "bp_client") &&
	     IP("link", "set", "bp_client", "up");
	tell(to, &ok, sizeof(ok));
	MUST(read(container->go, &c, 1) == 1);
	inet_pton(AF_INET, SERVER_ADDRESS, &address.in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!connect(fd, &address.any, sizeof(address.in)) && describe(fd, NULL, &description) &&
	     !stat_netns(&description.netns));
	tell(to, &description, sizeof(description));
}

static void check_containers(struct peers *peers, bool accept)
{
	struct bp_socket description, other_port;
	struct child client, server;
	int to_client[2], to_server[2];
	struct peer peer;
	char name[16] = "", c;
	bool ok[3];

	assert_int_equal(pipe2(to_client, O_CLOEXEC), 0);
	assert_int_equal(pipe2(to_server, O_CLOEXEC), 0);
	server = start(contained_server, &(struct container){ to_server[0], accept });
	client = start(contained_client, &(struct container){ to_client[0], accept });
	hear(&server, &ok[0], sizeof(bool));
	snprintf(name, sizeof(name), "%d", server.pid);
	tell(to_client[1], name, sizeof(name));
	hear(&client, &ok[1], sizeof(bool));
	tell(to_server[1], "g", 1);
	hear(&server, &ok[2], sizeof(bool));
	if (ok[0] && ok[1] && ok[2]) {
		tell(to_client[1], "g", 1);
		hear(&server, &c, 1);
		hear(&client, &description, sizeof(description));
		assert_peer(peers_inet(peers, client.pid, &description, &peer), &peer, server.pid);
		assert_string_equal(peer.comm, "test server");
		/* Just these two ends, not any that listens on the port. */
		other_port = description;
		other_port.local_port ^= 1;
		assert_int_equal(peers_inet(peers, client.pid, &other_port, &peer), -ENOENT);
	}
	end(&client);
	end(&server);
	close(to_client[0]);
	close(to_client[1]);
	close(to_server[0]);
	close(to_server[1]);
	if (!ok[0] || !ok[1] || !ok[2])
		skip(); /* not root, no ip(8), no veth */
}

static void test_containers(void **state)
{
	check_containers(*state, true);
}

static void test_containers_not_accepted(void **state)
{
	check_containers(*state, false);
}

static void live_apart(int to, const void *arg)
{
	unsigned int netns;

	(void)arg;
	MUST(!unshare(CLONE_NEWNET) && !stat_netns(&netns));
	tell(to, &netns, sizeof(netns));
}

static bool is_listed(const struct netns_list *list, unsigned int netns)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->v[i].ino == netns)
			return true;
	return false;
}

/* Where time is over before it has come to all processes, it goes on there. */
static void test_list_cut_short(void **state)
{
	struct netns_list list = { 0 };
	unsigned int own, apart;
	struct child child;
	int err, calls = 0;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(stat_netns(&own), 0);
	child = start(live_apart, NULL);
	hear(&child, &apart, sizeof(apart));
	clock_step_ns = 2 * NS_PER_MS;
	assert_int_equal(netns_list_update(&list, clock_stands_ns), -EAGAIN);
	assert_false(is_listed(&list, own) || is_listed(&list, apart));
	do {
		err = netns_list_update(&list, clock_stands_ns + 5 * NS_PER_MS);
		assert_true(++calls < 100000);
	} while (err == -EAGAIN);
	assert_int_equal(err, 0);
	assert_true(is_listed(&list, own) && is_listed(&list, apart));
	end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_other_namespace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_containers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_containers_not_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list_cut_short, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
