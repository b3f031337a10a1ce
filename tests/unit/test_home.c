// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a process belongs, by made-up files of a machine: which names are believed, and how often is asked. */
#include "proc/home/home.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/files.h"

#define ID	   "3f4b2a9c0d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"
#define ID2	   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID	   "0a1b2c3d-1111-2222-3333-444455556666"
#define CONTAINERS "/var/log/containers"
#define PODS	   "/var/log/pods"
#define NAMESPACE  "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
#define DOCKER	   "/var/lib/docker/containers/" ID "/config.v2.json"
#define PODMAN	   "/var/lib/containers/storage/overlay-containers/containers.json"
#define VOLATILE   "/run/containers/storage/overlay-containers/volatile-containers.json"

/* A file, or an entry of a directory. */
struct made {
	const char *path;
	const char *content; /* or name */
};

struct machine {
	const struct made *files;
	size_t nr;
	const char *own_name, *others_name; /* host names */
	size_t asked;
	uint64_t takes_ns; /* each question */
	struct memory_source source;
	struct file_calls calls;
	struct homes *homes;
};

static ssize_t entries_of(const struct machine *machine, const struct file_wanted *wanted,
			  uint64_t after, char *buf, size_t size)
{
	size_t used = 0;
	bool there = false;

	for (size_t i = 0; i < machine->nr; i++) {
		const struct made *made = &machine->files[i];
		struct dirent64 *entry = (void *)(buf + used);
		size_t bytes =
			(offsetof(struct dirent64, d_name) + strlen(made->content) + 8) & ~7u;

		if (strcmp(made->path, wanted->path) != 0)
			continue;
		there = true;
		/* two at a time, so that several answers are needed */
		if (i < after || used + bytes > size || i >= after + 2)
			continue;
		*entry = (struct dirent64){ .d_off = (off_t)i + 1, .d_reclen = (uint16_t)bytes };
		memcpy(entry->d_name, made->content, strlen(made->content) + 1);
		used += bytes;
	}
	return there ? (ssize_t)used : -ENOENT;
}

static ssize_t content(void *context, const struct file_wanted *wanted, uint64_t offset, void *buf,
		       size_t size)
{
	struct machine *machine = context;

	machine->asked++;
	for (uint64_t until_ns = clock_now_ns() + machine->takes_ns;
	     machine->takes_ns && clock_now_ns() < until_ns;)
		continue;
	if (wanted->directory)
		return entries_of(machine, wanted, offset, buf, size);
	assert_int_equal(offset, 0);
	assert_int_equal(wanted->from_our_root, strcmp(wanted->path, NAMESPACE) != 0);
	for (size_t i = 0; i < machine->nr; i++) {
		size_t bytes = strlen(machine->files[i].content);

		if (strcmp(machine->files[i].path, wanted->path) != 0)
			continue;
		bytes = bytes < size ? bytes : size;
		memcpy(buf, machine->files[i].content, bytes);
		return (ssize_t)bytes;
	}
	return -ENOENT;
}

static int host_name(void *context, pid_t pid, char name[HOME_HOST_NAME_BYTES])
{
	const struct machine *machine = context;
	const char *found = pid == getpid() ? machine->own_name : machine->others_name;

	if (!found)
		return -ESRCH;
	snprintf(name, HOME_HOST_NAME_BYTES, "%s", found);
	return 0;
}

static void open_machine(struct machine *machine, const struct made *files, size_t nr)
{
	const struct home_sources sources = { &machine->source, host_name, machine };

	*machine = (struct machine){ .files = files, .nr = nr };
	machine->calls = (struct file_calls){ .context = machine, .content = content };
	machine->source.files = &machine->calls;
	assert_int_equal(homes_new(&machine->homes, &sources), 0);
}

#define OPEN(machine, ...)                                  \
	static const struct made files[] = { __VA_ARGS__ }; \
	struct machine machine;                             \
                                                            \
	open_machine(&(machine), files, sizeof(files) / sizeof(files[0]));

static const struct process_cgroup pods = { .container = (char *)ID, .pod_uid = (char *)UID };
static const struct process_cgroup engines = { .container = (char *)ID };

static void expect(struct machine *machine, const struct process_cgroup *cgroup,
		   const char *container, const char *pod, const char *namespace)
{
	uint64_t next_ns;
	const struct process_home *home =
		homes_find(machine->homes, getpid(), cgroup, 1000 * NS_PER_SEC, &next_ns);

	assert_non_null(home);
	assert_string_equal(home->container_name, container);
	assert_string_equal(home->pod, pod);
	assert_string_equal(home->namespace, namespace);
	homes_free(machine->homes);
}

static void link_of_the_kubelet(void **state)
{
	OPEN(machine, { CONTAINERS, "." }, { CONTAINERS, "other_shop_app-" ID2 ".log" },
	     { CONTAINERS, "no-end-" ID }, { CONTAINERS, "web-7d9.a_shop_app-1-" ID ".log" },
	     { NAMESPACE, "elsewhere" })

	(void)state;
	machine.own_name = "not-the-pods";
	machine.others_name = "node";
	expect(&machine, &pods, "app-1", "web-7d9.a", "shop");
	assert_int_equal(machine.asked, 2);
}

