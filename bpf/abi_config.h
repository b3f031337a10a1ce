/* SPDX-License-Identifier: GPL-2.0 */
/* abi_config.h - what user space knows of a process and its threads, and puts into maps for the kernel side. */
#ifndef BLOCKPROF_ABI_CONFIG_H
#define BLOCKPROF_ABI_CONFIG_H

/*
 * How to read the CPython interpreter of one process: offsets in bytes,
 * addresses in the target. Filled by user/runtime/python.
 */
struct bp_python {
	unsigned int version; /* major << 8 | minor; 0: no Python */
	unsigned int instr_is_lasti; /* frames hold a 32-bit lasti rather than an address */
	unsigned long long interp_head_addr; /* address of the pointer to the first interpreter */
	unsigned long long gil_addr; /* of the GIL's struct, 0: none found */
	unsigned long long
		collecting_addr; /* of the int that says that the collector runs; 0: not known */
	unsigned int gil_bytes;
	unsigned int gil_last_holder; /* in the GIL's struct */
	unsigned int gil_locked;
	unsigned int interp_threads_head;
	unsigned int tstate_next;
	unsigned int tstate_thread_id; /* pthread_self() */
	unsigned int tstate_frame; /* the frame, or the cframe */
	unsigned int tstate_has_cframe;
	unsigned int cframe_frame;
	unsigned int tstate_cframe; /* 3.10, 3.11: each run of the C loop has one; 0: none */
	unsigned int cframe_previous;
	unsigned int frame_back;
	unsigned int frame_code;
	unsigned int frame_instr;
	unsigned int frame_owner; /* 0: frames have none (<= 3.10) */
	unsigned int frame_is_entry; /* 3.11: a byte; 0: none */
	unsigned int owner_cstack; /* from this owner on it is an entry frame; 0: none is */
	unsigned int tstate_running_task; /* >= 3.14: of the thread; 0: _asyncio is not loaded */
	/* Address of the _current_tasks dict of _asyncio (>= 3.14: asyncio.tasks); 0: not loaded. */
	unsigned long long current_tasks;
	unsigned int dict_keys; /* PyDictObject.ma_keys */
	unsigned int keys_nentries; /* PyDictKeysObject.dk_nentries */
	unsigned int keys_log2_index_bytes; /* 3.11+; 0: dk_size is an 8-byte number at keys_size */
	unsigned int keys_size;
	unsigned int keys_kind; /* 3.11+: offset of dk_kind; 0: entries have 24 bytes always */
	unsigned int keys_indices; /* PyDictKeysObject.dk_indices */
	unsigned int task_coro;
	unsigned int task_name;
	unsigned int coro_qualname;
	unsigned int pad;
};

/* Is this futex one of those in the GIL's struct? */
static inline int bp_is_gil_futex(const struct bp_python *python, unsigned long long futex)
{
	return python->gil_addr && futex - python->gil_addr < python->gil_bytes;
}

/* What user space knows of a thread that is to be bound to a slot: the value of the map binds, by tid. */
struct bp_bind {
	unsigned int use; /* enum bp_slot_use */
	unsigned int wait_class;
	unsigned long long wait_id;
	unsigned long long park_id;
	unsigned long long loop_object;
	unsigned long long
		source; /* as in struct bp_slot; 0: not known, and the kernel side looks */
	unsigned long long wait_sp;
	unsigned long long turn_start_ns; /* of the turn it is in; 0: not known, or in its wait */
	/* How often it had gone to sleep by when the turn's start was asked for; 0: not known. */
	unsigned long long sleeps;
	/* Where it has not moved since before it was watched; 0: not known. */
	unsigned long long blocked_since_ns;
	/* Its Python thread state; 0: not known, and the kernel side searches the first 256. */
	unsigned long long tstate;
	/* Of the poll or select that it is blocked in, which only user space can read now; -1: none. */
	int object_fd;
	unsigned int core_wanted;
	unsigned int estimated; /* turn_start_ns is when it last ran, not what its loop says */
	unsigned int core_nr;
	int core[4]; /* BP_CORE */
	/* Whose the process is, which all that these have together share; 0: nobody's who is counted as one. */
	unsigned int user;
	unsigned int cgroup;
};

/* What user space wants of a process: the value of the map processes, by tgid. */
struct bp_process_config {
	unsigned int watched;
	unsigned int follow; /* its children too */
	unsigned int parks; /* enum bp_parks */
	unsigned int pad;
	struct bp_python python;
};

#endif
