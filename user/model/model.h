/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what blockprof says, before any format: the records of blockprof-json(5).
 *
 * Made by stall/ (live) or by recording/ (from a file), shown by output/. Times
 * are nanoseconds. Strings are UTF-8 or not: a format escapes what it prints.
 * NULL or 0 stands for "not known" where nothing else is said.
 */
#ifndef BLOCKPROF_MODEL_MODEL_H
#define BLOCKPROF_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name_count.h"
#include "base/name_value.h"
#include "base/timestamp.h"
#include "model/blind.h"
#include "model/cause.h"
#include "model/discard.h"
#include "model/doubt.h"
#include "model/impact.h"
#include "model/interval.h"
#include "model/length.h"
#include "model/loss.h"
#include "model/second.h"

enum frame_kind {
	FRAME_KERNEL,
	FRAME_NATIVE,
	FRAME_PYTHON,
	FRAME_JS,
	FRAME_JIT,
	FRAME_KIND_NR,
};

const char *frame_kind_name(enum frame_kind kind);
enum frame_kind frame_kind_parse(const char *name);

struct frame {
	enum frame_kind kind;
	const char *fn; /* never NULL */
	const char *file;
	const char *module; /* native: path of the mapped file */
	unsigned int line; /* 0: not known */
	/* The compiler put the function in place of its call, in the code of the next outer frame. */
	bool inlined;
	bool by_frame_pointer; /* native: found by that alone, and maybe wrong */
	/*
	 * Native, but what was inlined: where in which file the code is, of a frame that
	 * called another one the last byte of the call. They tell no two frames apart.
	 */
	const char *build_id; /* hexadecimal */
	uint64_t offset; /* 0: not known */
	bool suspends; /* Python: a coroutine's, or a generator's; in no recording */
};

bool frame_equal(const struct frame *a, const struct frame *b);

/*
 * A stack, innermost frame first. Shared and never changed: counted references,
 * one block of memory for frames and strings. Equal contents have equal hash;
 * what only leads from one Python frame to the next (frame_is_plumbing()) does
 * not count.
 */
struct stack {
	unsigned int refs;
	unsigned int nr;
	size_t bytes; /* of the block */
	bool cut; /* outer frames are missing */
	bool has_python;
	uint64_t hash;
	struct frame frames[];
};

/* Copies frames and their strings; NULL when out of memory. */
struct stack *stack_new(const struct frame *frames, size_t nr, bool cut);
struct stack *stack_get(struct stack *stack); /* NULL gives NULL */
void stack_put(struct stack *stack);
bool stack_equal(const struct stack *a, const struct stack *b);

enum target_kind {
	TARGET_NONE,
	TARGET_FILE,
	TARGET_SOCKET,
	TARGET_PIPE,
	TARGET_FUTEX,
	TARGET_CHILD,
	TARGET_DNS,
	TARGET_DEVICE,
	TARGET_LOCK, /* the kernel's or the runtime's */
	TARGET_KIND_NR,
};

const char *target_kind_name(enum target_kind kind);
enum target_kind target_kind_parse(const char *name);

/* Its kind says which fields count. Strings are owned by the target. */
struct target {
	enum target_kind kind;
	char *path; /* FILE */
	char *proto; /* SOCKET: tcp, udp, unix, ... */
	char *local; /* SOCKET: ADDR:PORT, [ADDR]:PORT, or a path */
	char *peer; /* SOCKET */
	pid_t peer_pid; /* SOCKET, PIPE; 0: not known or not on this machine */
	char *peer_comm; /* SOCKET, PIPE */
	uint64_t addr; /* FUTEX */
	pid_t pid; /* CHILD */
	char *comm; /* CHILD */
	char *name; /* DNS: the name asked; DEVICE; LOCK: what it is called */
	char *server; /* DNS */
};

void target_free(struct target *target); /* the strings; the struct is the caller's */
int target_copy(struct target *to, const struct target *from); /* 0 or -ENOMEM */
int target_compare(const struct target *a, const struct target *b); /* as strcmp() does */
bool target_equal(const struct target *a, const struct target *b);

/* The fields of struct target but its kind, for code that treats them all alike. */
enum target_field_type { TARGET_STRING, TARGET_PID, TARGET_ADDR };

struct target_field {
	const char *name; /* in JSON too */
	enum target_field_type type;
	size_t offset;
};

#define TARGET_FIELDS 11
extern const struct target_field target_fields[TARGET_FIELDS];

void *target_at(struct target *target, const struct target_field *field);
const char *target_string(const struct target *target, const struct target_field *field);
pid_t target_pid(const struct target *target, const struct target_field *field);

