// SPDX-License-Identifier: GPL-2.0-or-later
/* waits.c - which BPF programs belong to which mechanism for waits, by their names. */
#include "probe/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/strings.h"
#include "blockprof.skel.h"

#define MAX_LINKS 16

struct waits {
	struct blockprof_bpf *skel;
	enum wait_mechanism mechanism;
	struct bpf_link *links[MAX_LINKS];
	size_t nr;
};

/* The mechanism that a program belongs to; -1: it is not about waits. */
static int program_mechanism(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	if (starts_with(name, "fexit_") || starts_with(name, "fentry_"))
		return WAIT_FEXIT;
	if (starts_with(name, "kretprobe_"))
		return WAIT_KRETPROBE;
	if (!strcmp(name, "on_sys_exit"))
		return WAIT_SYS_EXIT;
	return -1;
}

/* Is the function that such a program wants in this kernel? (epoll_pwait2: 5.11) */
static bool kernel_has(const struct btf *btf, const struct bpf_program *program)
{
	const char *slash = strchr(bpf_program__section_name(program), '/');

	return !btf || !slash || btf__find_by_name_kind(btf, slash + 1, BTF_KIND_FUNC) > 0;
}

void waits_choose(struct blockprof_bpf *skel, enum wait_mechanism mechanism)
{
	struct btf *btf = mechanism == WAIT_SYS_EXIT ? NULL : btf__load_vmlinux_btf();
	struct bpf_program *program;

	bpf_object__for_each_program (program, skel->obj) {
		int of = program_mechanism(program);

		if (of >= 0)
			bpf_program__set_autoload(program,
						  of == (int)mechanism && kernel_has(btf, program));
	}
	btf__free(btf);
}

int waits_new(struct waits **out, struct blockprof_bpf *skel, enum wait_mechanism mechanism)
{
	struct waits *waits = calloc(1, sizeof(*waits));

	if (!waits)
		return -ENOMEM;
	waits->skel = skel;
	waits->mechanism = mechanism;
	*out = waits;
	return 0;
}

void waits_free(struct waits *waits)
{
	if (!waits)
		return;
	waits_detach(waits);
	free(waits);
}

int waits_attach(struct waits *waits)
{
	struct bpf_program *program;

	if (waits->nr)
		return 0;
	bpf_object__for_each_program (program, waits->skel->obj) {
		struct bpf_link *link;

		if (program_mechanism(program) != (int)waits->mechanism ||
		    !bpf_program__autoload(program))
			continue;
		if (waits->nr == MAX_LINKS)
			break;
		link = bpf_program__attach(program);
		if (!link) {
			int err = -errno;

			waits_detach(waits);
			return err;
		}
		waits->links[waits->nr++] = link;
	}
	return 0;
}

void waits_detach(struct waits *waits)
{
	while (waits->nr)
		bpf_link__destroy(waits->links[--waits->nr]);
}