/* The kubelet cuts names of more than 255 bytes, and so the end of the identifier. */
static void link_that_is_cut(void **state)
{
	const size_t pod_bytes = 255 - strlen("_shop_app-") - 20 - strlen(".log");
	char pod[254] = "", name[256];
	struct made file = { CONTAINERS, name };
	struct machine machine;

	(void)state;
	memset(pod, 'p', pod_bytes);
	snprintf(name, sizeof(name), "%s_shop_app-%.20s.log", pod, ID);
	assert_int_equal(strlen(name), 255);
	open_machine(&machine, &file, 1);
	expect(&machine, &pods, "app", pod, "shop");
	/* but for those that are not of that length, and for too few digits */
	memset(pod, 0, sizeof(pod));
	memset(pod, 'p', pod_bytes - 1);
	snprintf(name, sizeof(name), "%s_shop_app-%.20s.log", pod, ID);
	open_machine(&machine, &file, 1);
	expect(&machine, &pods, "", "", "");
	memset(pod, 'p', pod_bytes + 10);
	snprintf(name, sizeof(name), "%s_shop_app-%.10s.log", pod, ID);
	assert_int_equal(strlen(name), 255);
	open_machine(&machine, &file, 1);
	expect(&machine, &pods, "", "", "");
}

static void names_that_kubernetes_does_not_allow(void **state)
{
	OPEN(machine, { CONTAINERS, "Web_shop_app-" ID ".log" },
	     { CONTAINERS, "web_sh.op_app-" ID ".log" },
	     { CONTAINERS, "web_shop_a\033p-" ID ".log" }, { CONTAINERS, "web_shop_-" ID ".log" },
	     { CONTAINERS, "web_shop-" ID ".log" }, { CONTAINERS, "web-_shop_app-" ID ".log" },
	     { CONTAINERS, "a..b_shop_app-" ID ".log" }, { CONTAINERS, "a.-b_shop_app-" ID ".log" },
	     { CONTAINERS, "_shop_app-" ID ".log" }, { CONTAINERS, "web__app-" ID ".log" },
	     { CONTAINERS, "-" ID ".log" }, { PODS, "shop_-web_" UID }, { PODS, "sh/op_web_" UID },
	     { PODS, "shop_web" }, { NAMESPACE, "../shop" })

	(void)state;
	machine.own_name = "WEB";
	machine.others_name = "node";
	expect(&machine, &pods, "", "", "");
}

static void directory_of_logs(void **state)
{
	OPEN(machine, { CONTAINERS, "web_shop_app-" ID2 ".log" }, { PODS, ".." },
	     { PODS, "shop_other_0a1b2c3d-1111-2222-3333-444455556667" }, { PODS, "shop_web_" UID })

	(void)state;
	expect(&machine, &pods, "", "web", "shop");
}

static void what_the_pod_sees(void **state)
{
	OPEN(machine, { NAMESPACE, "shop\n" })

	(void)state;
	machine.own_name = "web-0.web.shop.svc.cluster.local";
	machine.others_name = "node";
	expect(&machine, &pods, "", "web-0", "shop");
}

