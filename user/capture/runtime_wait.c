// SPDX-License-Identifier: GPL-2.0-or-later
/* runtime_wait.c - which functions of languages' runtimes collect garbage, sleep, or wait for a child. */
#include "capture/runtime_wait.h"

#include <string.h>

#include "base/strings.h"
#include "model/frame_owner.h"

#define NR(list) (sizeof(list) / sizeof((list)[0]))

/* Is it in one of these, with nothing of the program's own further in? */
static bool is_in(const struct stack *stack, const char *const *names, size_t nr)
{
	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->kind == FRAME_KERNEL)
			continue;
		if (frame->kind != FRAME_NATIVE)
			return false;
		for (size_t k = 0; k < nr; k++)
			if (starts_with(frame->fn, names[k]))
				return true;
	}
	return false;
}

bool runtime_collects(const struct stack *stack)
{
	static const char *const names[] = {
		/* V8: src/heap */
		"v8::internal::Heap::CollectGarbage",
		"v8::internal::Heap::CollectAll",
		"v8::internal::Heap::PerformGarbageCollection",
		"v8::internal::Heap::FinalizeIncrementalMarking",
		"v8::internal::IncrementalMarking::",
		"v8::internal::MarkCompactCollector::",
		"v8::internal::ScavengerCollector::",
		"v8::internal::Sweeper::",
		/* JavaScriptCore: heap/Heap.h */
		"JSC::Heap::collect",
		"JSC::Heap::runCurrentPhase",
		/* CPython, where its state is not read: free-threaded and debug builds */
		"gc_collect_main",
		"gc_collect_internal",
	};

	return is_in(stack, names, NR(names));
}

bool runtime_is_collector(const char *comm)
{
	/* JavaScriptCore's; "JSC Heap Collector Thread" is cut in front (WTF::Thread) */
	return !strcmp(comm, "ollector Thread") || !strcmp(comm, "HeapHelper");
}

bool runtime_sleeps(const struct stack *stack)
{
	static const char *const names[] = {
		"v8::internal::FutexEmulation::Wait", /* Atomics.wait() */
		"JVM_Sleep", /* Thread.sleep() */
		"JavaThread::sleep", "sleep_hrtime", /* Ruby's sleep */
	};

	return is_in(stack, names, NR(names));
}

/*
 * subprocess.run(), Popen.communicate(), and the pipe by which Popen() learns what became of exec;
 * not what the child does there before that, in a preexec_fn of the program's own.
 */
bool runtime_waits_for_child(const struct stack *stack)
{
	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame_is_own(frame))
			return false;
		if (frame->kind != FRAME_PYTHON || !frame->file ||
		    strcmp(base_name(frame->file), "subprocess.py") != 0)
			continue;
		if (strstr(frame->fn, "communicate") || strstr(frame->fn, "wait") ||
		    strstr(frame->fn, "_execute_child"))
			return true;
	}
	return false;
}
