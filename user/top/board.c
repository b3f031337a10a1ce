// SPDX-License-Identifier: GPL-2.0-or-later
/* board.c - how reports of stalls and the state of loops at each refresh become figures over windows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/hist.h"
#include "top/board_private.h"

#define ENTRIES_MAX	8192
#define ENDED_MAX	256 /* loops that have ended, and are still shown for a while */
#define ENDED_KEEP_NS	(30 * NS_PER_SEC)
#define HISTORIES_MAX	2000 /* stalls that are kept, of all loops together */
#define HISTORIES_BYTES (12u << 20) /* that they may take: the loop with most loses some first */
#define STANDS_MISSING	2 /* refreshes without its turn until an ongoing stall counts as none */

int board_new(struct board **out, uint64_t threshold_ns, uint64_t now_ns)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->threshold_ns = threshold_ns;
	(*out)->start_ns = (*out)->now_ns = now_ns;
	return where_new(&(*out)->where);
}

static void uncount(struct board *board, const struct entry *entry)
{
	board->histories -= entry->history.nr;
	board->history_bytes -= history_bytes(&entry->history);
}

static void count(struct board *board, const struct entry *entry)
{
	board->histories += entry->history.nr;
	board->history_bytes += history_bytes(&entry->history);
}

static void free_entry(struct board *board, struct entry *entry)
{
	uncount(board, entry);
	history_free(&entry->history);
	free(entry->runtime);
	free(entry);
}

void board_free(struct board *board)
{
	if (!board)
		return;
	for (size_t i = 0; i < board->nr; i++)
		free_entry(board, board->entries[i]);
	free(board->entries);
	free(board->rows);
	where_free(board->where);
	free(board);
}

int board_belongs(struct board *board, const struct loop_record *loop)
{
	return where_learn(board->where, loop);
}

/* Loops come in the same order each time: mostly it is the one after the last. */
static struct entry *find(struct board *board, uint64_t number)
{
	for (size_t i = 0; i < board->nr; i++) {
		size_t at = (board->hint + i) % board->nr;

		if (board->entries[at]->number == number) {
			board->hint = at + 1;
			return board->entries[at];
		}
	}
	return NULL;
}

/* The loop that a thread ran last. */
static struct entry *find_thread(const struct board *board, pid_t pid, pid_t tid)
{
	for (size_t i = board->nr; i-- > 0;)
		if (board->entries[i]->id.tid == tid && board->entries[i]->id.pid == pid)
			return board->entries[i];
	return NULL;
}

