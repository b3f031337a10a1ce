// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/cgroup, and what its paths say of units and containers. */
#include "proc/cgroup.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct process_cgroup cgroup = { 0 };

	if (cgroup_parse(text, &cgroup) == 0)
		process_cgroup_free(&cgroup);
	free(cgroup_unit(text));
	free(cgroup_container(text));
	free(cgroup_pod_uid(text));
	cgroup_in_unit(text, "nginx.service");
	cgroup_is_below(text, "/system.slice");
	free(text);
	return 0;
}
