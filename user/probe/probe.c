// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "blockprof.skel.h"
#include "model/threshold.h"
#include "probe/features.h"
#include "probe/look.h"
#include "probe/records.h"
#include "probe/sampler.h"
#include "probe/observed.h"
#include "probe/syscall.h"
#include "probe/waits.h"

#define NSEC_PER_MSEC 1000000ull

/*
 * Putting the wait programs in place takes up to 28 ms where it is done when a
 * turn grows old. A threshold that leaves no time for that has them always.
 */
#define ALWAYS_BELOW_NS (60 * NSEC_PER_MSEC)

/*
 * Half of it is for what is small: room for a first sight of each of a few
 * threads at once, of the whole system of a few thousand. The other half takes
 * copies of stacks: some hundred, or 500, of usual size.
 */
#define RING_BYTES	  (4 << 20)
#define RING_SYSTEM_BYTES (16 << 20)

/* Buffers for such copies, each of 64 KiB: threads that are blocked in a turn at a time. */
#define COPIES	      64
#define COPIES_SYSTEM 128

#define FEATURES 5

struct probe {
	struct blockprof_bpf *skel;
	struct waits *waits;
	struct sampler *sampler;
	struct bpf_link *faults; /* attached while samples are on */
	struct records *records;
	unsigned int slots;
	struct bp_slot *slot; /* mapped, slots + 1 of them */
	struct bp_slice *slice; /* likewise */
	size_t slot_bytes;
	size_t slice_bytes;
	bool waits_always;
	struct name_value features[FEATURES];
};

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
	(void)level;
	return vfprintf(stderr, format, args);
}

void probe_libbpf_log(bool shown)
{
	libbpf_set_print(shown ? libbpf_shown : libbpf_silent);
}

static size_t page_round(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static void *map_array(const struct bpf_map *map, size_t bytes, int protection)
{
	void *mem = mmap(NULL, bytes, protection, MAP_SHARED, bpf_map__fd(map), 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static void set_options(struct blockprof_bpf *skel, const struct probe_options *options)
{
	unsigned char flags[BP_SYSCALLS];

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
	syscall_fill_flags(flags);
	memcpy((void *)skel->rodata->syscall_flags, flags, sizeof(flags));
	bpf_map__set_max_entries(skel->maps.ring,
				 options->whole_system ? RING_SYSTEM_BYTES : RING_BYTES);
	skel->rodata->nr_stack_copies = options->whole_system ? COPIES_SYSTEM : COPIES;
	bpf_map__set_max_entries(skel->maps.stack_copies, skel->rodata->nr_stack_copies);
	bpf_map__set_max_entries(skel->maps.slots, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.slices, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.slot_tasks, options->slots + 1);
	bpf_map__set_max_entries(skel->maps.free_slots, options->slots);
}

static int map_slots(struct probe *probe)
{
	uint32_t index;

	probe->slot_bytes = page_round((size_t)(probe->slots + 1) * sizeof(struct bp_slot));
	probe->slice_bytes = page_round((size_t)(probe->slots + 1) * sizeof(struct bp_slice));
	probe->slot = map_array(probe->skel->maps.slots, probe->slot_bytes, PROT_READ | PROT_WRITE);
	probe->slice = map_array(probe->skel->maps.slices, probe->slice_bytes, PROT_READ);
	if (!probe->slot || !probe->slice)
		return -ENOMEM;
	for (index = 1; index <= probe->slots; index++)
		if (bpf_map_update_elem(bpf_map__fd(probe->skel->maps.free_slots), NULL, &index,
					BPF_ANY))
			return -errno;
	return 0;
}

/* Everything but the wait programs, which have their own moments. */
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
		{ skel->progs.watch_task, &skel->links.watch_task },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i].link = bpf_program__attach(all[i].program);
		if (!*all[i].link)
			return -errno;
	}
	return probe->waits_always ? waits_attach(probe->waits) : 0;
}

static void name_features(struct probe *probe, enum wait_mechanism mechanism)
{
	const struct name_value all[FEATURES] = {
		{ "scheduler", "tp_btf" },
		{ "waits", wait_mechanism_name(mechanism) },
		{ "waits_attached", probe->waits_always ? "always" : "while a turn is old" },
		{ "cpu_samples", probe->sampler ? "cpu-clock" : "none" },
		{ "user_stacks", "copies, else frame pointers" },
	};

	memcpy(probe->features, all, sizeof(all));
}

static int open_loaded(struct probe *probe, const struct probe_options *options,
		       enum wait_mechanism mechanism)
{
	int err;

