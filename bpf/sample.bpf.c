// SPDX-License-Identifier: GPL-2.0
/*
 * sample.bpf.c - what is sampled while a turn is old. A tick of the cpu-clock that
 * hits the turn's thread takes its stack, which stands for all its cpu time since
 * the tick before. One that hits another thread shows who keeps the turn's thread
 * off its CPU, or what an observed process does. And the addresses of page faults
 * are noted: when a fault blocks, its address stands nowhere that can be read (x86:
 * thread.cr2 is set for signals only).
 */
#include "turn.h"

#define RUNNER_MOST_NS 50000000 /* that one tick may stand for */

static __always_inline u32 task_cpu(u64 address)
{
	const struct task_struct *task = (const void *)address;

	if (bpf_core_field_exists(task->thread_info.cpu))
		return BPF_CORE_READ(task, thread_info.cpu);
	return BPF_CORE_READ((const struct task_struct___old *)task, cpu);
}

/* Whether its cgroup's quota keeps it off this CPU: then no other thread does. */
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

/* If the slot's thread is ready to run on this CPU, then current, which runs here, is a runner. */
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

/* If current is of an observed process: where that spends its cpu time. */
static __noinline int observed_sample(void *ctx, struct task_struct *task, u64 now)
{
	struct stack_copy_request request = { .slot = BP_NO_SLOT };
	struct bp_observed_sample *record;
	u32 tgid = task_tgid(task);
	struct bp_python *py = bpf_map_lookup_elem(&observed, &tgid);

	if (!py)
		return 0;
	request.tid = task_tid(task);
	request.tgid = tgid;
	request.since_ns = now;
	request.bytes = stack_copy_bytes;
	stack_copy_now(&request, now);
	record = ring_may_send(BP_NO_SLOT, tgid, task_user(task), sizeof(*record), RING_OF_SLICES)
			 ? bpf_ringbuf_reserve(&ring, sizeof(*record), 0)
			 : NULL;
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
	struct stack_copy_request request = {};
	struct thread *thread;
	struct bp_slice *slice;
	struct bp_slot *slot;
	const struct bp_python *py;
	u64 now, cpu_ns;
	u32 bytes;

	if (!armed)
		return 0;
	now = bpf_ktime_get_ns();
	thread = thread_of(task);
	slot = thread ? slot_of(thread) : NULL;
	if (slot && slot->in_turn)
		arrive_unseen(slot, thread->slot, now);
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
	if (py) {
		stack_python(&slice->capture.stack, py, task, thread, slot->loop_object);
		if (python_collects(py, thread->tstate))
			slice->capture.block.flags |= BP_BLOCK_COLLECTS;
	}
	if (py && slice->capture.stack.task)
		python_task_read(&slice->capture.task, py, slice->capture.stack.task);
	slice->capture.seq++;
	request.slot = thread->slot;
	request.tid = slot->tid;
	request.tgid = slot->tgid;
	request.since_ns = now;
	request.bytes = stack_copy_wanted(slot);
	request.holes = slot->stack_copy_holes;
	stack_copy_now(&request, now);
	header_fill(&slice->header, BP_RECORD_SAMPLE, thread->slot, slot->tid, slot->tgid, now);
	bytes = __builtin_offsetof(struct bp_slice, capture) + capture_used_bytes(&slice->capture);
	if (bytes > sizeof(*slice))
		bytes = sizeof(*slice);
	if (!ring_may_send(thread->slot, slot->tgid, slot->user, bytes, RING_OF_SLICES) ||
	    bpf_ringbuf_output(&ring, slice, bytes, 0))
		lose_of(BP_LOSS_SAMPLE_RING, slot->tgid);
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
