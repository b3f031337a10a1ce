// SPDX-License-Identifier: GPL-2.0
/*
 * sample.bpf.c - where a turn that grows old spends its cpu time: a cpu-clock
 * tick that hits its thread takes the stack, for all cpu time since the last.
 * And what it faults on: where a fault blocks, its address is in no place that
 * can be read (x86: thread.cr2 is set for signals only).
 */
#include "turn.h"

#define RUNNER_MOST_NS 50000000 /* that one tick stands for */

static __always_inline u32 task_cpu(u64 address)
{
	const struct task_struct *task = (const void *)address;

	if (bpf_core_field_exists(task->thread_info.cpu))
		return BPF_CORE_READ(task, thread_info.cpu);
	return BPF_CORE_READ((const struct task_struct___old *)task, cpu);
}

/* Whether its cgroup's quota keeps it off this CPU: then no one has taken its place. */
static __always_inline bool task_throttled(u64 address, u32 cpu)
{
	const struct task_struct *task = (const void *)address;
	struct cfs_rq **queues, *queue = NULL;

	if (!bpf_core_field_exists(task->sched_task_group) ||
	    !bpf_core_field_exists(queue->throttle_count))
		return false;
	queues = BPF_CORE_READ(task, sched_task_group, cfs_rq);
	if (!queues || bpf_probe_read_kernel(&queue, sizeof(queue), &queues[cpu]))
		return false;
	return queue && BPF_CORE_READ(queue, throttle_count) > 0;
}

/* If the slot's thread is ready to run on this CPU, but current does: it is one of its runners. */
__weak __noinline int runner_note(u32 index, u32 tgid, u64 now)
{
	struct bp_slot *slot = bpf_map_lookup_elem(&slots, &index);
	u64 *task = bpf_map_lookup_elem(&slot_tasks, &index), from;
	u32 cpu = bpf_get_smp_processor_id();
	int i;

	if (!tgid || !slot || !task || slot->state != BP_RUNNABLE || !slot->in_turn || !*task ||
	    task_cpu(*task) != cpu || task_throttled(*task, cpu))
		return 0;
	if (slot->runners_seq != slot->turn_seq) {
		for (i = 0; i < BP_RUNNERS; i++)
			slot->runners[i].tgid = 0;
		slot->runners_ns = 0;
		slot->runners_seq = slot->turn_seq;
	}
	from = slot->since_ns > slot->runners_ns ? slot->since_ns : slot->runners_ns;
	slot->runners_ns = now;
	for (i = 0; i < BP_RUNNERS; i++) {
		struct bp_runner *runner = &slot->runners[i];
		u64 ns = since(now, from);

		if (!runner->tgid) {
			runner->tgid = tgid;
			runner->ns = 0;
			bpf_get_current_comm(runner->comm, sizeof(runner->comm));
		}
		if (runner->tgid == tgid) {
			runner->ns += ns < RUNNER_MOST_NS ? ns : RUNNER_MOST_NS;
			break;
		}
	}
	return 0;
}

static __always_inline void runners_note(u32 tgid, u64 now)
{
	int i;

	for (i = 0; i < BP_OLD_SLOTS; i++) {
		u32 index = old_slots[i];

		if (!index)
			break;
		runner_note(index, tgid, now);
	}
}

/* current is of a process that an old turn waits for: where it spends its cpu time. */
static __noinline int observed_sample(void *ctx, struct task_struct *task, u64 now)
{
	struct bp_observed_sample *record;
	u32 tgid = task_tgid(task);
	struct bp_python *py = bpf_map_lookup_elem(&observed, &tgid);

	if (!py)
		return 0;
	stack_copy_now(BP_NO_SLOT, task_tid(task), tgid, now, stack_copy_bytes, 0, 0, now);
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		lose(BP_LOSS_OBSERVED_SAMPLE_RING);
		return 0;
	}
	header_fill(&record->header, BP_RECORD_OBSERVED_SAMPLE, BP_NO_SLOT, task_tid(task), tgid,
		    now);
	stack_native(ctx, &record->stack);
	if (py->version)
		stack_python(&record->stack, py, task, NULL, 0);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("perf_event")
int on_tick(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread;
	struct bp_slice *slice;
	struct bp_slot *slot;
	const struct bp_python *py;
	u64 now, cpu_ns;

	if (!armed)
		return 0;
	now = bpf_ktime_get_ns();
	thread = thread_of(task);
	slot = thread ? slot_of(thread) : NULL;
	if (slot && slot->in_turn)
		arrive_unseen(slot, thread->slot, task, now);
	if (task->pid && old_slots[0])
		runners_note(task_tgid(task), now);
	if (observing)
		observed_sample(ctx, task, now);
	if (!slot || !slot->in_turn || slot->state != BP_RUNNING)
		return 0;
	if (since(now, slot->turn_start_ns) < sample_age_ns)
		return 0;
	slice = slice_of(thread->slot);
	if (!slice)
		return 0;
	cpu_ns = slot->turn.cpu_ns + since(now, slot->since_ns);
	slice->capture.seq++;
	slice->ns = since(cpu_ns, slot->cpu_sampled_ns);
	slice->max_ns = 0;
	slice->count = 1;
	slice->carry_ns = 0;
	slice->carry_count = 0;
	slot->cpu_sampled_ns = cpu_ns;
	slice->turn_seq = slot->turn_seq;
	slice->turn_start_ns = slot->turn_start_ns;
	slice->capture.since_ns = now;
	slice->capture.turn_seq = slot->turn_seq;
	slice->capture.question_bytes = 0;
	slice->capture.other.kind = BP_OTHER_NONE;
	slice->capture.object.kind = BP_OBJECT_NONE;
	slice->capture.block.syscall = regs_syscall(task_regs(task));
	slice->capture.block.flags = 0;
	slice->capture.block.wait_class = 0;
	stack_native(ctx, &slice->capture.stack);
	py = python_of(slot->tgid);
	if (py)
		stack_python(&slice->capture.stack, py, task, thread, slot->loop_object);
	if (py && slice->capture.stack.task)
		python_task_read(&slice->capture.task, py, slice->capture.stack.task);
	slice->capture.seq++;
	stack_copy_now(thread->slot, slot->tid, slot->tgid, now,
		       slot->stack_copy_bytes ? slot->stack_copy_bytes : BP_STACK_COPY_FIRST_BYTES,
		       slot->stack_copy_holes, 0, now);
	header_fill(&slice->header, BP_RECORD_SAMPLE, thread->slot, slot->tid, slot->tgid, now);
	if (bpf_ringbuf_output(&ring, slice,
			       __builtin_offsetof(struct bp_slice, capture) +
				       capture_used_bytes(&slice->capture),
			       0))
		lose(BP_LOSS_SAMPLE_RING);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault, unsigned long address)
{
	struct thread *thread = thread_of(bpf_get_current_task_btf());
	struct bp_slot *slot = thread ? slot_of(thread) : NULL;

	if (slot && slot->in_turn)
		slot->fault_addr = address;
	return 0;
}
#endif

char LICENSE[] SEC("license") = "GPL";
