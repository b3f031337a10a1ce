// SPDX-License-Identifier: GPL-2.0-or-later
/* part.c - which records are of a time, and of a loop that was asked for. */
#include "report/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/parse.h"
#include "base/timestamp.h"
#include "report/loop_numbers.h"
#include "report/second_sums.h"

/* What is known of a loop in this part. */
struct chosen {
	bool known; /* a loop record has said what it is */
	bool chosen;
	uint64_t stalls;
	uint64_t doubtful;
	uint64_t longest_ns;
	struct second_sum seconds; /* of this part */
};

struct part {
	struct moment since, until;
	struct patterns *patterns; /* one; NULL: all loops */
	uint64_t end_ns;
	/* Of the recording that is read now. */
	uint64_t since_ns, until_ns;
	uint64_t begin_ns;
	struct zone zone;
	char *host;
	struct loop_numbers *loops;
	struct chosen *v; /* by the loop's number */
	size_t nr;
	bool cut;
	bool has_seconds; /* the recording that is read now */
	bool without_seconds; /* one that was cut */
	const struct recording_reader *next;
};

/* "HH:MM" or "HH:MM:SS" */
static int parse_of_day(const char *text, uint64_t *ns)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%H:%M:%S", &tm);

	if (!end) {
		tm = (struct tm){ 0 };
		end = strptime(text, "%H:%M", &tm);
	}
	if (!end || *end)
		return -EINVAL;
	*ns = (uint64_t)((tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec) * NS_PER_SEC;
	return 0;
}

int moment_parse(const char *text, struct moment *moment)
{
	if (*text == '-') {
		moment->kind = MOMENT_BEFORE_END;
		return duration_parse(text + 1, NS_PER_SEC, &moment->ns) ? -EINVAL : 0;
	}
	moment->kind = MOMENT_AT;
	if (!timestamp_parse(text, &moment->ns))
		return 0;
	moment->kind = MOMENT_OF_DAY;
	return parse_of_day(text, &moment->ns);
}

int part_new(struct part **out)
{
	struct part *part = calloc(1, sizeof(*part));

	if (!part || loop_numbers_new(&part->loops)) {
		free(part);
		return -ENOMEM;
	}
	part->until_ns = UINT64_MAX;
	*out = part;
	return 0;
}

void part_free(struct part *part)
{
	if (!part)
		return;
	patterns_free(part->patterns);
	loop_numbers_free(part->loops);
	free(part->v);
	free(part->host);
	free(part);
}

void part_since(struct part *part, struct moment moment)
{
	part->since = moment;
}

void part_until(struct part *part, struct moment moment)
{
	part->until = moment;
}

int part_loops(struct part *part, const char *regex, char reason[PATTERN_REASON_BYTES])
{
	patterns_free(part->patterns);
	part->patterns = NULL;
	if (patterns_new(&part->patterns))
		return -ENOMEM;
	return patterns_add(part->patterns, regex, reason);
}

bool part_wants_end(const struct part *part)
{
	return part->since.kind == MOMENT_BEFORE_END || part->until.kind == MOMENT_BEFORE_END;
}

void part_end(struct part *part, uint64_t end_ns)
{
	part->end_ns = end_ns;
}

bool part_has_cut(const struct part *part)
{
	return part->cut;
}

bool part_has_seconds(const struct part *part)
{
	return !part->without_seconds;
}

static uint64_t resolve(const struct part *part, const struct moment *moment, uint64_t none_ns)
{
	switch (moment->kind) {
	case MOMENT_AT:
		return moment->ns;
	case MOMENT_OF_DAY:
		return add_saturated(zone_midnight(&part->zone, part->begin_ns), moment->ns);
	case MOMENT_BEFORE_END:
		return part->end_ns > moment->ns ? part->end_ns - moment->ns : 0;
	default:
		return none_ns;
	}
}

/* Whether something that lasted from one moment to another is of the time. */
static bool is_within(const struct part *part, uint64_t from_ns, uint64_t to_ns)
{
	return to_ns >= part->since_ns && from_ns < part->until_ns;
}

/* -- loops -- */

/* NULL: there is no room. */
static struct chosen *chosen_of(struct part *part, const struct thread_id *id)
{
	size_t at = loop_numbers_add(part->loops, id), nr = loop_numbers_nr(part->loops);

