// SPDX-License-Identifier: GPL-2.0
/*
 * sample.bpf.c - where a turn that grows old spends its cpu time: a cpu-clock
 * tick that hits its thread takes the stack, for all cpu time since the last.
 * And what it faults on: where a fault blocks, its address is in no place that
 * can be read (x86: thread.cr2 is set for signals only).
 */
#include "turn.h"

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
	thread = thread_of(task);
	if (!thread)
		return 0;
	slot = slot_of(thread);
	if (!slot || !slot->in_turn || slot->state != BP_RUNNING)
		return 0;
	now = bpf_ktime_get_ns();
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
	slice->capture.has_stack_bytes = 0;
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
