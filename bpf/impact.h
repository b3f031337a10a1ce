/* SPDX-License-Identifier: GPL-2.0 */
/*
 * impact.h - who waited for a turn: the descriptors that are ready when it has
 * ended, and since when, as far as the kernel keeps that.
 *
 * It is looked at as the wait returns that did not sleep, and only where the turn
 * was longer than the threshold; what one event costs (some 500 ns) bounds how many
 * of them are looked at.
 */
#ifndef BLOCKPROF_IMPACT_H
#define BLOCKPROF_IMPACT_H

#include "client.h"
#include "share.h"

#define EVENT_SHIFT   16 /* one event for each 65 us that the turn lasted */
#define STEP_SHIFT    13 /* likewise of TREE_STEPS: each 8 us */
#define EVENTS	      1024
#define EVENTS_WALKED 32 /* on kernels where the verifier walks through each */
#define TREE_STEPS    4096 /* two for each descriptor that an epoll instance has */

#define RB_COLOR 3ul

#define HAVE_EPITEMS                                        \
	(bpf_core_field_exists(((struct file *)0)->f_ep) && \
	 bpf_core_field_exists(((struct epitem *)0)->fllink))

/* include/uapi/linux/eventpoll.h */
struct user_event {
	u32 events;
	u64 data;
}
#if defined(__TARGET_ARCH_x86)
__attribute__((packed))
#endif
;

/* -- what the wait returned -- */

/* By which the steps go through what a wait has returned. */
struct event_walk {
	struct bp_impact *impact;
	u64 addr; /* EPOLL: of the events; POLL: of the pollfds */
	u64 ep; /* EPOLL: the instance */
	u64 sets[3]; /* SELECT: their addresses */
	u64 word; /* SELECT: of the three sets, the bits of 64 descriptors */
	u32 nr; /* events, pollfds, or descriptors in a set */
	u32 left; /* POLL, SELECT: that are ready, and not found yet */
};

/* Whether an event with this data is the instance's for this file. */
static __always_inline bool is_of_file(u64 ep, struct file *file, u64 data)
{
	struct hlist_head *items = file ? BPF_CORE_READ(file, f_ep) : NULL;
	struct hlist_node *node = items ? BPF_CORE_READ(items, first) : NULL;
	int i;

	/* a file is at one instance, as a rule */
	for (i = 0; i < 3 && node; i++) {
		struct epitem *item = (void *)node - bpf_core_field_offset(struct epitem, fllink);

		if ((u64)BPF_CORE_READ(item, ep) == ep && BPF_CORE_READ(item, event.data) == data)
			return true;
		node = BPF_CORE_READ(node, next);
	}
	return false;
}

/* Most programs let an event carry the descriptor, others a pointer: these are sought. */
static long epoll_step(u32 i, struct event_walk *walk)
{
	struct bp_impact *impact = walk->impact;
	struct user_event event = {};
	struct file *file;
	u32 nr;

	if (i >= walk->nr)
		return 1;
	if (bpf_probe_read_user(&event, sizeof(event), (void *)(walk->addr + i * sizeof(event))))
		return 1;
	file = task_file(bpf_get_current_task_btf(), (int)event.data);
	if (is_of_file(walk->ep, file, event.data)) {
		impact_file(impact, (u64)file, (int)event.data);
		return 0;
	}
	nr = impact->nr_sought;
	barrier_var(nr);
	if (nr < BP_CLIENTS) {
		impact->sought[nr] = event.data;
		impact->nr_sought = nr + 1;
	}
	return 0;
}

static long poll_step(u32 i, struct event_walk *walk)
{
	struct pollfd pollfd = {};

	if (i >= walk->nr || !walk->left)
		return 1;
	if (bpf_probe_read_user(&pollfd, sizeof(pollfd), (void *)(walk->addr + i * sizeof(pollfd))))
		return 1;
	if (!pollfd.revents)
		return 0;
	walk->left--;
	impact_fd(walk->impact, pollfd.fd);
	return 0;
}

static long select_step(u32 i, struct event_walk *walk)
{
	int set;

	if (i >= walk->nr || !walk->left)
		return 1;
	if (!(i & 63)) {
		walk->word = 0;
		for (set = 0; set < 3; set++) {
			u64 word = 0;

			if (walk->sets[set])
				bpf_probe_read_user(&word, sizeof(word),
						    (void *)(walk->sets[set] + i / 8));
			walk->word |= word;
		}
	}
	if (!(walk->word >> (i & 63) & 1))
		return 0;
	walk->left--;
	impact_fd(walk->impact, i);
	return 0;
}

/* -- by what an event carried, among all descriptors of the instance -- */

struct tree_walk {
	struct bp_impact *impact;
	struct rb_node *node;
	struct rb_node *from; /* where the last step came from */
	u64 left; /* steps */
};

__weak __noinline int is_sought(const struct bp_impact *impact, u64 data)
{
	u32 i, nr, found = 0;

	if (!impact)
		return 0;
	nr = impact->nr_sought;
	for (i = 0; i < BP_CLIENTS; i++)
		found |= i < nr && impact->sought[i] == data;
	return found;
}

