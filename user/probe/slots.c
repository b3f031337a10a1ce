// SPDX-License-Identifier: GPL-2.0-or-later
/* slots.c - the kernel side's slots, slices and stack copies as user space sees them. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/probe.h"
#include "probe/probe_private.h"

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

static int give_free(struct probe *probe, uint32_t slot)
{
	int map = bpf_map__fd(probe->skel->maps.free_slots);

	return bpf_map_update_elem(map, NULL, &slot, BPF_ANY) ? -errno : 0;
}

static size_t cells_bytes(void)
{
	return page_round(BP_CELLS * sizeof(struct bp_cell));
}

int slots_map(struct probe *probe, unsigned int nr)
{
	struct slots *slots = &probe->slots;
	int err = 0;

	slots->nr = nr;
	slots->slot_bytes = page_round((size_t)(nr + 1) * sizeof(struct bp_slot));
	slots->slice_bytes = page_round((size_t)(nr + 1) * sizeof(struct bp_slice));
	slots->slot = map_array(probe->skel->maps.slots, slots->slot_bytes, PROT_READ | PROT_WRITE);
	slots->slice = map_array(probe->skel->maps.slices, slots->slice_bytes, PROT_READ);
	slots->cell = map_array(probe->skel->maps.cells, cells_bytes(), PROT_READ | PROT_WRITE);
	if (!slots->slot || !slots->slice || !slots->cell)
		return -ENOMEM;
	for (unsigned int slot = 1; slot <= nr && !err; slot++)
		err = give_free(probe, slot);
	return err;
}

void slots_unmap(struct probe *probe)
{
	if (probe->slots.slot)
		munmap(probe->slots.slot, probe->slots.slot_bytes);
	if (probe->slots.cell)
		munmap(probe->slots.cell, cells_bytes());
	if (probe->slots.slice)
		munmap(probe->slots.slice, probe->slots.slice_bytes);
}

unsigned int probe_slots(const struct probe *probe)
{
	return probe->slots.nr;
}

struct bp_slot *probe_slot(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= probe->slots.nr ? &probe->slots.slot[slot] : NULL;
}

const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= probe->slots.nr ? &probe->slots.slice[slot] : NULL;
}

struct bp_cell *probe_cell(struct probe *probe, unsigned int number)
{
	return number >= 1 && number < BP_CELLS ? &probe->slots.cell[number] : NULL;
}

void probe_source(struct probe *probe, uint64_t source, bool known)
{
	int map = bpf_map__fd(probe->skel->maps.known_sources);
	uint32_t value = 1;

	/* where there is no room, its other threads are found a little later */
	if (known)
		bpf_map_update_elem(map, &source, &value, BPF_ANY);
	else
		bpf_map_delete_elem(map, &source);
}

bool probe_shows_closed(const struct probe *probe)
{
	return bpf_program__autoload(probe->skel->progs.fentry_epoll_release);
}

uint64_t probe_source_closed_ns(struct probe *probe, uint64_t source)
{
	int map = bpf_map__fd(probe->skel->maps.closed_sources);
	uint64_t closed_ns;

	return source && !bpf_map_lookup_elem(map, &source, &closed_ns) ? closed_ns : 0;
}

void probe_slot_free(struct probe *probe, unsigned int slot)
{
	struct bp_slot *freed = probe_slot(probe, slot);

	if (!freed)
		return;
	memset(freed, 0, sizeof(*freed));
	give_free(probe, slot);
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

void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr)
{
	volatile unsigned int *old = probe->skel->bss->old_slots;

	for (size_t i = 0; i < BP_OLD_SLOTS; i++)
		old[i] = i < nr ? slots[i] : BP_NO_SLOT;
}
