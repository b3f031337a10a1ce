// SPDX-License-Identifier: GPL-2.0-or-later
/* cgroup paths as systemd, Docker, Kubernetes and others make them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/cgroup.h"

#define ID  "3f4b2a9c0d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"
#define ID2 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define POD "pod0a1b2c3d_1111_2222_3333_444455556666"

static const struct path_case {
	const char *path;
	const char *unit; /* NULL: none */
	const char *container;
} path_cases[] = {
	{ "/", NULL, NULL },
	{ "", NULL, NULL },
	{ "/init.scope", "init.scope", NULL },
	{ "/system.slice/nginx.service", "nginx.service", NULL },
	{ "/system.slice/nginx.service/workers", "nginx.service", NULL },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", NULL },
	{ "/system.slice/system-postgresql.slice/postgresql@15-main.service",
	  "postgresql@15-main.service", NULL },
	{ "/system.slice/dev-hugepages.mount", "dev-hugepages.mount", NULL },
	{ "/system.slice", NULL, NULL },
	{ "/system.slice/_cgroup.service", "cgroup.service", NULL },
	{ "/../../system.slice/nginx.service", "nginx.service", NULL },
	{ "/user.slice/user-1000.slice/session-2.scope", "session-2.scope", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service", "user@1000.service", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "web.service",
	  NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "app-gnome-org.gnome.Terminal-2345.scope",
	  "app-gnome-org.gnome.Terminal-2345.scope", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/gpg.service/sub", "gpg.service", NULL },
	/* Docker: systemd, cgroupfs, and systemd running inside */
	{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
	{ "/docker/" ID, NULL, ID },
	{ "/docker/" ID "/system.slice/nginx.service", "nginx.service", ID },
	{ "/system.slice/docker-" ID ".scope/system.slice/nginx.service", "docker-" ID ".scope",
	  ID },
	{ "/system.slice/docker.service", "docker.service", NULL },
	{ "/docker/buildkit/ab12cd34", NULL, NULL },
	/* Kubernetes */
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" POD
	  ".slice/cri-containerd-" ID ".scope",
	  "cri-containerd-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-" POD ".slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice/crio-" ID
	  ".scope",
	  "crio-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD
	  ".slice/crio-conmon-" ID ".scope",
	  "crio-conmon-" ID ".scope", NULL },
	{ "/kubepods/burstable/pod0a1b2c3d-1111-2222-3333-444455556666/" ID, NULL, ID },
	{ "/kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556666/crio-" ID, NULL, ID },
	{ "/system.slice/containerd.service/kubepods-burstable-" POD ".slice:cri-containerd:" ID,
	  "containerd.service", ID },
	{ "/kubepods-besteffort-" POD ".slice:cri-containerd:" ID, NULL, ID },
	/* kind: a container in a container; the inner one it is */
	{ "/docker/" ID2 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-" POD
	  ".slice/cri-containerd-" ID ".scope",
	  "cri-containerd-" ID ".scope", ID },
	/* Podman, and its monitor, which is outside */
	{ "/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID },
	{ "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", NULL },
	{ "/libpod_parent/libpod-" ID, NULL, ID },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "libpod-" ID ".scope", ID },
	/* systemd-nspawn, LXC, virtual machines */
	{ "/machine.slice/machine-debian\\x2dsid.scope/payload/system.slice/cron.service",
	  "machine-debian\\x2dsid.scope", "debian-sid" },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn@web.service",
	  "web" },
	{ "/lxc.payload.web1/system.slice/cron.service", "cron.service", "web1" },
	{ "/lxc.monitor.web1", NULL, NULL },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
	  "machine-qemu\\x2d1\\x2dvm.scope", NULL },
	/* nothing of the kind */
	{ "/ecs/task/" ID, NULL, ID },
	{ "/foo/bar", NULL, NULL },
	{ "/system.slice/x" ID, NULL, NULL },
	{ "/system.slice/x" ID ".service", "x" ID ".service", NULL },
	{ "/.service/.scope/.slice", NULL, NULL },
	{ "/_/machine-.scope/user@.service", "machine-.scope", NULL },
	{ "/a/machine-a\\x2.scope", "machine-a\\x2.scope", "a\\x2" },
	{ "///system.slice///nginx.service///", "nginx.service", NULL },
};

static int same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void test_paths(void **state)
{
	char *unit, *container;

	(void)state;
	for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++) {
		const struct path_case *c = &path_cases[i];

		unit = cgroup_unit(c->path);
		container = cgroup_container(c->path);
		if (!same(unit, c->unit) || !same(container, c->container))
			fail_msg("%s: unit %s, container %s", c->path, unit ? unit : "(none)",
				 container ? container : "(none)");
		free(unit);
		free(container);
	}
}

#define UID "0a1b2c3d-1111-2222-3333-444455556666"