/* Down to the left, then to the right, and up again: each node is entered once from above. */
static long tree_step(u32 i, struct tree_walk *walk)
{
	struct rb_node *node = walk->node, *parent, *left, *right;
	struct epitem *item;

	if (!node || i >= walk->left)
		return 1;
	parent = (struct rb_node *)(BPF_CORE_READ(node, __rb_parent_color) & ~RB_COLOR);
	left = BPF_CORE_READ(node, rb_left);
	right = BPF_CORE_READ(node, rb_right);
	if (walk->from == parent) {
		item = (void *)node - bpf_core_field_offset(struct epitem, rbn);
		if (is_sought(walk->impact, BPF_CORE_READ(item, event.data)))
			impact_file(walk->impact, (u64)BPF_CORE_READ(item, ffd.file),
				    BPF_CORE_READ(item, ffd.fd));
	}
	if (walk->from == parent && left)
		walk->node = left;
	else if (walk->from != right && right)
		walk->node = right;
	else
		walk->node = parent;
	walk->from = node;
	return 0;
}

static __always_inline void impact_seek(struct bp_impact *impact, u64 ep, u64 ns)
{
	struct tree_walk walk = {
		.impact = impact,
		.node = BPF_CORE_READ((struct eventpoll *)ep, rbr.rb_root.rb_node),
		.left = ns >> STEP_SHIFT,
	};

	/* too many steps for those that walk through each */
	if (HAVE_LOOP)
		bpf_loop(TREE_STEPS, tree_step, &walk, 0);
}

/* -- all of it -- */

static __always_inline u32 uring_events(u64 source)
{
	struct io_ring_ctx *ring = (struct io_ring_ctx *)source;
	struct io_rings *rings = source ? BPF_CORE_READ(ring, rings) : NULL;
	u32 events;

	if (!rings)
		return 0;
	events = BPF_CORE_READ(rings, cq.tail) - BPF_CORE_READ(rings, cq.head);
	/* the program writes head */
	return events <= BPF_CORE_READ(rings, cq_ring_entries) ? events : 0;
}

/* What the wait has returned that current comes from, at the end of a turn of ns. */
static __always_inline void impact_fill(struct bp_impact *impact, u32 wait_class, u64 wait_id,
					u32 events, u64 ns)
{
	const struct pt_regs *regs = task_regs(bpf_get_current_task_btf());
	u64 most = ns >> EVENT_SHIFT;
	struct event_walk walk = { .impact = impact, .left = events < most ? events : most };

	impact->events = events;
	switch (wait_class) {
	case BP_WAIT_EPOLL:
		walk.ep = source_of(bpf_get_current_task_btf(), wait_class, wait_id);
		walk.addr = regs_arg(regs, 1);
		walk.nr = walk.left;
		if (!HAVE_EPITEMS || !walk.ep)
			return;
		REPEAT_OR(EVENTS, EVENTS_WALKED, epoll_step, &walk);
		if (impact->nr_sought)
			impact_seek(impact, walk.ep, ns);
		return;
	case BP_WAIT_POLL:
		walk.addr = regs_arg(regs, 0);
		walk.nr = regs_arg(regs, 1);
		REPEAT_OR(EVENTS, EVENTS_WALKED, poll_step, &walk);
		return;
	case BP_WAIT_SELECT:
		walk.nr = regs_arg(regs, 0);
		walk.sets[0] = regs_arg(regs, 1);
		walk.sets[1] = regs_arg(regs, 2);
		walk.sets[2] = regs_arg(regs, 3);
		REPEAT_OR(EVENTS, EVENTS_WALKED, select_step, &walk);
		return;
	case BP_WAIT_URING:
		impact->events =
			uring_events(source_of(bpf_get_current_task_btf(), wait_class, wait_id));
	}
}

/* The turn ends, as the wait of current returns with this result. */
__weak __noinline int impact_send(struct bp_slot *slot, u32 index, u32 wait_class, u64 wait_id,
				  long ret)
{
	u64 now = bpf_ktime_get_ns(), start;
	struct bp_impact *impact;

	/* io_uring_enter() returns something else */
	if (!slot || (ret <= 0 && wait_class != BP_WAIT_URING))
		return 0;
	impact = ring_may_send(index, slot->tgid, slot->user, sizeof(*impact), RING_OF_SLICES)
			 ? bpf_ringbuf_reserve(&ring, sizeof(*impact), 0)
			 : NULL;
	if (!impact) {
		lose(BP_LOSS_IMPACT_RING);
		return 0;
	}
	header_fill(&impact->header, BP_RECORD_IMPACT, index, slot->tid, slot->tgid, now);
	impact->turn_seq = slot->turn_seq;
	impact->start_ns = start = slot->turn_start_ns;
	impact->timers = 0;
	impact->waiting = 0;
	impact->ticks = BP_TICKS_UNKNOWN;
	impact->nr = 0;
	impact->nr_sought = 0;
	impact_fill(impact, wait_class, wait_id, ret > 0 ? ret : 0, now > start ? now - start : 0);
	bpf_ringbuf_submit(impact, 0);
	return 0;
}

#endif