/* The host's name is no pod's; nor one of which the end may be missing, or that could not be compared. */
static void host_names_that_say_nothing(void **state)
{
	static const char *const names[][2] = {
		{ "node.example", "node.example" },
		{ "a23456789012345678901234567890123456789012345678901234567890123", "node" },
		{ "web", NULL },
		{ NULL, "node" },
		{ "", "node" },
		{ "(none)", "node" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct machine machine;

		open_machine(&machine, NULL, 0);
		machine.own_name = names[i][0];
		machine.others_name = names[i][1];
		expect(&machine, &pods, "", "", "");
	}
}

static void namespaces_that_are_too_long(void **state)
{
	OPEN(machine,
	     { NAMESPACE, "a234567890123456789012345678901234567890123456789012345678901234" })

	(void)state;
	expect(&machine, &pods, "", "", "");
}

static void name_of_docker(void **state)
{
	OPEN(machine, { DOCKER, "{\"ID\":\"" ID "\",\"Name\":\"/web_1.a-b\"}" },
	     { CONTAINERS, "web_shop_app-" ID ".log" })

	(void)state;
	expect(&machine, &engines, "web_1.a-b", "", "");
	assert_int_equal(machine.asked, 1);
}

static void names_of_podman(void **state)
{
	OPEN(machine,
	     { PODMAN, "[{\"id\":\"" ID2 "\",\"names\":[\"no\"]}, 7, {}, [], {\"id\":1}]" },
	     { VOLATILE, "[{\"id\":\"" ID "\",\"names\":[\"web\",\"alias\"]}]" })

	(void)state;
	expect(&machine, &engines, "web", "", "");
}

static void what_no_engine_writes(void **state)
{
	static const char *const contents[] = {
		"",
		"{",
		"[]",
		"7",
		"{\"Name\":7}",
		"{\"Name\":\"web\"}",
		"{\"Name\":\"/\"}",
		"{\"Name\":\"/../web\"}",
		"{\"Name\":\"/we/b\"}",
		"{\"Name\":\"/we\\u001bb\"}",
		"{\"Name\":[\"/web\"]}",
		"[{\"id\":\"" ID "\"}]",
		"[{\"id\":\"" ID "\",\"names\":\"web\"}]",
		"[{\"id\":\"" ID "\",\"names\":[7]}]",
		"[{\"id\":\"" ID "\",\"names\":[\"-web\"]}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		const struct made files[] = { { DOCKER, contents[i] }, { PODMAN, contents[i] } };
		struct machine machine;

		open_machine(&machine, files, 2);
		expect(&machine, &engines, "", "", "");
	}
}

/* Nothing is asked about what is in no container, or is called so by a user. */
static void cgroups_that_are_not_asked_about(void **state)
{
	static const struct process_cgroup cgroups[] = {
		{ .path = (char *)"/system.slice/web.service" },
		{ .container = (char *)"debian-sid" },
		{ .container = (char *)ID, .of_user = true },
		{ .container = (char *)ID, .pod_uid = (char *)UID, .of_user = true },
	};
	struct machine machine;
	uint64_t next_ns = 7;

	(void)state;
	open_machine(&machine, NULL, 0);
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		assert_null(homes_find(machine.homes, getpid(), &cgroups[i], 1, &next_ns));
		assert_int_equal(next_ns, 0);
	}
	assert_int_equal(machine.asked, 0);
	homes_free(machine.homes);
}

/* What is whole is asked for once; what is not, a few times, and less and less often. */
static void asked_again(void **state)
{
	OPEN(machine, { DOCKER, "{\"Name\":\"/web\"}" })
	uint64_t now_ns = NS_PER_SEC, next_ns, last_ns = 0;
	unsigned int tries = 0;
	size_t asked;

	(void)state;
	homes_find(machine.homes, getpid(), &engines, now_ns, &next_ns);
	assert_int_equal(next_ns, 0);
	asked = machine.asked;
	homes_find(machine.homes, getpid(), &engines, now_ns + NS_PER_SEC, &next_ns);
	assert_int_equal(machine.asked, asked);
	do {
		homes_find(machine.homes, getpid(), &pods, now_ns, &next_ns);
		assert_true(machine.asked > asked);
		asked = machine.asked;
		homes_find(machine.homes, getpid(), &pods, now_ns, &next_ns);
		assert_int_equal(machine.asked, asked);
		if (next_ns)
			assert_true(next_ns - now_ns > last_ns);
		last_ns = next_ns - now_ns;
		now_ns = next_ns;
	} while (next_ns && ++tries < 20);
	assert_in_range(tries, 3, 8);
	homes_free(machine.homes);
}

/* Of many cgroups no more than that takes a twentieth of the time; each gets its turn. */
static void many_that_are_not_known(void **state)
{
	struct machine machine;
	char id[65] = ID, uid[37] = UID;
	const struct process_cgroup cgroup = { .container = id, .pod_uid = uid };
	uint64_t next_ns;
	size_t asked;

	(void)state;
	open_machine(&machine, NULL, 0);
	machine.takes_ns = 10 * NS_PER_MS;
	for (unsigned int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "%064x", i);
		homes_find(machine.homes, getpid(), &cgroup, NS_PER_SEC, &next_ns);
	}
	asked = machine.asked;
	/* 200 ms in one go, 3 questions of 10 ms each */
	assert_in_range(asked, 3, 30);
	assert_true(next_ns > NS_PER_SEC);
	machine.takes_ns = 0;
	homes_find(machine.homes, getpid(), &cgroup, 100 * NS_PER_SEC, &next_ns);
	assert_true(machine.asked > asked);
	/* and any number of them takes no more room: the oldest are forgotten */
	for (unsigned int i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "%064x", i);
		assert_non_null(homes_find(machine.homes, getpid(), &cgroup, (200 + i) * NS_PER_SEC,
					   &next_ns));
	}
	homes_free(machine.homes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_of_the_kubelet),
		cmocka_unit_test(link_that_is_cut),
		cmocka_unit_test(names_that_kubernetes_does_not_allow),
		cmocka_unit_test(directory_of_logs),
		cmocka_unit_test(what_the_pod_sees),
		cmocka_unit_test(host_names_that_say_nothing),
		cmocka_unit_test(namespaces_that_are_too_long),
		cmocka_unit_test(name_of_docker),
		cmocka_unit_test(names_of_podman),
		cmocka_unit_test(what_no_engine_writes),
		cmocka_unit_test(cgroups_that_are_not_asked_about),
		cmocka_unit_test(asked_again),
		cmocka_unit_test(many_that_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
