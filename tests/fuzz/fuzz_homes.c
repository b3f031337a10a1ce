// SPDX-License-Identifier: GPL-2.0-or-later
/* What engines and the kubelet leave on a machine, and what a pod shows: each file and directory is the input. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "proc/home/home.h"
#include "tests/fuzz/fuzz.h"

#define ID  "3f4b2a9c0d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"
#define UID "0a1b2c3d-1111-2222-3333-444455556666"

static const uint8_t *input;
static size_t input_bytes;

static ssize_t content(void *context, const struct file_wanted *wanted, uint64_t offset, void *buf,
		       size_t size)
{
	size_t bytes = input_bytes < size ? input_bytes : size;

	(void)context, (void)wanted;
	/* a directory whose entries would never end */
	if (offset == 7)
		return 0;
	memcpy(buf, input, bytes);
	return (ssize_t)bytes;
}

static int host_name(void *context, pid_t pid, char name[HOME_HOST_NAME_BYTES])
{
	size_t bytes =
		input_bytes < HOME_HOST_NAME_BYTES - 1 ? input_bytes : HOME_HOST_NAME_BYTES - 1;

	(void)context;
	memset(name, 0, HOME_HOST_NAME_BYTES);
	if (pid == getpid())
		memcpy(name, input, bytes);
	else
		strcpy(name, "node");
	return 0;
}

static void is_harmless(const char *name, size_t size)
{
	fuzz_check(memchr(name, '\0', size) != NULL);
	for (; *name; name++)
		fuzz_check((unsigned char)*name > ' ' && (unsigned char)*name < 127 &&
			   !strchr("/_\\\"", *name == '_' ? 'a' : *name));
}

static void ask(const struct process_cgroup *cgroup)
{
	const struct file_calls calls = { .content = content };
	struct memory_source source = { .files = &calls };
	const struct home_sources sources = { &source, host_name, NULL };
	const struct process_home *home;
	struct homes *homes;
	uint64_t next_ns;

	if (homes_new(&homes, &sources))
		return;
	home = homes_find(homes, getpid(), cgroup, 1, &next_ns);
	fuzz_check(home != NULL);
	is_harmless(home->container_name, sizeof(home->container_name));
	is_harmless(home->pod, sizeof(home->pod));
	is_harmless(home->namespace, sizeof(home->namespace));
	homes_free(homes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct process_cgroup pod = { .container = (char *)ID, .pod_uid = (char *)UID };
	const struct process_cgroup engine = { .container = (char *)ID };

	input = data;
	input_bytes = size;
	ask(&pod);
	ask(&engine);
	return 0;
}