	waits_choose(probe->skel, mechanism);
	set_options(probe->skel, options);
	err = blockprof_bpf__load(probe->skel);
	if (err)
		return err;
	err = map_slots(probe);
	if (err)
		return err;
	err = records_new(&probe->records, bpf_map__fd(probe->skel->maps.ring));
	if (err)
		return err;
	probe->waits_always = mechanism == WAIT_FEXIT || options->threshold_ns < ALWAYS_BELOW_NS;
	err = waits_new(&probe->waits, probe->skel, mechanism);
	if (err)
		return err;
	/* without samples a turn that burns cpu time is told without its line */
	sampler_new(&probe->sampler, probe->skel->progs.on_tick,
		    threshold_part_ns(options->threshold_ns, THRESHOLD_SAMPLE_EVERY));
	err = attach(probe);
	if (err)
		return err;
	name_features(probe, mechanism);
	return 0;
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
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return -ENOMEM;
	probe->slots = options->slots;
	probe->skel = blockprof_bpf__open();
	err = probe->skel ? open_loaded(probe, options, mechanism) : -errno;
	if (err) {
		*reason = err == -EPERM ? "not permitted; run it as root"
			  : err == -ENOMEM
				  ? "out of memory, or over this user's or cgroup's limit for BPF; "
				    "raise it"
				  : "the kernel refused a BPF program; -vv shows its reason";
		probe_close(probe);
		return err;
	}
	*out = probe;
	return 0;
}

/* The addresses of page faults; a kernel that does not tell them is no error. */
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
	if (probe->skel)
		probe->skel->bss ? (void)(probe->skel->bss->armed = 0) : (void)0;
	set_faults(probe, false);
	sampler_free(probe->sampler);
	waits_free(probe->waits);
	records_free(probe->records);
	if (probe->slot)
		munmap(probe->slot, probe->slot_bytes);
	if (probe->slice)
		munmap(probe->slice, probe->slice_bytes);
	blockprof_bpf__destroy(probe->skel);
	free(probe);
}

void probe_start(struct probe *probe)
{
	/* before events come the kernel side learns from a first look whose numbers to use */
	probe_iterate(probe, NULL, NULL);
	probe->skel->bss->armed = 1;
}

const struct name_value *probe_features(const struct probe *probe, size_t *nr)
{
	*nr = FEATURES;
	return probe->features;
}

int probe_watch(struct probe *probe, pid_t pid, bool follow)
{
	struct bp_process_config config = { .watched = 1, .follow = follow };
	uint32_t key = pid;

	if (bpf_map_update_elem(bpf_map__fd(probe->skel->maps.processes), &key, &config, BPF_ANY))
		return -errno;
	return 0;
}

void probe_unwatch(struct probe *probe, pid_t pid)
{
	uint32_t key = pid;

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.processes), &key);
}

int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	int map = bpf_map__fd(probe->skel->maps.processes);
	struct bp_process_config config = {};
	uint32_t key = pid;

	/* a process of a whole watched system has no entry before its interpreter is known */
	if (bpf_map_lookup_elem(map, &key, &config) && !python)
		return 0;
	if (python)
		config.python = *python;
	else
		memset(&config.python, 0, sizeof(config.python));
	return bpf_map_update_elem(map, &key, &config, BPF_ANY) ? -errno : 0;
}

int probe_parks(struct probe *probe, pid_t pid)
{
	int map = bpf_map__fd(probe->skel->maps.processes);
	struct bp_process_config config = {};
	uint32_t key = pid;

	/* as above: it may have no entry */
	bpf_map_lookup_elem(map, &key, &config);
	config.parks = 1;
	return bpf_map_update_elem(map, &key, &config, BPF_ANY) ? -errno : 0;
}

int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind)
{
	uint32_t key = tid;

	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.binds), &key, bind, BPF_ANY)
		       ? -errno
		       : 0;
}

void probe_unbind(struct probe *probe, pid_t tid)
{
	uint32_t key = tid;

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.binds), &key);
}

int probe_iterate(struct probe *probe, probe_watched_fn *fn, void *context)
{
	return look_all(probe->skel, fn, context);
}

int probe_iterate_process(struct probe *probe, pid_t pid, probe_watched_fn *fn, void *context)
{
	return look_process(probe->skel, pid, fn, context);
}

int probe_iterate_thread(struct probe *probe, pid_t tid, probe_watched_fn *fn, void *context)
{
	return look_thread(probe->skel, tid, fn, context);
}

unsigned int probe_slots(const struct probe *probe)
{
	return probe->slots;
}

struct bp_slot *probe_slot(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= probe->slots ? &probe->slot[slot] : NULL;
}

