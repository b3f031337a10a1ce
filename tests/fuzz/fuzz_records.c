// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records as they come out of the ring buffer, of any length and contents, with
 * a kernel side that is played: each begins with a byte for its type and two for
 * its length. The fuzzer's own process plays the target.
 */
#include <errno.h>
#include <stdbool.h>

#include "probe/probe.h"
#include "stall/engine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake_python.h"
#include "tests/unit/fake_symbols.h"
#include "tests/unit/memory_sources.h"

#define SLOTS	 4
#define SLOT	 1
#define LOOP_FD	 50
#define START	 1000000000000ull
#define STEP_NS	 30000000ull
#define OPEN_MAX 64
#define PIECES	 16

struct probe {
	struct bp_slot slot[SLOTS + 1];
	struct bp_slice slice[SLOTS + 1];
	struct bp_cell cell[SLOTS + 1];
	struct bp_watched_snapshot thread;
	struct bp_bind bind;
	bool bind_pending;
	const void *record; /* NULL: none is there */
	size_t bytes;
	uint64_t now_ns;
};

static struct probe probe;

uint64_t probe_now_ns(void)
{
	return probe.now_ns;
}

void probe_stop(struct probe *p)
{
	(void)p;
}

void probe_start(struct probe *p)
{
	(void)p;
}

int probe_watch(struct probe *p, pid_t pid, bool follow)
{
	(void)p, (void)pid, (void)follow;
	return 0;
}

void probe_unwatch(struct probe *p, pid_t pid)
{
	(void)p, (void)pid;
}

int probe_python(struct probe *p, pid_t pid, const struct bp_python *python)
{
	(void)p, (void)pid, (void)python;
	return 0;
}

int probe_parks(struct probe *p, pid_t pid, enum bp_parks parks)
{
	(void)p, (void)pid, (void)parks;
	return 0;
}

int probe_bind(struct probe *p, pid_t tid, const struct bp_bind *bind)
{
	if (tid == (pid_t)p->thread.tid) {
		p->bind = *bind;
		p->bind_pending = true;
	}
	return 0;
}

void probe_unbind(struct probe *p, pid_t tid)
{
	(void)tid;
	p->bind_pending = false;
}

int probe_iterate(struct probe *p, probe_watched_fn *fn, void *context)
{
	struct bp_watched_snapshot own = { .own = 1, .state = BP_RUNNING, .since_ns = p->now_ns };
	struct bp_slot *slot = &p->slot[SLOT];

	if (p->bind_pending) {
		p->thread.slot = SLOT;
		slot->use = p->bind.use;
		slot->wait_class = p->bind.wait_class;
		slot->wait_id = p->bind.wait_id;
		slot->tid = p->thread.tid;
		slot->tgid = p->thread.tgid;
		slot->since_ns = p->now_ns;
		p->bind_pending = false;
	}
	if (fn) {
		fn(context, &own);
		fn(context, &p->thread);
	}
	return 0;
}

int probe_iterate_process(struct probe *p, pid_t pid, probe_watched_fn *fn, void *context)
{
	(void)pid;
	return probe_iterate(p, fn, context);
}

int probe_iterate_thread(struct probe *p, pid_t tid, probe_watched_fn *fn, void *context)
{
	(void)tid;
	return probe_iterate(p, fn, context);
}

unsigned int probe_slots(const struct probe *p)
{
	(void)p;
	return SLOTS;
}

struct bp_slot *probe_slot(struct probe *p, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &p->slot[slot] : NULL;
}

void probe_source(struct probe *p, uint64_t source, bool known)
{
	(void)p, (void)source, (void)known;
}

int probe_syncers(struct probe *p, uint32_t dev, probe_syncer_fn *fn, void *context)
{
	(void)p;
	(void)dev;
	(void)fn;
	(void)context;
	return 0;
}