static const struct pod_case {
	const char *path;
	const char *uid; /* NULL: none */
} pod_cases[] = {
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice/crio-" ID
	  ".scope",
	  UID },
	{ "/kubepods.slice/kubepods-" POD ".slice", UID },
	{ "/kubepods/burstable/pod" UID "/" ID, UID },
	{ "/kubepods/pod" UID, UID },
	{ "/kubepods-besteffort-" POD ".slice:cri-containerd:" ID, UID },
	{ "/system.slice/containerd.service/kubepods-burstable-" POD ".slice:cri-containerd:" ID,
	  UID },
	{ "/docker/" ID2 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-" POD
	  ".slice/cri-containerd-" ID ".scope",
	  UID },
	{ "/docker/" ID2 "/kubelet/kubepods/besteffort/pod" UID "/" ID, UID },
	/* a static pod's: a hash */
	{ "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID,
	  "0123456789abcdef0123456789abcdef" },
	{ "/kubepods.slice/kubepods-burstable.slice", NULL },
	{ "/kubepods/burstable/podcast/" ID, NULL },
	{ "/kubepods/pod0a1b2c3d-1111-2222-3333-44445555666x/" ID, NULL },
	{ "/kubepods/pod" UID "0/" ID, NULL },
	{ "/other/pod" UID "/" ID, NULL },
	{ "/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID2 ".scope", NULL },
	{ "/system.slice/kubepods-pod.slice", NULL },
	{ "/", NULL },
};

static void test_pods(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pod_cases) / sizeof(pod_cases[0]); i++) {
		const struct pod_case *c = &pod_cases[i];
		char *uid = cgroup_pod_uid(c->path);

		if (!same(uid, c->uid))
			fail_msg("%s: pod %s", c->path, uid ? uid : "(none)");
		free(uid);
	}
}

/* In whatever hierarchy; and whether the name is one that a user could give. */
static void test_pod_of_a_process(void **state)
{
	struct process_cgroup cgroup;

	(void)state;
	assert_int_equal(cgroup_parse("4:cpu:/kubepods/pod" UID "/" ID "\n0::/\n", &cgroup), 0);
	assert_string_equal(cgroup.pod_uid, UID);
	assert_false(cgroup.of_user);
	process_cgroup_free(&cgroup);
	assert_int_equal(cgroup_parse("0::/user.slice/user-7.slice/user@7.service/kubepods/pod" UID
				      "/" ID "\n",
				      &cgroup),
			 0);
	assert_true(cgroup.of_user);
	process_cgroup_free(&cgroup);
}

static const struct file_case {
	const char *text;
	const char *path; /* NULL: -ENOENT */
	const char *unit;
	const char *container;
} file_cases[] = {
	{ "0::/system.slice/nginx.service\n", "/system.slice/nginx.service", "nginx.service",
	  NULL },
	{ "0::/system.slice/gone.service (deleted)\n", "/system.slice/gone.service", "gone.service",
	  NULL },
	{ "0::/a:b/c\n", "/a:b/c", NULL, NULL },
	{ "0::/no-newline", "/no-newline", NULL, NULL },
	/* v1 */
	{ "12:pids:/user.slice\n5:cpu,cpuacct:/batch\n1:name=systemd:/system.slice/a.service\n",
	  "/system.slice/a.service", "a.service", NULL },
	{ "5:cpu,cpuacct:/batch\n4:memory:/big\n", "/batch", NULL, NULL },
	{ "5:cpuacct,cpu:/batch\n4:cpuset:/sets\n", "/batch", NULL, NULL },
	{ "5:cpuset:/sets\n", "/sets", NULL, NULL },
	/* hybrid: the unified tree is there, but what tells is elsewhere */
	{ "9:name=systemd:/\n4:memory:/m\n1:cpu:/\n0::/\n", "/", NULL, NULL },
	{ "1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n",
	  "/system.slice/containerd.service", "containerd.service", ID },
	{ "4:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/\n0::/\n", "/docker/" ID, NULL, ID },
	{ "1:name=systemd:/user.slice/user-1000.slice/session-4.scope\n"
	  "0::/user.slice/user-1000.slice/session-4.scope\n",
	  "/user.slice/user-1000.slice/session-4.scope", "session-4.scope", NULL },
	/* no such file */
	{ "", NULL, NULL, NULL },
	{ "\n\n", NULL, NULL, NULL },
	{ "0\n", NULL, NULL, NULL },
	{ "0:\n", NULL, NULL, NULL },
	{ "0::\n", NULL, NULL, NULL },
	{ "0::relative\n", NULL, NULL, NULL },
	{ ":::/x\n:", NULL, NULL, NULL },
};

static void test_files(void **state)
{
	struct process_cgroup cgroup;
	int err;

	(void)state;
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *c = &file_cases[i];

		err = cgroup_parse(c->text, &cgroup);
		if (err != (c->path ? 0 : -ENOENT) || !same(cgroup.path, c->path) ||
		    !same(cgroup.unit, c->unit) || !same(cgroup.container, c->container))
			fail_msg("%s: %d, path %s, unit %s, container %s", c->text, err,
				 cgroup.path ? cgroup.path : "(none)",
				 cgroup.unit ? cgroup.unit : "(none)",
				 cgroup.container ? cgroup.container : "(none)");
		process_cgroup_free(&cgroup);
	}
}

static void test_own(void **state)
{
	struct process_cgroup cgroup;

	(void)state;
	assert_int_equal(process_cgroup(getpid(), &cgroup), 0);
	assert_non_null(cgroup.path);
	assert_int_equal(cgroup.path[0], '/');
	process_cgroup_free(&cgroup);
	assert_null(cgroup.path);
	assert_true(process_cgroup(0, &cgroup) < 0);
	assert_true(process_cgroup(-1, &cgroup) < 0);
	assert_true(process_cgroup(0x7fffffff, &cgroup) < 0);
	process_cgroup_free(&cgroup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_pod_of_a_process),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
