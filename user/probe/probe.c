// SPDX-License-Identifier: GPL-2.0-or-later
/* probe.c - the order in which the kernel side is loaded, sized, attached and let go of. */
#include "probe/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/siphash.h"
#include "model/length.h"
#include "model/threshold.h"
#include "probe/probe_private.h"
#include "probe/records.h"
#include "probe/sampler.h"
#include "probe/syscall.h"
#include "probe/waits.h"

#define NSEC_PER_MSEC 1000000ull

/*
 * Attaching the wait programs takes up to 28 ms. With a threshold below this there
 * is no time for that while a turn grows old, so they are attached all the time.
 */
#define ALWAYS_BELOW_NS (60 * NSEC_PER_MSEC)

/*
 * Half of the ring is for small records: the candidates of a few threads at once,
 * or of a few thousand of the whole system. The other half takes stack copies:
 * about 200 of usual size, or 500. Of both one process has three quarters.
 */
#define RING_BYTES	  (8 << 20)
#define RING_SYSTEM_BYTES (16 << 20)

/*
 * Buffers for stack copies, of 64 KiB each: so many threads may be blocked in a turn at a
 * time, of one process three quarters of them.
 */
#define STACK_COPIES	    96
#define STACK_COPIES_SYSTEM 128

uint64_t probe_now_ns(void)
{
	return clock_now_ns();
}

static int libbpf_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int libbpf_shown(enum libbpf_print_level level, const char *format, va_list args)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	(void)level;
	/* nobody takes it: a watch that waited for that would be deaf */
	return poll(&ready, 1, 0) == 0 ? 0 : vfprintf(stderr, format, args);
}

void probe_libbpf_log(bool shown)
{
	libbpf_set_print(shown ? libbpf_shown : libbpf_silent);
}

static void set_bounds(struct blockprof_bpf *skel)
{
	unsigned char bounds[BP_HIST_BUCKETS] = { 0 };
	unsigned long long bounds_ns[BP_HIST_BOUNDS];

	for (unsigned int i = 0; i < BP_HIST_BOUNDS; i++) {
		bounds_ns[i] = length_upper_ns(i);
		bounds[hist_bucket(bounds_ns[i])] = (unsigned char)(i + 1);
	}
	memcpy((void *)skel->rodata->hist_bound, bounds, sizeof(bounds));
	memcpy((void *)skel->rodata->hist_bound_ns, bounds_ns, sizeof(bounds_ns));
}

static void set_options(struct blockprof_bpf *skel, const struct probe_options *options)
{
	unsigned short flags[BP_SYSCALLS];
	struct siphash_key key;

	skel->rodata->threshold_ns = options->threshold_ns;
	skel->rodata->block_ns = threshold_part_ns(options->threshold_ns, THRESHOLD_BLOCK);
	skel->rodata->sample_age_ns =
		threshold_part_ns(options->threshold_ns, THRESHOLD_SAMPLE_AGE);
	skel->rodata->whole_system = options->whole_system && !options->filtered;
	skel->rodata->filtered = options->filtered;
	skel->rodata->all_threads = options->all_threads;
	skel->rodata->pid_nested = !features_first_pid_namespace();
	skel->rodata->own_tgid = getpid();
	skel->rodata->own_tid = syscall(SYS_gettid);
	if (!siphash_new_key(&key))
		skel->rodata->share_key = (unsigned int)key.v[0] | 1;
	syscall_fill_flags(flags);
	memcpy((void *)skel->rodata->syscall_flags, flags, sizeof(flags));
	set_bounds(skel);
	bpf_map__set_max_entries(skel->maps.ring,
				 options->whole_system ? RING_SYSTEM_BYTES : RING_BYTES);
	skel->rodata->nr_stack_copies = options->whole_system ? STACK_COPIES_SYSTEM : STACK_COPIES;
	bpf_map__set_max_entries(skel->maps.stack_copies, skel->rodata->nr_stack_copies);
	bpf_map__set_max_entries(skel->maps.slots, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.slices, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.slot_tasks, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.free_slots, options->slots);
}

/*
 * Everything but the wait programs, which are attached when they are needed, and
 * the iterators, which are when they run.
 */
static int attach(struct probe *probe)
{
	struct blockprof_bpf *skel = probe->skel;
	struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} all[] = {
		{ skel->progs.on_waking, &skel->links.on_waking },
		{ skel->progs.on_switch, &skel->links.on_switch },
		{ skel->progs.on_fork, &skel->links.on_fork },
		{ skel->progs.on_exec, &skel->links.on_exec },
		{ skel->progs.on_exit, &skel->links.on_exit },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i].link = bpf_program__attach(all[i].program);
		if (!*all[i].link)
			return -errno;
	}
	return probe->waits_always ? waits_attach(probe->waits) : 0;
}