int probe_host_name(struct probe *p, pid_t pid, char name[BP_HOST_NAME_LEN])
{
	(void)p;
	snprintf(name, BP_HOST_NAME_LEN, "host-%d", pid);
	return 0;
}

int probe_servers(struct probe *p, const struct bp_slot *slot, probe_server_fn *fn, void *context)
{
	(void)p;
	fn(context, (pid_t)slot->tgid, (pid_t)slot->tid);
	return 0;
}

bool probe_shows_closed(const struct probe *p)
{
	(void)p;
	return false;
}

uint64_t probe_source_closed_ns(struct probe *p, uint64_t source)
{
	(void)p, (void)source;
	return 0;
}

const struct bp_slice *probe_slice(struct probe *p, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &p->slice[slot] : NULL;
}

int probe_stack_copy(struct probe *p, unsigned int slot, uint64_t since_ns,
		     struct bp_stack_copy *copy)
{
	(void)p, (void)slot, (void)since_ns, (void)copy;
	return -ENOENT;
}

void probe_stack_copy_bytes(struct probe *p, uint32_t bytes)
{
	(void)p, (void)bytes;
}

void probe_slot_free(struct probe *p, unsigned int slot)
{
	if (probe_slot(p, slot))
		memset(&p->slot[slot], 0, sizeof(p->slot[slot]));
}

int probe_waits(struct probe *p, bool on)
{
	(void)p, (void)on;
	return 0;
}

bool probe_waits_always(const struct probe *p)
{
	(void)p;
	return true;
}

int probe_samples(struct probe *p, bool on)
{
	(void)p, (void)on;
	return 0;
}

void probe_old_slots(struct probe *p, const unsigned int *slots, size_t nr)
{
	(void)p, (void)slots, (void)nr;
}

int probe_observe_thread(struct probe *p, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context)
{
	(void)p, (void)pid, (void)tid, (void)fn, (void)context;
	return -ESRCH;
}

int probe_observe_process(struct probe *p, pid_t pid, probe_observed_fn *fn, void *context)
{
	(void)p, (void)pid, (void)fn, (void)context;
	return -ESRCH;
}

int probe_observed_add(struct probe *p, pid_t pid, const struct bp_python *python)
{
	(void)p, (void)pid, (void)python;
	return 0;
}

void probe_observed_clear(struct probe *p)
{
	(void)p;
}

void probe_observed_fd(struct probe *p, pid_t tid, int fd)
{
	(void)p, (void)tid, (void)fd;
}

bool probe_read(struct probe *p, probe_record_fn *fn, void *context)
{
	if (p->record)
		fn(context, p->record, p->bytes);
	p->record = NULL;
	return true;
}

void probe_collect(struct probe *p)
{
	(void)p;
}

bool probe_unread(const struct probe *p, pid_t pid)
{
	(void)pid;
	return p->record != NULL;
}

struct bp_cell *probe_cell(struct probe *p, unsigned int number)
{
	return number >= 1 && number <= SLOTS ? &p->cell[number] : NULL;
}

uint64_t probe_switches_unseen(const struct probe *p)
{
	(void)p;
	return 0;
}

uint64_t probe_loss(const struct probe *p, enum loss loss)
{
	(void)p, (void)loss;
	return 0;
}

void probe_losers(struct probe *p, probe_loser_fn *fn, void *context)
{
	(void)p, (void)fn, (void)context;
}

/* -- what comes out -- */

static void on_loop(void *context, const struct loop_record *record)
{
	(void)context, (void)record;
}

/* Turns that were reported as ongoing, and of which nothing final came. */
static char open_turns[OPEN_MAX][40];

static void close_turn(const char *turn)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (!strcmp(open_turns[i], turn))
			open_turns[i][0] = '\0';
}

static void open_turn(const char *turn)
{
	close_turn(turn);
	for (size_t i = 0; i < OPEN_MAX; i++) {
		if (open_turns[i][0])
			continue;
		strcpy(open_turns[i], turn);
		return;
	}
	abort();
}