	if (at == LOOP_NUMBERS_NONE)
		return NULL;
	if (at >= part->nr) {
		struct chosen *grown = reallocarray(part->v, 2 * nr, sizeof(grown[0]));

		if (!grown)
			return NULL;
		memset(grown + part->nr, 0, (2 * nr - part->nr) * sizeof(grown[0]));
		part->v = grown;
		part->nr = 2 * nr;
	}
	return &part->v[at];
}

static bool is_like(const struct part *part, const char *name)
{
	return name && patterns_match(part->patterns, 0, name);
}

/* By what every record of it has. */
static bool is_like_thread(const struct part *part, const struct thread_id *id)
{
	return is_like(part, id->comm) || is_like(part, id->runtime) || is_like(part, part->host);
}

static bool is_chosen(struct part *part, const struct thread_id *id)
{
	struct chosen *chosen;

	if (!part->patterns)
		return true;
	chosen = chosen_of(part, id);
	if (chosen && !chosen->known) {
		chosen->known = true;
		chosen->chosen = is_like_thread(part, id);
	}
	return chosen ? chosen->chosen : is_like_thread(part, id);
}

static void take_loop(void *context, const struct loop_record *loop)
{
	struct part *part = context;
	struct chosen *chosen = chosen_of(part, &loop->id);
	bool fits = !part->patterns || is_like_thread(part, &loop->id) ||
		    is_like(part, loop->exe) || is_like(part, loop->unit) ||
		    is_like(part, loop->cgroup) || is_like(part, loop->container) ||
		    is_like(part, loop->container_name) || is_like(part, loop->pod) ||
		    is_like(part, loop->namespace);

	struct loop_record own = *loop;

	if (chosen)
		*chosen = (struct chosen){ .known = true, .chosen = fits };
	/* of what there was before the part, it is there from its beginning */
	if (own.time_ns < part->since_ns) {
		own.mono_ns = add_saturated(own.mono_ns, part->since_ns - own.time_ns);
		own.time_ns = part->since_ns;
	}
	if (fits && own.time_ns < part->until_ns && part->next->loop)
		part->next->loop(part->next->context, &own);
}

/* -- other records -- */

static void take_start(void *context, const struct start_record *start)
{
	struct part *part = context;

	free(part->host);
	part->host = start->host ? strdup(start->host) : NULL;
	loop_numbers_on_host(part->loops, start->host);
	/* each summary is of its own recording */
	for (size_t i = 0; i < part->nr; i++)
		part->v[i] = (struct chosen){
			.known = part->v[i].known,
			.chosen = part->v[i].chosen,
		};
	part->has_seconds = false;
	part->begin_ns = start->time_ns;
	part->zone = zone_elsewhere(&start->zone, start->time_ns);
	part->since_ns = resolve(part, &part->since, 0);
	part->until_ns = resolve(part, &part->until, UINT64_MAX);
	if (part->next->start)
		part->next->start(part->next->context, start);
}

static void take_stall(void *context, const struct stall_record *stall)
{
	struct part *part = context;
	struct chosen *chosen;

	if (!is_within(part, stall->time_ns, add_saturated(stall->time_ns, stall->duration_ns)) ||
	    !is_chosen(part, &stall->id))
		return;
	chosen = chosen_of(part, &stall->id);
	if (chosen && (!stall->ongoing || stall->at_end)) {
		chosen->stalls += !stall->doubt;
		chosen->doubtful += stall->doubt != DOUBT_NONE;
		if (stall->duration_ns > chosen->longest_ns)
			chosen->longest_ns = stall->duration_ns;
	}
	if (part->next->stall)
		part->next->stall(part->next->context, stall);
}

static void take_withdrawn(void *context, const struct withdrawn_record *withdrawn)
{
	struct part *part = context;

	if (part->next->withdrawn && is_chosen(part, &withdrawn->id))
		part->next->withdrawn(part->next->context, withdrawn);
}

static void take_blocked(void *context, const struct blocked_record *blocked)
{
	struct part *part = context;

	if (part->next->blocked && is_within(part, blocked->time_ns, blocked->time_ns) &&
	    is_chosen(part, &blocked->id))
		part->next->blocked(part->next->context, blocked);
}