/* Another thread that has to do with a slice. */
struct party {
	pid_t pid; /* 0: there is none, or none known */
	pid_t tid;
	char comm[16];
	bool collects; /* HOLDER: it collected garbage meanwhile */
	bool in_turn; /* WAKER: it was in a turn of its own loop for most of that */
	bool kernel; /* WAKER: a thread of the kernel's: for whom it did that is not known */
	struct stack *stack; /* a reference, or NULL */
};

enum culprit_kind {
	CULPRIT_PEER, /* it has the other end of the socket or pipe */
	CULPRIT_OWNER, /* it holds the lock, or the GIL */
	CULPRIT_WAKER, /* it ended the wait for a lock that has no owner: a condition, a future */
	CULPRIT_TRACER, /* it traces the thread, and stopped it */
	CULPRIT_CHILD, /* its end is waited for */
	CULPRIT_SERVER, /* it answers for the file */
	CULPRIT_SYNCER, /* it writes out the same file system */
	CULPRIT_SERVICE, /* it has the name that is called on a bus */
	CULPRIT_RUNNER, /* it ran on the CPU that the thread was ready for */
	CULPRIT_CGROUP, /* its quota was used up */
	CULPRIT_KIND_NR,
};

/* A row of culprit.c: the word, and what it means, as in the man page. */
const char *culprit_kind_name(enum culprit_kind kind);
const char *culprit_kind_meaning(enum culprit_kind kind);
enum culprit_kind culprit_kind_parse(const char *name);

/* Why it is not certain that a culprit is one. */
enum culprit_doubt {
	CULPRIT_CERTAIN,
	CULPRIT_SAME_FILE_SYSTEM, /* it only uses the same one */
	CULPRIT_ONE_OF_SEVERAL, /* others may as well be meant */
	CULPRIT_DOUBT_NR,
};

/* A row of culprit.c. CERTAIN has none: NULL. */
const char *culprit_doubt_name(enum culprit_doubt doubt);
enum culprit_doubt culprit_doubt_parse(const char *name);

/* Largest first. */
struct culprits {
	struct culprit *v;
	size_t nr;
};

/*
 * Why a slice lasted: another thread and what it did meanwhile (several of one
 * thread: it did several things), or a quota. All pointers are owned by it.
 */
struct culprit {
	enum culprit_kind kind;
	pid_t pid; /* 0: a cgroup, or none of this machine */
	pid_t tid; /* 0: it is not known which of its threads */
	char comm[16];
	char *name; /* SERVER: of another machine, its address; SERVICE: the name on the bus */
	enum culprit_doubt doubt;
	uint64_t ns; /* an estimate, of what was seen; 0: not known */
	bool seen; /* what it did is known: idle, cause, syscall, target, stack */
	bool idle; /* it waited for work itself, maybe for that of this thread */
	bool another; /* not the thread of this process that was named before it, if one was */
	/* It stands further up in this chain: they wait for each other; as the first one, the thread for itself. */
	bool cycle;
	enum cause cause;
	char *syscall;
	struct target target;
	struct stack *stack;
	char *cgroup; /* CGROUP: path */
	uint64_t quota_ns; /* CGROUP: of each period_ns */
	uint64_t period_ns;
	struct culprits culprits; /* for whom it waited in turn */
};

#define CULPRITS_DEPTH 6 /* one behind the other */

/* It ran, and did not wait. */
bool culprit_is_cpu(const struct culprit *culprit);
void culprit_clear(struct culprit *culprit); /* frees what it owns, zeroes it */
/* Adds to the one that is the same, or appends; takes what from owns (also on failure). 0 or -ENOMEM. */
int culprits_add(struct culprits *culprits, struct culprit *from);
void culprits_sort(struct culprits *culprits); /* largest first, ties by content */
void culprits_free(struct culprits *culprits);
size_t culprits_bytes(const struct culprits *culprits); /* that they take in memory, about */
int culprits_copy(struct culprits *to, const struct culprits *from);
/* How many percent of all time that was seen ns is. */
unsigned int culprits_percent(const struct culprits *culprits, uint64_t ns);

/* Lost time of one kind in one place. All pointers are owned by the slice. */
struct slice {
	enum cause cause;
	char *syscall; /* NULL: none */
	uint64_t ns;
	uint64_t count;
	uint64_t max_ns;
	struct intervals intervals; /* of its blocks, or of runs of ticks */
	struct target target;
	bool timed_out; /* the longest block ended with the time that the call was given */
	struct party waker; /* of the longest block */
	struct party holder; /* gil */
	struct culprits culprits;
	char *task_name;
	char *task_coro;
	struct stack *stack;
};