#define SENT(counters)                                                          \
	{                                                                       \
		&probe->skel->bss->counters, sizeof(probe->skel->bss->counters) \
	}

static int open_loaded(struct probe *probe, const struct probe_options *options,
		       enum wait_mechanism mechanism)
{
	struct features features = { .waits = mechanism };
	struct records_kernel kernel;
	int err;

	waits_choose(probe->skel, mechanism);
	set_options(probe->skel, options);
	err = blockprof_bpf__load(probe->skel);
	if (err)
		return err;
	/* libbpf goes on without what it takes for beyond this kernel */
	if (!probe->skel->bss || !probe->skel->data)
		return -ENOTSUP;
	err = slots_map(probe, options->slots);
	if (err)
		return err;
	kernel = (struct records_kernel){
		.ring_fd = bpf_map__fd(probe->skel->maps.ring),
		.losers_fd = bpf_map__fd(probe->skel->maps.losers),
		.slots = probe->slots.slot,
		.nr_slots = probe->slots.nr,
		.sent = { SENT(copies_sent), SENT(others_sent), SENT(all_copies_sent) },
	};
	err = records_new(&probe->records, &kernel);
	if (err)
		return err;
	probe->waits_always = mechanism == WAIT_FEXIT || options->threshold_ns < ALWAYS_BELOW_NS;
	err = waits_new(&probe->waits, probe->skel, mechanism);
	if (err)
		return err;
	/* without samples a turn that spends its time on a CPU is reported without its stack */
	sampler_new(&probe->sampler, probe->skel->progs.on_tick,
		    threshold_part_ns(options->threshold_ns, THRESHOLD_SAMPLE_EVERY));
	err = attach(probe);
	if (err)
		return err;
	features.waits_always = probe->waits_always;
	features.cpu_samples = probe->sampler;
	features_describe(&features, probe->features);
	/* the kernel side learns from it in which pid namespace blockprof runs, before events count */
	return probe_iterate(probe, NULL, NULL);
}

int probe_open(struct probe **out, const struct probe_options *options, const char **reason)
{
	enum wait_mechanism mechanism;
	struct probe *probe;
	int err;

	probe_libbpf_log(options->libbpf_log);
	err = features_probe(&mechanism, reason);
	if (err)
		return err;
	*reason = "out of memory";
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return -ENOMEM;
	probe->skel = blockprof_bpf__open();
	err = probe->skel ? open_loaded(probe, options, mechanism) : -errno;
	if (err) {
		*reason = features_refusal(err);
		probe_close(probe);
		return err;
	}
	*out = probe;
	return 0;
}

/* The addresses of page faults: a kernel may have no such event, which is no error. */
static void set_faults(struct probe *probe, bool on)
{
#ifdef __x86_64__
	if (on && !probe->faults && bpf_program__autoload(probe->skel->progs.on_page_fault))
		probe->faults = bpf_program__attach(probe->skel->progs.on_page_fault);
#endif
	if (!on) {
		bpf_link__destroy(probe->faults);
		probe->faults = NULL;
	}
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	if (probe->skel && probe->skel->bss)
		probe->skel->bss->armed = 0;
	set_faults(probe, false);
	sampler_free(probe->sampler);
	waits_free(probe->waits);
	records_free(probe->records);
	slots_unmap(probe);
	blockprof_bpf__destroy(probe->skel);
	free(probe);
}

void probe_start(struct probe *probe)
{
	probe->skel->bss->armed = 1;
}

void probe_stop(struct probe *probe)
{
	probe->skel->bss->armed = 0;
}

const struct name_value *probe_features(const struct probe *probe, size_t *nr)
{
	*nr = FEATURES_NR;
	return probe->features;
}

int probe_waits(struct probe *probe, bool on)
{
	if (on)
		return waits_attach(probe->waits);
	if (!probe->waits_always)
		waits_detach(probe->waits);
	return 0;
}

bool probe_waits_always(const struct probe *probe)
{
	return probe->waits_always;
}

int probe_samples(struct probe *probe, bool on)
{
	if (!probe->sampler)
		return -EOPNOTSUPP;
	sampler_set(probe->sampler, on);
	set_faults(probe, on);
	return 0;
}

int probe_fd(const struct probe *probe)
{
	return records_fd(probe->records);
}

void probe_collect(struct probe *probe)
{
	records_collect(probe->records);
}

bool probe_read(struct probe *probe, probe_record_fn *fn, void *context)
{
	return records_read(probe->records, fn, context);
}

bool probe_unread(const struct probe *probe, pid_t pid)
{
	return records_unread(probe->records, pid);
}