const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= probe->slots ? &probe->slice[slot] : NULL;
}

int probe_stack_copy(struct probe *probe, unsigned int slot, uint64_t since_ns,
		     struct bp_stack_copy *copy)
{
	const struct bp_slot *live = probe_slot(probe, slot);
	uint32_t number = live ? __atomic_load_n(&live->stack_copy, __ATOMIC_ACQUIRE) : 0;
	uint32_t index = number - 1;

	if (!number)
		return -ENOENT;
	if (bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.stack_copies), &index, copy))
		return -errno;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* while it is the slot's, and of that block, no one writes to it */
	if (__atomic_load_n(&live->stack_copy, __ATOMIC_RELAXED) != number ||
	    copy->header.slot != slot || copy->since_ns != since_ns)
		return -EAGAIN;
	return copy->bytes && copy->bytes <= BP_STACK_COPY_BYTES ? 0 : -ENOENT;
}

void probe_stack_copy_bytes(struct probe *probe, uint32_t bytes)
{
	probe->skel->data->stack_copy_bytes = bytes;
}

void probe_slot_free(struct probe *probe, unsigned int slot)
{
	uint32_t index = slot;

	if (!probe_slot(probe, slot))
		return;
	memset(&probe->slot[slot], 0, sizeof(struct bp_slot));
	bpf_map_update_elem(bpf_map__fd(probe->skel->maps.free_slots), NULL, &index, BPF_ANY);
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

void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr)
{
	volatile unsigned int *old = probe->skel->bss->old_slots;

	for (size_t i = 0; i < BP_OLD_SLOTS; i++)
		old[i] = i < nr ? slots[i] : BP_NO_SLOT;
}

int probe_observe_process(struct probe *probe, pid_t pid, probe_observed_fn *fn, void *context)
{
	return observed_iterate(probe->skel, pid, fn, context);
}

int probe_observe_thread(struct probe *probe, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context)
{
	return observed_iterate_thread(probe->skel, pid, tid, fn, context);
}

int probe_observed_add(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	return observed_add(probe->skel, pid, python);
}

void probe_observed_clear(struct probe *probe)
{
	observed_clear(probe->skel);
}

void probe_observed_fd(struct probe *probe, pid_t tid, int fd)
{
	observed_fd(probe->skel, tid, fd);
}

int probe_fd(const struct probe *probe)
{
	return records_fd(probe->records);
}

void probe_collect(struct probe *probe)
{
	records_collect(probe->records);
}

void probe_read(struct probe *probe, probe_record_fn *fn, void *context)
{
	records_read(probe->records, fn, context);
}

/* The kernel side's counters stand in the order of the table's first rows. */
#define SAME(bp, row) _Static_assert((int)(bp) == (int)(row), "one order in bpf/abi.h and loss.h")
SAME(BP_LOSS_SLICE_RING, LOSS_SLICES_RING_FULL);
SAME(BP_LOSS_SAMPLE_RING, LOSS_SAMPLES_RING_FULL);
SAME(BP_LOSS_TURN_RING, LOSS_TURNS_RING_FULL);
SAME(BP_LOSS_CANDIDATE_RING, LOSS_CANDIDATES_RING_FULL);
SAME(BP_LOSS_PROCESS_RING, LOSS_PROCESSES_RING_FULL);
SAME(BP_LOSS_THREADS, LOSS_THREADS_NOT_WATCHED);
SAME(BP_LOSS_SLOTS, LOSS_LOOPS_WITHOUT_SLOT);
SAME(BP_LOSS_STACK_SKIPPED, LOSS_STACKS_SKIPPED);
SAME(BP_LOSS_PYTHON_FAULT, LOSS_PYTHON_FRAMES_NOT_IN_MEMORY);
SAME(BP_LOSS_PROCESSES, LOSS_PROCESSES_MAP_FULL);
SAME(BP_LOSS_OBSERVED_SAMPLE_RING, LOSS_SUSPECT_SAMPLES_RING_FULL);
SAME(BP_LOSS_STACK_COPY_RING, LOSS_STACK_COPIES_RING_FULL);
SAME(BP_LOSS_STACK_COPY_ROOM, LOSS_STACK_COPIES_WITHOUT_ROOM);
SAME(BP_LOSS_NR, LOSS_KERNEL_NR);

uint64_t probe_loss(const struct probe *probe, enum loss loss)
{
	uint64_t count = __atomic_load_n(&probe->skel->bss->losses[loss], __ATOMIC_RELAXED);

	return loss == LOSS_STACK_COPIES_RING_FULL ? count + records_copies_dropped(probe->records)
						   : count;
}