/* Is its time of the ledger's cpu time, or of its blocked time? Neither: it was ready, or throttled. */
bool slice_is_cpu(const struct slice *slice);
bool slice_is_blocked(const struct slice *slice);

void slice_clear(struct slice *slice); /* frees what it owns, zeroes it */
int slice_copy(struct slice *to, const struct slice *from);
/* Same cause, syscall, target, task and stack: what merges. */
bool slice_same(const struct slice *a, const struct slice *b);
/* One cause in one place: what a reader sees as one, whatever it waited for, and for which task. */
bool slice_same_place(const struct slice *a, const struct slice *b);
/* Equal where that is so. */
uint64_t slice_place_hash(const struct slice *slice);

struct slices {
	struct slice *v;
	size_t nr;
	size_t capacity;
	size_t bytes; /* that its slices take in memory: slice_bytes() */
	uint64_t placeless; /* slices whose place was not kept, as the set was full */
	uint64_t cut; /* further ones, the smallest, that a line of a recording had no room for */
};

/* What a slice takes in memory, with all that it owns; about. */
size_t slice_bytes(const struct slice *slice);
/* Adds to the slice that is the same, or appends; takes what from owns (also on failure). */
int slices_add(struct slices *slices, struct slice *from);
void slices_sort(struct slices *slices); /* largest ns first, ties by content: stable output */
void slices_free(struct slices *slices);
/* Down to about so many bytes: of the smallest, as many as it takes lose their place, and are counted. */
void slices_shrink(struct slices *slices, size_t bytes);
int slices_copy(struct slices *to, const struct slices *from);
/* The cause with the largest sum; CAUSE_OTHER when there is none. */
enum cause slices_cause(const struct slices *slices);

struct ledger {
	uint64_t cpu_ns;
	uint64_t runqueue_ns;
	uint64_t throttled_ns;
	uint64_t blocked_ns;
	uint64_t unknown_ns;
};

uint64_t ledger_sum(const struct ledger *ledger);

/* Who a thread is. Strings are owned by it. */
struct thread_id {
	pid_t pid;
	pid_t tid;
	char comm[16];
	char *runtime; /* "asyncio", ...; NULL: no loop */
	uint64_t loop; /* its loop's number, the same as long as that lives; 0: not known */
};

/*
 * time_ns of every record is CLOCK_REALTIME at mono_ns. Live records leave it 0,
 * and the output fills it in; those of a recording have the time at which, and
 * of the machine on which, it was made.
 */
struct start_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	uint64_t boot_ns; /* CLOCK_BOOTTIME at mono_ns, which goes on in a machine that sleeps */
	struct zone zone; /* of the machine */
	const char *version;
	const char *host;
	const char *kernel;
	const pid_t *pids; /* nr_pids 0: the whole system */
	size_t nr_pids;
	/* Of the system only these: "comm", "unit" or "cgroup", and what was given. */
	const struct name_value *only;
	size_t nr_only;
	uint64_t threshold_ns;
	const struct name_value *features; /* and the mechanism used */
	size_t nr_features;
};

struct home; /* model/home.h */

/* What a loop's events come from. */
struct source {
	const char *kind; /* "epoll", "uring" or "poll"; NULL: not known yet */
	const int *fds; /* by which the process knows it, or that all of its polls have */
	size_t nr_fds;
};

struct loop_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	struct thread_id id;
	const char *exe;
	const char *runtime_version;
	const char *wait_syscall; /* NULL: not known yet */
	int wait_fd; /* -1: none */
	struct source source;
	const char *cgroup;
	const char *unit;
	const char *container;
	const char *container_name;
	const char *pod;
	const char *namespace; /* of that pod */
};

struct stall_record {
	uint64_t mono_ns; /* where the turn began */
	uint64_t time_ns;
	char turn[40]; /* TID-SEQ */
	bool ongoing;
	bool at_end; /* it went on when the watch ended: its last report, up to then */
	enum doubt doubt;
	struct thread_id id;
	const struct home *home; /* NULL: not known to who has the record */
	uint64_t duration_ns;
	bool before_attach;
	uint64_t
		nested_ns; /* how long the callback lasts that serves the loop from inside of it; 0: none does */
	int64_t delayed_events; /* -1: not known */
	struct impact impact; /* of one that is not ongoing */
	struct ledger ledger;
	enum cause cause;
	const char *advice; /* how to get it off the loop, in one line; NULL: none is known */
	struct slices slices; /* largest first */
};

/* A copy that owns what it points to: stall_clear(). 0 or -ENOMEM. */
int stall_copy(struct stall_record *to, const struct stall_record *from);
void stall_clear(struct stall_record *stall);