/* Where a loop only waited is cut; what it did is of the second in which it began. */
static bool cut_second(const struct part *part, struct second_record *second)
{
	uint64_t from_ns = second->time_ns, to_ns = add_saturated(from_ns, second->idle_ns);

	if (!second_is_quiet(second))
		return is_within(part, from_ns, from_ns);
	if (!is_within(part, from_ns, to_ns))
		return false;
	from_ns = from_ns > part->since_ns ? from_ns : part->since_ns;
	to_ns = to_ns < part->until_ns ? to_ns : part->until_ns;
	second->mono_ns = add_saturated(second->mono_ns, from_ns - second->time_ns);
	second->time_ns = from_ns;
	second->idle_ns = to_ns - from_ns;
	return true;
}

static void take_second(void *context, const struct second_record *second)
{
	struct part *part = context;
	struct second_record own = *second;
	struct chosen *chosen;

	part->has_seconds = true;
	if (!cut_second(part, &own) || !is_chosen(part, &second->id))
		return;
	chosen = chosen_of(part, &second->id);
	if (chosen)
		second_sum_add(&chosen->seconds, &own);
	if (part->next->second)
		part->next->second(part->next->context, &own);
}

static void take_exit(void *context, const struct exit_record *exited)
{
	struct part *part = context;

	if (part->next->exit && is_within(part, exited->time_ns, exited->time_ns))
		part->next->exit(part->next->context, exited);
}

static void take_note(void *context, const struct note_record *note)
{
	struct part *part = context;

	if (part->next->note &&
	    is_within(part, note->time_ns, add_saturated(note->time_ns, note->duration_ns)))
		part->next->note(part->next->context, note);
}

/* For how long of the recording, which ends at end_ns. */
static uint64_t overlap_ns(const struct part *part, uint64_t end_ns)
{
	uint64_t from = part->since_ns > part->begin_ns ? part->since_ns : part->begin_ns;
	uint64_t to = part->until_ns < end_ns ? part->until_ns : end_ns;

	return to > from ? to - from : 0;
}

static void add_seconds(struct loop_summary *loop, const struct second_sum *seconds)
{
	loop->turns = seconds->turns;
	loop->wall_ns = second_sum_ns(seconds);
	loop->idle_ns = seconds->idle_ns;
	loop->ledger = seconds->ledger;
	if (seconds->longest_ns > loop->longest_ns)
		loop->longest_ns = seconds->longest_ns;
	loop->p50_ns = second_sum_percentile_ns(seconds, 50);
	loop->p99_ns = second_sum_percentile_ns(seconds, 99);
}

/* Of a part of the time its stalls are known, and what its seconds say. */
static struct loop_summary cut_loop(struct part *part, const struct loop_summary *whole)
{
	const struct chosen *chosen = chosen_of(part, &whole->id);
	struct loop_summary loop = { .id = whole->id };

	if (chosen) {
		loop.stalls = chosen->stalls;
		loop.doubtful = chosen->doubtful;
		loop.longest_ns = chosen->longest_ns;
		add_seconds(&loop, &chosen->seconds);
	}
	return loop;
}

static void take_summary(void *context, const struct summary_record *summary)
{
	struct part *part = context;
	struct summary_record own = *summary;
	__freeing struct loop_summary *loops = calloc(summary->nr_loops + 1, sizeof(loops[0]));
	bool cut = part->since_ns > part->begin_ns || part->until_ns < summary->time_ns;

	if (!loops || !part->next->summary)
		return;
	own.loops = loops;
	own.nr_loops = 0;
	for (size_t i = 0; i < summary->nr_loops; i++)
		if (is_chosen(part, &summary->loops[i].id))
			loops[own.nr_loops++] =
				cut ? cut_loop(part, &summary->loops[i]) : summary->loops[i];
	if (cut) {
		own.duration_ns = overlap_ns(part, summary->time_ns);
		if (part->until_ns < own.time_ns) {
			uint64_t later_ns = own.time_ns - part->until_ns;

			own.mono_ns = own.mono_ns > later_ns ? own.mono_ns - later_ns : 0;
			own.time_ns = part->until_ns;
		}
		part->cut = true;
		part->without_seconds |= !part->has_seconds;
	}
	part->next->summary(part->next->context, &own);
}

static bool is_enough(void *context)
{
	const struct part *part = context;

	return recording_is_enough(part->next);
}

struct recording_reader part_reader(struct part *part, const struct recording_reader *next)
{
	part->next = next;
	return (struct recording_reader){
		.context = part,
		.start = take_start,
		.loop = take_loop,
		.stall = take_stall,
		.withdrawn = take_withdrawn,
		.blocked = take_blocked,
		.second = take_second,
		.exit = take_exit,
		.note = take_note,
		.summary = take_summary,
		.enough = is_enough,
	};
}