static void on_stall(void *context, const struct stall_record *record)
{
	(void)context;
	fuzz_check(ledger_sum(&record->ledger) == record->duration_ns);
	if (record->ongoing)
		open_turn(record->turn);
	else
		close_turn(record->turn);
}

static void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	(void)context;
	fuzz_check(discard_parse(record->reason) < DISCARD_NR);
	close_turn(record->turn);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	(void)context;
	fuzz_check(record->slices.nr > 0);
}

static void on_second(void *context, const struct second_record *record)
{
	uint64_t by_cause_ns = 0;

	(void)context;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		by_cause_ns += record->by_cause_ns[cause];
	fuzz_check(by_cause_ns == ledger_sum(&record->ledger));
}

static void on_exit_(void *context, const struct exit_record *record, bool asked_for)
{
	(void)context, (void)record, (void)asked_for;
}

static void send_record(struct engine *engine, const void *record, size_t bytes)
{
	void *copy = malloc(bytes);

	if (!copy)
		abort();
	memcpy(copy, record, bytes);
	probe.record = copy;
	probe.bytes = bytes;
	engine_run(engine);
	free(copy);
	probe.now_ns += STEP_NS;
}

static void become_loop(struct engine *engine)
{
	struct bp_candidate candidate = {
		.header = { .type = BP_RECORD_CANDIDATE,
			    .slot = BP_NO_SLOT,
			    .tid = probe.thread.tid,
			    .tgid = probe.thread.tgid,
			    .time_ns = probe.now_ns },
		.wait_class = BP_WAIT_EPOLL,
		.wait_id = LOOP_FD,
		.count = 4,
	};

	send_record(engine, &candidate, sizeof(candidate));
}

/* A header that is taken notice of, and whatever the input has behind it. */
static void send_piece(struct engine *engine, const uint8_t **data, size_t *size)
{
	static unsigned char record[(1 << 17) + sizeof(struct bp_header)];
	unsigned int kind = (unsigned int)fuzz_number(data, size, 1);
	size_t bytes = fuzz_number(data, size, 2) * 2, here = bytes < *size ? bytes : *size;
	struct bp_header header = {
		.type = kind % 16,
		.slot = kind & 0x40 ? BP_NO_SLOT : SLOT + kind / 128,
		.tid = probe.thread.tid + (kind & 0x20 ? 1 : 0),
		.tgid = probe.thread.tgid,
		.time_ns = probe.now_ns,
	};

	memset(record, 0, sizeof(header) + bytes);
	memcpy(record, &header, sizeof(header));
	memcpy(record + sizeof(header), *data, here);
	*data += here;
	*size -= here;
	send_record(engine, record, sizeof(header) + bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct engine_options options = { .threshold_ns = 100000000 };
	static const struct engine_sink sink = {
		.loop = on_loop,
		.stall = on_stall,
		.withdrawn = on_withdrawn,
		.blocked = on_blocked,
		.second = on_second,
		.exit = on_exit_,
	};
	static struct symbols symbols;
	struct summary_record summary;
	struct engine *engine;

	memset(&probe, 0, sizeof(probe));
	probe.now_ns = START;
	probe.thread = (struct bp_watched_snapshot){
		.tid = getpid(),
		.tgid = getpid(),
		.state = BP_WAITING,
		.since_ns = START,
	};
	options.memory = process_memory();
	if (engine_new(&engine, &options, &probe, &symbols, &sink))
		abort();
	if (engine_watch(engine, getpid()))
		abort();
	engine_start(engine);
	become_loop(engine);
	for (int i = 0; i < PIECES && size; i++)
		send_piece(engine, &data, &size);
	engine_finish(engine, true);
	for (size_t i = 0; i < OPEN_MAX; i++)
		fuzz_check(!open_turns[i][0]);
	if (engine_summary(engine, &summary) == 0)
		summary_free(&summary);
	engine_free(engine);
	return 0;
}