/*
 * The slice that a stall is named after, wherever it is shown: of its cause,
 * the largest in the place that sums up to most. NULL: it has none of its cause.
 */
const struct slice *stall_verdict(const struct stall_record *stall);

/*
 * The slice whose stack says where the thread was: that one, or, where it was not let
 * run, which has no stack, that in the place with most time. NULL: not known.
 */
const struct slice *stall_place(const struct stall_record *stall);

/* A stall that was reported while it lasted, and turned out to be none. */
struct withdrawn_record {
	uint64_t mono_ns; /* when that was found out */
	uint64_t time_ns;
	char turn[40]; /* as in the stall */
	struct thread_id id;
	const char *reason; /* discard_name(), or that of another version */
};

/* What is to be said of one that was reported while it lasted. Its strings stay the stall's. */
struct withdrawn_record stall_withdrawn(const struct stall_record *stall, enum discard reason);

struct blocked_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	struct thread_id id;
	struct slices slices;
};

/*
 * What one loop did in about a second (mono_ns: where it begins; idle time and ledger
 * are how long it is), turns that run on included; or in several in which it only waited.
 */
struct second_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	struct thread_id id;
	uint64_t turns; /* that ended in it */
	uint64_t longest_ns; /* of these */
	uint64_t idle_ns;
	struct ledger ledger;
	uint64_t by_cause_ns[CAUSE_NR]; /* all of the ledger's time */
	uint64_t buckets[SECOND_BUCKETS]; /* of these turns */
	uint64_t lengths[LENGTH_BUCKETS]; /* of them, too; in no recording */
	uint64_t delayed_events; /* by stalls among them */
	struct name_count *lost; /* since the record before, of whatever loop */
	size_t nr_lost;
};

#define EXIT_STATUS_UNKNOWN (-1) /* what would have said it was lost */

struct exit_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	pid_t pid;
	int status; /* as wait() gives it, or EXIT_STATUS_UNKNOWN */
};

enum note_kind {
	NOTE_POOL_BUSY, /* work waits, as all workers of a thread pool are busy */
	NOTE_TASKS_GROW, /* asyncio's */
	NOTE_THREADS_GROW,
	NOTE_KIND_NR,
};

const char *note_kind_name(enum note_kind kind);
enum note_kind note_kind_parse(const char *name); /* NOTE_KIND_NR: none of them */
/* What keeps growing: "tasks"; NULL: the note is of a pool, with its workers and the work that waits. */
const char *note_kind_growing(enum note_kind kind);

/* What workers of a pool are in. Strings belong to whoever made the record. */
struct note_call {
	const char *fn; /* never NULL */
	const char *file;
	unsigned int line; /* 0: not known */
	const char *host; /* the name that is looked up */
	uint64_t workers; /* how many are in it */
};

#define NOTE_CALLS_MAX 8

/* Something that a process runs out of, or makes more and more of. */
struct note_record {
	uint64_t mono_ns; /* when it began */
	uint64_t time_ns;
	enum note_kind kind;
	pid_t pid;
	char comm[16];
	uint64_t duration_ns; /* since then */
	/* NOTE_POOL_BUSY */
	uint64_t workers;
	uint64_t waiting; /* pieces of work, for a worker; 0: not known */
	const char *pool; /* what it is called; NULL: one of several of the process's own */
	struct note_call calls[NOTE_CALLS_MAX]; /* those with the most workers first */
	size_t nr_calls;
	/* NOTE_*_GROW: how many there were, and are now */
	uint64_t from;
	uint64_t to;
};

struct loop_summary {
	struct thread_id id;
	uint64_t turns;
	uint64_t wall_ns; /* of turns and idle time */
	uint64_t idle_ns;
	struct ledger ledger;
	uint64_t stalls; /* but the doubtful ones */
	uint64_t doubtful;
	uint64_t longest_ns;
	uint64_t p50_ns;
	uint64_t p99_ns;
};

struct summary_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	uint64_t duration_ns;
	struct loop_summary *loops;
	size_t nr_loops;
	struct name_count *lost; /* only those above 0 */
	size_t nr_lost;
	struct discard_count *discarded; /* only those above 0 */
	size_t nr_discarded;
	const struct name_count *ignored; /* only those above 0 */
	size_t nr_ignored;
	struct name_count *blind; /* only those above 0 */
	size_t nr_blind;
	uint64_t unmatched; /* stalls that were left out by --match */
	uint64_t
		switches_unseen; /* that the kernel did not show: settled by what its scheduler keeps */
	int command_status; /* as wait() gives it; -1: no COMMAND, or it still runs */
};

#endif
