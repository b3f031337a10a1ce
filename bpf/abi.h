/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abi.h - all that the kernel side and the user side both know.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. pid and tid are those of the initial
 * pid namespace (the kernel's tgid and pid). Arrays hold what the nr beside
 * them says and nothing is promised about the rest.
 */
#ifndef BLOCKPROF_ABI_H
#define BLOCKPROF_ABI_H

#define BP_COMM_LEN		  16
#define BP_KERNEL_FRAMES	  40
#define BP_USER_FRAMES		  112
#define BP_PYTHON_FRAMES	  128
#define BP_PATH_BYTES		  512
#define BP_PATH_NAME_BYTES	  256
#define BP_QUESTION_BYTES	  4096 /* copy of the user stack: a resolver's query is on it */
#define BP_STACK_COPY_BYTES	  65536 /* of the user stack, at the most: to unwind it */
#define BP_STACK_COPY_FIRST_BYTES 32768 /* so many of them before it is known how many it takes */
#define BP_REGISTERS		  33
#define BP_SNIPPET_BYTES	  184 /* the part of a Task object that is of use */
#define BP_SUMS			  8
#define BP_RUNNERS		  8 /* told apart of those that ran while a thread waited for its CPU */
#define BP_OLD_SLOTS		  16 /* turns at a time whose runners are noted */
#define BP_NO_SLOT		  0 /* slot 0 is never given to a thread */

#define BP_SYSCALLS 512

/* A histogram of turn lengths: 8 steps an octave, so a percentile is within 6.3%. */
#define BP_HIST_STEPS	8
#define BP_HIST_BUCKETS (48 * BP_HIST_STEPS)

/* Values of bp_block.syscall where the thread was not in a system call. */
#define BP_NO_SYSCALL (-1)

/* What the arguments of a system call are: filled by user space for each number. */
enum bp_syscall_flags {
	BP_SYSCALL_FD = 1 << 0, /* args[0] is a file descriptor */
	BP_SYSCALL_PATH = 1 << 1, /* args[0] is a path */
	BP_SYSCALL_PATHAT = 1 << 2, /* args[0] is a directory's fd, args[1] a path */
	BP_SYSCALL_POLL = 1 << 3, /* args[0] are args[1] struct pollfd */
	BP_SYSCALL_SELECT = 1 << 4, /* args[0] is nfds, args[1..3] are sets */
	BP_SYSCALL_SLEEP = 1 << 5,
};

enum bp_wait_class {
	BP_WAIT_NONE,
	BP_WAIT_EPOLL, /* wait_id: the epoll fd */
	BP_WAIT_POLL, /* wait_id: the user stack pointer, which stands for the call site */
	BP_WAIT_SELECT, /* wait_id: as for poll */
	BP_WAIT_URING, /* wait_id: the ring's fd */
	BP_WAIT_FUTEX, /* without an end: a pool's worker parks. wait_id: BP_PARK_ID() */
};

/*
 * What tells a worker's park from its other futexes: the user stack pointer, which
 * stands for the call site, and the word it waits on, which may be one for all that
 * a thread ever waits for (parking_lot). Never 0 in practice: a futex has an address.
 */
#define BP_PARK_ID(sp, word) ((sp) + (word)*0x9e3779b97f4a7c15ull)

/* Where a thread is now. */
enum bp_state {
	BP_UNSEEN, /* no switch seen yet: the time since then is unknown */
	BP_RUNNING,
	BP_RUNNABLE, /* woken, or preempted */
	BP_BLOCKED,
	BP_WAITING, /* in the loop's own wait */
};

enum bp_block_flags {
	BP_BLOCK_FAULT = 1 << 0, /* page fault; fault_addr is set */
	BP_BLOCK_STOPPED = 1 << 1, /* SIGSTOP, tracer, freezer */
	BP_BLOCK_GIL = 1 << 2, /* futex inside the GIL's struct */
	BP_BLOCK_COMPAT = 1 << 3, /* 32-bit system call: numbers and args mean something else */
	BP_BLOCK_DISK = 1 << 4, /* uninterruptible: state D */
	BP_BLOCK_TRY_LOCK = 1 << 5, /* nap between two tries of a file lock: object is the file */
	BP_BLOCK_TRY_CHILD =
		1 << 6, /* nap between two looks at a child: args[0] is its pid, or -1 */
	BP_BLOCK_EARLIER = 1 << 7, /* had begun before the thread was bound to its slot: no stack */
	BP_BLOCK_FDS = 1 << 8, /* poll, select: on some descriptor, not for the timeout alone */
};

enum bp_object_kind {
	BP_OBJECT_NONE,
	BP_OBJECT_FILE, /* regular file, directory, block device */
	BP_OBJECT_SOCKET,
	BP_OBJECT_PIPE,
	BP_OBJECT_CHAR, /* rdev says which */
	BP_OBJECT_ANON, /* anon_inode: eventpoll, eventfd, pidfd, ...: name in path */
	BP_OBJECT_USER_PATH, /* path as the program gave it to open and friends, relative to fd */
};

struct bp_socket {
	unsigned short family; /* AF_* */
	unsigned short type; /* SOCK_* */
	unsigned short protocol; /* IPPROTO_* */
	unsigned short local_port; /* host order */
	unsigned short peer_port;
	unsigned short pad;
	unsigned int netns; /* inode of the network namespace */
	unsigned char local[16]; /* IPv4 in the first four bytes */
	unsigned char peer[16];
};

/* What a file descriptor, or a path, that a system call works on, stands for. */
struct bp_object {
	unsigned int kind; /* enum bp_object_kind */
	int fd; /* -1: none; USER_PATH: the directory's fd or AT_FDCWD */
	unsigned int mode; /* i_mode */
	unsigned int dev; /* s_dev, kernel encoding: major << 20 | minor */
	unsigned int rdev; /* i_rdev, likewise */
	unsigned int nr_fds; /* poll, select: how many are asked for; the first is described */
	unsigned long long ino;
	struct bp_socket socket;
	/*
	 * FILE: names from the innermost outwards, each ended by a NUL, up to the
	 * root: path_bytes in all; path_cut when they did not fit.
	 * ANON, USER_PATH: one string. SOCKET of AF_UNIX: the bound path, the peer's or its own.
	 */
	unsigned short path_bytes;
	unsigned short path_cut;
	unsigned int pad;
	char path[BP_PATH_BYTES];
};

/* One Python frame. */
struct bp_python_frame {
	unsigned long long code; /* address of its code object; BP_PYTHON_ENTRY may be set in it */
	unsigned long long instr; /* as the frame holds it: lasti, or the instruction's address */
	unsigned long long
		loop; /* ENTRY: an address in the stack frame of that run of the loop; 0: not known */
};

/* In bp_python_frame.code: outermost frame of one run of the C evaluation loop. */
#define BP_PYTHON_ENTRY 1ull

enum bp_stack_flags {
	BP_STACK_KERNEL_CUT = 1 << 0,
	BP_STACK_USER_CUT = 1 << 1,
	BP_STACK_PYTHON_CUT = 1 << 2,
	BP_STACK_PYTHON_FAULT =
		1 << 3, /* a frame's page was not in memory: what is there is the inner part */
	BP_STACK_SKIPPED = 1 << 4, /* not taken: too many in too short a time */
};

/* Innermost frame first in each part. */
struct bp_stack {
	unsigned short kernel_nr;
	unsigned short user_nr;
	unsigned short python_nr;
	unsigned short flags; /* enum bp_stack_flags */
	unsigned long long task; /* address of the asyncio Task that runs, 0: none or not known */
	unsigned long long kernel[BP_KERNEL_FRAMES];
	unsigned long long user[BP_USER_FRAMES];
	struct bp_python_frame python[BP_PYTHON_FRAMES];
};

/*
 * User registers by their DWARF numbers. x86-64 (psABI, figure 3.36): 0 to 15 are
 * rax rdx rcx rbx rsi rdi rbp rsp r8 to r15, 16 is rip. arm64 (AADWARF64, 4.1):
 * x0 to x30, 31 is sp; the program counter, which has no such number, is 32.
 */
#if defined(__aarch64__) || defined(__TARGET_ARCH_arm64)
#define BP_REGISTER_FP 29
#define BP_REGISTER_SP 31
#define BP_REGISTER_IP 32
#else
#define BP_REGISTER_FP 6
#define BP_REGISTER_SP 7
#define BP_REGISTER_IP 16
#endif

struct bp_registers {
	unsigned long long reg[BP_REGISTERS];
};

enum bp_stack_copy_flags {
	BP_STACK_COPY_CUT = 1 << 0, /* as many bytes as were wanted: the stack may go on */
	BP_STACK_COPY_OF_WAKER = 1 << 1, /* of the thread that ended the block, not of the slot's */
};

/* What a thread was blocked in. */
struct bp_block {
	int syscall; /* number, or BP_NO_SYSCALL */
	unsigned int flags; /* enum bp_block_flags */
	unsigned int wait_class; /* enum bp_wait_class of the call, 0: it is not such a call */
	unsigned int pad;
	unsigned long long wait_id;
	unsigned long long args[6];
	unsigned long long ip; /* user */
	unsigned long long sp;
	unsigned long long fault_addr;
};

/* A copy of a piece of the target's memory. addr 0: none. */
struct bp_snippet {
	unsigned long long addr;
	unsigned char bytes[BP_SNIPPET_BYTES];
};

/*
 * What names the asyncio Task that ran: by the time user space reads, it may
 * have ended and its memory be used for something else.
 */
struct bp_task {
	struct bp_snippet task;
	struct bp_snippet name;
	struct bp_snippet coro;
	struct bp_snippet coro_name;
};

enum bp_other_kind {
	BP_OTHER_NONE,
	BP_OTHER_WAKER, /* the thread that ended the block */
	BP_OTHER_HOLDER, /* the thread that held the GIL; tid may be 0, pthread then says which */
};

struct bp_other {
	unsigned int kind; /* enum bp_other_kind */
	unsigned int tid;
	unsigned int tgid;
	unsigned int pad;
	unsigned long long pthread; /* HOLDER: pthread_self() of it */
	char comm[BP_COMM_LEN];
};

/*
 * A capture: one per slot, filled when the slot's thread blocks inside a turn
 * or a CPU sample hits it. seq is odd while it is written. The parts that are
 * rarely there come last, so that a record ends with what is used.
 */
struct bp_capture {
	unsigned int seq;
	unsigned int question_bytes; /* bytes of question that are filled */
	unsigned long long since_ns; /* start of the block */
	unsigned long long turn_seq;
	struct bp_block block;
	struct bp_object object;
	struct bp_other other;
	struct bp_task task;
	struct bp_stack stack;
	struct bp_stack other_stack;
	unsigned char question[BP_QUESTION_BYTES];
};

/* Blocks too short for a stack each, added up by system call. */
struct bp_sum {
	int syscall;
	unsigned int
		flags; /* enum bp_block_flags, those that tell causes apart: FAULT STOPPED GIL FDS */
	unsigned int used;
	unsigned int count; /* this turn, not yet sent */
	unsigned int carry_count; /* earlier turns, not yet sent */
	unsigned int pad;
	unsigned long long ns; /* this turn */
	unsigned long long max_ns;
	unsigned long long carry_ns; /* earlier turns, none of which was a stall */
	unsigned long long carry_max_ns;
};

/* A process that ran on the CPU that a thread was ready for, while its turn was old. */
struct bp_runner {
	unsigned int tgid; /* 0: none */
	unsigned int pad;
	unsigned long long ns; /* that ticks on that CPU stand for */
	char comm[BP_COMM_LEN]; /* of the thread seen first */
};

struct bp_ledger {
	unsigned long long cpu_ns;
	unsigned long long runqueue_ns;
	unsigned long long throttled_ns;
	unsigned long long blocked_ns;
	unsigned long long unknown_ns;
};

enum bp_slot_use {
	BP_SLOT_FREE,
	BP_SLOT_THREAD, /* bound, no loop: only with --all-threads */
	BP_SLOT_LOOP,
};

/*
 * What bp_slot.doubt says of turns while waits that do not sleep are not
 * seen: several may look like one, which is then no stall. A block ends such a
 * turn and begins the next, so that it can be told of.
 */
enum bp_doubt {
	BP_DOUBT_NONE,
	BP_DOUBT_ALL, /* until user space says otherwise */
	BP_DOUBT_TURN, /* this turn only */
};

/*
 * A watched thread whose time is kept. Written by the kernel side but for the
 * part that says otherwise; user space maps the array and reads it any time.
 */
struct bp_slot {
	/*
	 * What a turn that sleeps in its wait touches is together in three lines of
	 * the cache: with hundreds of loops each event finds them cold.
	 *
	 * Written by user space, read by the kernel side: use to loop_object.
	 */
	unsigned int use; /* enum bp_slot_use */
	unsigned int wait_class; /* enum bp_wait_class; BP_WAIT_NONE: not known yet */
	unsigned long long wait_id;
	unsigned long long
		park_id; /* of its second own wait, a BP_WAIT_FUTEX; 0: it has none, or not known */
	unsigned int doubt; /* enum bp_doubt; the kernel side ends BP_DOUBT_TURN */
	/* Written by the kernel side, but for loop_object. */
	unsigned int state; /* enum bp_state */
	unsigned int in_turn;
	unsigned int
		nap_flags; /* BP_BLOCK_TRY_*: the last call before a sleep was such a try; 0: it was not */
	unsigned long long since_ns; /* of the state */
	unsigned long long waking_ns; /* last wakeup that found it not blocked (yet) */
	unsigned int
		wait_slept; /* the wait that the turn began with slept: its return begins no turn */
	unsigned int pending; /* a block ended whose slice is to be sent when the thread runs */

	unsigned long long turn_seq; /* number of the turn that runs, or ran last */
	unsigned long long turn_start_ns;
	unsigned long long turn_ran_ns; /* when the thread first ran in it; 0: not yet */
	struct bp_ledger turn;

	unsigned long long idle_ns;
	unsigned long long slept_ns; /* when it was last woken from its own wait */
	unsigned long long cpu_sampled_ns; /* turn's cpu time that samples stand for so far */
	unsigned long long
		throttled_mark_ns; /* the cgroup's throttled time when it was preempted */
	unsigned long long turns; /* finished */
	unsigned long long wall_ns; /* of finished turns */
	unsigned long long longest_ns;
	unsigned int tid;
	unsigned int tgid;

	struct bp_ledger total; /* of all finished turns */
	unsigned long long loop_object; /* asyncio: address of the loop object, 0: not known */
	unsigned long long bound_ns; /* when the thread was bound */
	unsigned long long fault_addr; /* of the last page fault, while those are seen; 0: none */
	unsigned long long
		captures_window_ns; /* start of the window in which captures are counted */
	unsigned int captures; /* taken in that window */
	unsigned int nap_fd;
	unsigned long long nap_pid;
	unsigned long long pending_ns; /* length of the block that is pending */
	struct bp_sum sums[BP_SUMS];
	unsigned long long runners_seq; /* the turn that runners is of */
	unsigned long long runners_ns; /* up to when */
	struct bp_runner runners[BP_RUNNERS];
	unsigned int hist[BP_HIST_BUCKETS];
	unsigned int
		stack_copy; /* number of the buffer with its stack while it is blocked; 0: none */
	unsigned int
		stack_copy_bytes; /* of its stack that are wanted, by user space; 0: BP_STACK_COPY_FIRST_BYTES */
	unsigned int stack_copy_holes; /* also behind pages that are not in memory: likewise */
	unsigned int pad;
};

_Static_assert(sizeof(struct bp_slot) % 64 == 0,
	       "slots stand in an array: each in lines of its own");

enum bp_record_type {
	BP_RECORD_SLICE = 1,
	BP_RECORD_SAMPLE,
	BP_RECORD_TURN,
	BP_RECORD_CANDIDATE,
	BP_RECORD_FORK,
	BP_RECORD_EXEC,
	BP_RECORD_EXIT,
	BP_RECORD_OBSERVED_SAMPLE,
	BP_RECORD_STACK_COPY,
};

struct bp_header {
	unsigned int type; /* enum bp_record_type */
	unsigned int slot; /* or BP_NO_SLOT */
	unsigned int tid;
	unsigned int tgid;
	unsigned long long time_ns; /* when it was sent */
};

/*
 * SLICE: blocked time, sent when a block ends. SAMPLE: cpu time.
 * capture is sent up to the last part that is used.
 */
struct bp_slice {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long turn_start_ns;
	unsigned long long ns; /* of this turn */
	unsigned long long max_ns;
	unsigned long long carry_ns; /* of earlier turns: stands beside ns, not in it */
	unsigned int count; /* blocks, or samples */
	unsigned int carry_count;
	struct bp_capture capture;
};

/*
 * COPY: what it takes to unwind the user stack of a thread: its registers as it
 * left user mode, and the stack from sp upwards. It is of the SLICE, SAMPLE or
 * SUSPECT record of the same slot, tid and time that comes after it, maybe with
 * others in between; sent up to the last byte that is filled.
 */
struct bp_stack_copy {
	struct bp_header header;
	unsigned long long since_ns; /* that of the capture; SUSPECT: its header's time_ns */
	unsigned int bytes; /* of stack; ends early where no page is in memory */
	unsigned int flags; /* enum bp_stack_copy_flags */
	unsigned int wanted; /* bytes of stack; there may be up to a page more */
	unsigned int owner; /* the kernel side's: who has this buffer; 0: no one */
	struct bp_registers regs;
	unsigned char stack[BP_STACK_COPY_BYTES];
};

/* TURN: a turn ended that was longer than the threshold. */
struct bp_turn {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long start_ns;
	unsigned long long end_ns;
	struct bp_ledger ledger;
	unsigned long long cpu_sampled_ns;
	long long delayed_events; /* what the next wait returned; -1: not known */
	struct bp_sum sums[BP_SUMS]; /* blocks that no slice was sent for */
	struct bp_runner runners[BP_RUNNERS];
};

/* SUSPECT: a thread of a process that a loop waits for was hit by a CPU tick. */
struct bp_observed_sample {
	struct bp_header header;
	struct bp_stack stack;
};

/* CANDIDATE: a thread that no one has judged yet sleeps in a call that may be a loop's wait. */
struct bp_candidate {
	struct bp_header header;
	unsigned int wait_class;
	unsigned int count; /* how often in a row it has come to this same wait */
	unsigned long long wait_id;
	unsigned long long since_ns;
	unsigned long long pthread; /* pthread_self() */
	unsigned long long others; /* sleeps elsewhere since it was first seen */
	unsigned long long sp; /* user */
	int syscall;
	char comm[BP_COMM_LEN];
	unsigned int pad;
	struct bp_stack stack;
};

/* FORK: parent is the process that forked, or the process itself for a thread. EXIT: status as wait() gives it. */
struct bp_process {
	struct bp_header header;
	unsigned int parent_tgid;
	unsigned int status; /* EXIT */
	unsigned int last; /* EXIT: the last thread of the process */
	unsigned int pad;
	char comm[BP_COMM_LEN];
};

/* What the iterator says of a thread. */
struct bp_watched_snapshot {
	unsigned int tid;
	unsigned int tgid;
	unsigned int state; /* enum bp_state: RUNNING stands for on a CPU or ready to be */
	unsigned int slot; /* or BP_NO_SLOT */
	unsigned int own; /* the thread that asks */
	unsigned int
		before; /* it has not moved since before it was watched: since_ns is too late */
	unsigned long long time_ns; /* when it was looked at */
	unsigned long long since_ns; /* of the state */
	/*
	 * By the scheduler's clock, which differs from CLOCK_MONOTONIC by what the
	 * asking thread's own entry shows: when it last came onto a CPU, and for
	 * how long it then ran. 0: the kernel does not say.
	 */
	unsigned long long sched_arrival_ns;
	unsigned long long sched_ran_ns;
	unsigned long long pthread; /* pthread_self() */
	struct bp_block block;
	char comm[BP_COMM_LEN];
};

/* What a look shows of a thread of a process that a loop waits for. Nothing of it is kept. */
struct bp_observed_snapshot {
	unsigned int tid;
	unsigned int tgid;
	unsigned int
		state; /* enum bp_state: RUNNING stands for on a CPU or ready to be, or BLOCKED */
	unsigned int kernel_nr;
	unsigned long long time_ns;
	unsigned long long switches; /* off a CPU, since it started */
	unsigned long long ran_ns; /* since it started, up to its last tick or switch */
	unsigned long long queued_ns; /* ready, but not on a CPU; likewise */
	unsigned long long sched_arrival_ns; /* as in bp_watched_snapshot */
	unsigned long long sched_ran_ns;
	unsigned long long pthread;
	struct bp_registers regs;
	unsigned int on_cpu; /* RUNNING: now, rather than ready to be; or that is not known */
	unsigned int pad;
	struct bp_block block;
	struct bp_object object;
	unsigned long long kernel[BP_KERNEL_FRAMES];
	char comm[BP_COMM_LEN];
};

/*
 * How to read the CPython interpreter of one process: offsets in bytes,
 * addresses in the target. Filled by user/runtime/python.
 */
struct bp_python {
	unsigned int version; /* major << 8 | minor; 0: no Python */
	unsigned int instr_is_lasti; /* frames hold a 32-bit lasti rather than an address */
	unsigned long long interp_head_addr; /* address of the pointer to the first interpreter */
	unsigned long long gil_addr; /* of the GIL's struct, 0: none found */
	unsigned int gil_bytes;
	unsigned int gil_last_holder; /* in the GIL's struct */
	unsigned int gil_locked;
	unsigned int interp_threads_head;
	unsigned int tstate_next;
	unsigned int tstate_thread_id; /* pthread_self() */
	unsigned int tstate_frame; /* the frame, or the cframe */
	unsigned int tstate_has_cframe;
	unsigned int cframe_frame;
	unsigned int
		tstate_cframe; /* 3.10, 3.11: each run of the C loop has one on its stack; 0: none */
	unsigned int cframe_previous;
	unsigned int frame_back;
	unsigned int frame_code;
	unsigned int frame_instr;
	unsigned int frame_owner; /* 0: frames have none (<= 3.10) */
	unsigned int frame_is_entry; /* 3.11: a byte; 0: none */
	unsigned int
		owner_cstack; /* from this value of owner on it is an entry frame and no Python frame, 0: none */
	unsigned int
		tstate_running_task; /* >= 3.14: the task that runs on a thread; 0: _asyncio is not loaded */
	unsigned long long
		current_tasks; /* address of the _current_tasks dict of _asyncio (>= 3.14: asyncio.tasks), 0: not loaded */
	unsigned int dict_keys; /* PyDictObject.ma_keys */
	unsigned int keys_nentries; /* PyDictKeysObject.dk_nentries */
	unsigned int
		keys_log2_index_bytes; /* 3.11+: its offset; 0: dk_size is an 8-byte number at keys_size */
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

/* What user space knows of a thread that is to be bound to a slot. */
struct bp_bind {
	unsigned int use; /* enum bp_slot_use */
	unsigned int wait_class;
	unsigned long long wait_id;
	unsigned long long park_id;
	unsigned long long loop_object;
	unsigned long long
		turn_start_ns; /* of the turn it is in; 0: not known, or it is in its wait */
	unsigned long long
		blocked_since_ns; /* for one that has not moved since before it was watched; 0: not known */
	unsigned long long
		tstate; /* its Python thread state, 0: not known; the kernel side looks only so far */
	int object_fd; /* of the poll or select that it is blocked in, as only user space can read it now; -1: none */
	unsigned int pad;
};

/* What user space tells of a process: the value of the map processes, by tgid. */
struct bp_process_config {
	unsigned int watched;
	unsigned int follow; /* its children too */
	unsigned int parks; /* it has workers that park: their futexes may be own waits */
	unsigned int pad;
	struct bp_python python;
};

/* Places where something can be lost. Names: bp_loss_name() in user/probe/loss.c. */
enum bp_loss {
	BP_LOSS_SLICE_RING, /* ring buffer full */
	BP_LOSS_SAMPLE_RING,
	BP_LOSS_TURN_RING,
	BP_LOSS_CANDIDATE_RING,
	BP_LOSS_PROCESS_RING,
	BP_LOSS_THREADS, /* task storage could not be had */
	BP_LOSS_SLOTS, /* more loops than slots */
	BP_LOSS_STACK_SKIPPED, /* stacks not taken: too many in too short a time */
	BP_LOSS_PYTHON_FAULT, /* Python frames that were not in memory */
	BP_LOSS_PROCESSES, /* map of processes full */
	BP_LOSS_OBSERVED_SAMPLE_RING,
	BP_LOSS_STACK_COPY_RING, /* copies of stacks: ring more than half full */
	BP_LOSS_STACK_COPY_ROOM, /* no buffer for one */
	BP_LOSS_NR,
};

#endif