/* since_ns: since when it is known; not before the watch began. */
static struct entry *add(struct board *board, const struct thread_id *id, uint64_t number,
			 uint64_t since_ns)
{
	struct entry *entry, **grown;

	if (board->nr == ENTRIES_MAX) {
		board->left_out++;
		return NULL;
	}
	if (!(board->nr & (board->nr - 1))) {
		size_t room = board->nr ? board->nr * 2 : 1;

		grown = realloc(board->entries, room * sizeof(struct entry *));
		if (!grown)
			return NULL;
		board->entries = grown;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->id = *id;
	entry->runtime = strdup(id->runtime ? id->runtime : "");
	if (!entry->runtime) {
		free(entry);
		return NULL;
	}
	entry->number = number;
	entry->tasks = entry->threads = -1;
	entry->since_ns = since_ns > board->start_ns ? since_ns : board->start_ns;
	entry->now.time_ns = entry->since_ns;
	for (int i = 0; i < BASE_NR; i++)
		entry->bases[i].time_ns = entry->since_ns;
	board->entries[board->nr++] = entry;
	return entry;
}

static void forget(struct board *board, size_t at)
{
	free_entry(board, board->entries[at]);
	memmove(&board->entries[at], &board->entries[at + 1],
		(--board->nr - at) * sizeof(struct entry *));
}

/* -- stalls -- */

static uint64_t turn_seq(const struct stall_record *stall)
{
	const char *seq = strrchr(stall->turn, '-');

	return seq ? strtoull(seq + 1, NULL, 10) : 0;
}

/* The turn was a stall at the refreshes before it was reported, too. */
static void add_earlier(struct mark *mark, uint64_t start_ns)
{
	if (mark->time_ns > start_ns)
		mark->stalled_ns += mark->time_ns - start_ns;
}

static void note_longest(struct entry *entry, uint64_t ns)
{
	for (int i = 0; i < BASE_NR; i++)
		if (ns > entry->bases[i].longest_ns)
			entry->bases[i].longest_ns = ns;
	if (ns > entry->longest_ns)
		entry->longest_ns = ns;
}

/* What of a stall's cpu time the collector took is its own cause. */
static void add_cpu(struct entry *entry, const struct stall_record *stall)
{
	uint64_t gc_ns = 0, cpu_ns = stall->ledger.cpu_ns;

	for (size_t i = 0; i < stall->slices.nr; i++)
		if (stall->slices.v[i].cause == CAUSE_GC && slice_is_cpu(&stall->slices.v[i]))
			gc_ns += stall->slices.v[i].ns;
	gc_ns = gc_ns < cpu_ns ? gc_ns : cpu_ns;
	entry->stalls.causes_ns[CAUSE_GC] += gc_ns;
	entry->stalls.causes_ns[CAUSE_CPU] += cpu_ns - gc_ns;
}

static void end_stall(struct entry *entry, const struct stall_record *stall)
{
	uint64_t end_ns = stall->mono_ns + stall->duration_ns;

	if (end_ns > entry->ongoing_start_ns)
		entry->stalls.stalled_ns += end_ns - entry->ongoing_start_ns;
	entry->stalls.stalls++;
	if (stall->delayed_events > 0)
		entry->stalls.delayed_events += stall->delayed_events;
	/* of a loop that was never seen, nothing else will be known about its causes */
	for (size_t i = 0; i < stall->slices.nr && entry->unseen; i++)
		if (slice_is_blocked(&stall->slices.v[i]))
			entry->stalls.causes_ns[stall->slices.v[i].cause] += stall->slices.v[i].ns;
	add_cpu(entry, stall);
	entry->stalls.causes_ns[CAUSE_RUNQUEUE] += stall->ledger.runqueue_ns;
	entry->stalls.causes_ns[CAUSE_THROTTLED] += stall->ledger.throttled_ns;
	entry->ongoing_seq = 0;
	if (stall->duration_ns > entry->ended_longest_ns)
		entry->ended_longest_ns = stall->duration_ns;
}

static void keep_stall(struct board *board, struct entry *entry, const struct stall_record *stall)
{
	bool full = board->histories >= HISTORIES_MAX && entry->history.nr > 1;

	uncount(board, entry);
	if (full)
		history_forget(&entry->history);
	history_add(&entry->history, stall);
	count(board, entry);
}

static void bound_histories(struct board *board)
{
	size_t before = 0;

	while (board->history_bytes > HISTORIES_BYTES && board->history_bytes != before) {
		struct entry *most = board->entries[0];

		before = board->history_bytes;
		for (size_t i = 1; i < board->nr; i++)
			if (history_bytes(&board->entries[i]->history) >
			    history_bytes(&most->history))
				most = board->entries[i];
		uncount(board, most);
		history_shrink(&most->history);
		count(board, most);
	}
}

void board_stall(struct board *board, const struct stall_record *stall)
{
	struct entry *entry = find_thread(board, stall->id.pid, stall->id.tid);
	uint64_t seq = turn_seq(stall);

	if (!entry) {
		entry = add(board, &stall->id, UINT64_MAX - board->unseen++, stall->mono_ns);
		if (!entry)
			return;
		entry->unseen = true;
	}
	entry->ongoing_began_ns = stall->mono_ns;
	entry->ongoing_start_ns =
		stall->mono_ns > entry->since_ns ? stall->mono_ns : entry->since_ns;
	entry->ongoing_missing = 0;
	if (seq != entry->ongoing_seq) {
		add_earlier(&entry->now, entry->ongoing_start_ns);
		for (int i = BASE_RECENT; i < BASE_NR; i++)
			add_earlier(&entry->bases[i], entry->ongoing_start_ns);
		entry->ongoing_seq = seq;
	}
	if (!stall->ongoing) {
		board->stalls++;
		end_stall(entry, stall);
	}
	keep_stall(board, entry, stall);
	bound_histories(board);
}

void board_withdrawn(struct board *board, const struct withdrawn_record *withdrawn)
{
	struct entry *entry = find_thread(board, withdrawn->id.pid, withdrawn->id.tid);

	if (!entry)
		return;
	entry->ongoing_seq = 0;
	uncount(board, entry);
	history_withdraw(&entry->history, withdrawn->turn);
	count(board, entry);
}

/* -- refreshes -- */

void board_begin(struct board *board, uint64_t now_ns)
{
	board->now_ns = now_ns;
}

static void shift_base(struct entry *entry, enum base to, const struct mark *from)
{
	uint64_t longest_ns = from == &entry->now ? 0 : from->longest_ns;

	entry->bases[to] = *from;
	entry->bases[to].longest_ns = longest_ns;
}

static void shift_bases(struct entry *entry)
{
	shift_base(entry, BASE_INTERVAL, &entry->now);
	if (entry->now.time_ns - entry->bases[BASE_RECENT_NEXT].time_ns < BOARD_RECENT_NS / 2)
		return;
	shift_base(entry, BASE_RECENT, &entry->bases[BASE_RECENT_NEXT]);
	shift_base(entry, BASE_RECENT_NEXT, &entry->now);
}

/* The longest turn that has ended since the last time: stalls are reported, others only counted. */
static uint64_t longest_new(const struct board *board, const struct entry *entry,
			    const struct engine_loop *loop)
{
	if (loop->longest_ns > entry->longest_ns)
		return loop->longest_ns;
	for (unsigned int i = HIST_BUCKETS; i-- > 0;) {
		uint64_t ns = hist_bucket_ns(i);

		if (ns < board->threshold_ns && loop->hist[i] != entry->now.hist[i])
			return ns < loop->longest_ns ? ns : loop->longest_ns;
	}
	return 0;
}

/* How long the stall lasts that it is in: up to now, or to the last time if its final report is on its way. */
static uint64_t ongoing_until(struct entry *entry, const struct engine_loop *loop)
{
	if (!entry->ongoing_seq)
		return 0;
	if (loop->turn_seq == entry->ongoing_seq) {
		entry->ongoing_missing = 0;
		return loop->now_ns > entry->ongoing_start_ns
			       ? loop->now_ns - entry->ongoing_start_ns
			       : 0;
	}
	if (++entry->ongoing_missing < STANDS_MISSING)
		return entry->now.time_ns > entry->ongoing_start_ns
			       ? entry->now.time_ns - entry->ongoing_start_ns
			       : 0;
	/* it was no stall after all */
	entry->ongoing_seq = 0;
	return 0;
}

static void stand(const struct board *board, struct entry *entry, const struct engine_loop *loop)
{
	struct mark *now = &entry->now;
	uint64_t ongoing_ns = ongoing_until(entry, loop);

	note_longest(entry, longest_new(board, entry, loop));
	note_longest(entry, entry->ended_longest_ns);
	entry->ended_longest_ns = 0;
	if (ongoing_ns)
		note_longest(entry, entry->ongoing_start_ns + ongoing_ns - entry->ongoing_began_ns);
	now->time_ns = loop->now_ns;
	now->wall_ns = loop->wall_ns;
	now->idle_ns = loop->idle_ns;
	now->turns = loop->turns;
	now->stalls = entry->stalls.stalls;
	now->delayed_events = entry->stalls.delayed_events;
	now->stalled_ns = entry->stalls.stalled_ns + ongoing_ns;
	memcpy(now->causes_ns, loop->blocked_ns, sizeof(now->causes_ns));
	now->causes_ns[CAUSE_CPU] = entry->stalls.causes_ns[CAUSE_CPU];
	now->causes_ns[CAUSE_GC] += entry->stalls.causes_ns[CAUSE_GC];
	now->causes_ns[CAUSE_RUNQUEUE] = entry->stalls.causes_ns[CAUSE_RUNQUEUE];
	now->causes_ns[CAUSE_THROTTLED] = entry->stalls.causes_ns[CAUSE_THROTTLED];
	if (ongoing_ns) {
		now->causes_ns[CAUSE_CPU] += loop->turn.cpu_ns;
		now->causes_ns[CAUSE_RUNQUEUE] += loop->turn.runqueue_ns;
		now->causes_ns[CAUSE_THROTTLED] += loop->turn.throttled_ns;
	}
	memcpy(now->hist, loop->hist, sizeof(now->hist));
}

/* Of a block that had begun before the watch, only the rest counts. */
static void note_before(struct entry *entry, const struct engine_loop *loop)
{
	uint64_t known_ns = loop->now_ns > entry->since_ns ? loop->now_ns - entry->since_ns : 0;

	for (int cause = 0; cause < CAUSE_NR; cause++) {
		if (loop->blocked_ns[cause] <= known_ns)
			continue;
		entry->before_ns[cause] = loop->blocked_ns[cause] - known_ns;
		entry->now.causes_ns[cause] = entry->before_ns[cause];
		for (int i = 0; i < BASE_NR; i++)
			entry->bases[i].causes_ns[cause] = entry->before_ns[cause];
	}
}

static struct entry *add_loop(struct board *board, const struct engine_loop *loop)
{
	uint64_t since_ns = loop->now_ns > loop->wall_ns ? loop->now_ns - loop->wall_ns : 0;

	return add(board, loop->id, loop->number, since_ns);
}

static void adopt(struct board *board, struct entry *entry, const struct engine_loop *loop)
{
	if (entry->ended_ns)
		board->ended--;
	entry->ended_ns = 0;
	entry->unseen = false;
	entry->number = loop->number;
}

void board_loop(struct board *board, const struct engine_loop *loop)
{
	struct entry *entry = find(board, loop->number);

	if (!entry) {
		/* a stall of it was reported before it was seen */
		entry = find_thread(board, loop->id->pid, loop->id->tid);
		if (entry && entry->unseen)
			adopt(board, entry, loop);
		else
			entry = add_loop(board, loop);
		if (entry)
			note_before(entry, loop);
	}
	if (!entry)
		return;
	memcpy(entry->id.comm, loop->id->comm, sizeof(entry->id.comm));
	entry->seen_ns = board->now_ns;
	shift_bases(entry);
	stand(board, entry, loop);
}

/* The figures of a loop that has ended stay as they are. */
static void end_entry(struct board *board, struct entry *entry)
{
	if (!entry->ended_ns) {
		entry->ended_ns = board->now_ns;
		board->ended++;
	}
	shift_bases(entry);
	note_longest(entry, entry->ended_longest_ns);
	entry->ended_longest_ns = 0;
	entry->now.time_ns = board->now_ns;
	entry->now.stalls = entry->stalls.stalls;
	entry->now.delayed_events = entry->stalls.delayed_events;
	entry->now.stalled_ns = entry->stalls.stalled_ns;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (entry->unseen || !cause_is_blocked((enum cause)cause))
			entry->now.causes_ns[cause] = entry->stalls.causes_ns[cause];
	entry->ongoing_seq = 0;
}

void board_end(struct board *board)
{
	for (size_t i = 0; i < board->nr;) {
		struct entry *entry = board->entries[i];

		if (entry->seen_ns != board->now_ns)
			end_entry(board, entry);
		if (entry->ended_ns &&
		    (board->now_ns - entry->ended_ns > ENDED_KEEP_NS || board->ended > ENDED_MAX)) {
			board->ended--;
			forget(board, i);
		} else {
			i++;
		}
	}
}

void board_ask(struct board *board, board_census_fn *fn, void *context, size_t max)
{
	struct board_census census = { -1, -1 };
	pid_t asked = 0;

	for (size_t i = 0, nr = 0; i < board->nr && nr < max; i++) {
		struct entry *entry = board->entries[board->asked++ % board->nr];

		if (entry->ended_ns)
			continue;
		/* the loops of one process are mostly next to each other */
		if (entry->id.pid != asked) {
			asked = entry->id.pid;
			census = (struct board_census){ -1, -1 };
			fn(context, asked, &census);
			nr++;
		}
		entry->tasks = census.tasks;
		entry->threads = census.threads;
		if (census.tasks >= 0)
			leak_add(&entry->tasks_leak, census.tasks, board->now_ns);
		if (census.threads >= 0)
			leak_add(&entry->threads_leak, census.threads, board->now_ns);
	}
}

const struct history *board_history(const struct board *board, uint64_t number)
{
	for (size_t i = 0; i < board->nr; i++)
		if (board->entries[i]->number == number)
			return &board->entries[i]->history;
	return NULL;
}

uint64_t board_stalls(const struct board *board)
{
	return board->stalls;
}

uint64_t board_left_out(const struct board *board)
{
	return board->left_out;
}
