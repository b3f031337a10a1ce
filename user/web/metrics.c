// SPDX-License-Identifier: GPL-2.0-or-later
/* metrics.c - which record counts in which metric, and in which order they are written. */
#include "web/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "web/exposition.h"
#include "web/label_sets.h"
#include "web/self.h"

struct metrics {
	struct label_sets *sets;
	uint64_t discarded[DISCARD_NR];
	uint64_t blind[BLIND_NR];
	uint64_t lost[LOSS_NR];
};

/* -- what is counted -- */

int metrics_new(struct metrics **out)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	*out = metrics;
	return metrics ? label_sets_new(&metrics->sets) : -ENOMEM;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics)
		label_sets_free(metrics->sets);
	free(metrics);
}

void metrics_loop(struct metrics *metrics, const struct loop_record *loop)
{
	label_sets_put(metrics->sets, loop);
}

static void add_losses(struct metrics *metrics, const struct second_record *second)
{
	for (size_t i = 0; i < second->nr_lost; i++)
		for (int loss = 0; loss < LOSS_NR; loss++)
			if (!strcmp(loss_name((enum loss)loss), second->lost[i].name))
				metrics->lost[loss] += second->lost[i].count;
}

void metrics_second(struct metrics *metrics, const struct second_record *second)
{
	struct counters *counters = &label_sets_of(metrics->sets, &second->id)->counters;

	for (unsigned int i = 0; i < LENGTH_BUCKETS; i++)
		counters->turns[i] += second->lengths[i];
	counters->busy_ns += ledger_sum(&second->ledger);
	counters->delayed_events += second->delayed_events;
	/* time on a CPU is lost in stalls only */
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (cause != CAUSE_CPU)
			counters->blocked_ns[cause] += second->by_cause_ns[cause];
	add_losses(metrics, second);
}

static struct exemplar exemplar_of(const struct stall_record *stall)
{
	struct exemplar exemplar = {
		.ns = stall->duration_ns,
		.time_ns = stall->time_ns + stall->duration_ns,
	};

	memcpy(exemplar.turn, stall->turn, sizeof(exemplar.turn));
	return exemplar;
}

void metrics_stall(struct metrics *metrics, const struct stall_record *stall)
{
	struct label_set *set;

	if (stall->ongoing || stall->doubt)
		return;
	set = label_sets_of(metrics->sets, &stall->id);
	set->counters.stalls[stall->cause]++;
	set->counters.stall_ns[stall->cause] += stall->duration_ns;
	for (size_t i = 0; i < stall->slices.nr; i++)
		if (stall->slices.v[i].cause == CAUSE_CPU)
			set->counters.blocked_ns[CAUSE_CPU] += stall->slices.v[i].ns;
	set->of_stalls[stall->cause] = exemplar_of(stall);
	set->of_turns[length_bucket_of(stall->duration_ns)] = exemplar_of(stall);
}

void metrics_note(struct metrics *metrics, const struct note_record *note)
{
	label_sets_of_process(metrics->sets, note->pid)->counters.notes[note->kind]++;
}

void metrics_discarded(struct metrics *metrics, enum discard reason)
{
	metrics->discarded[reason]++;
}

void metrics_blind(struct metrics *metrics, enum blind blind)
{
	metrics->blind[blind]++;
}

void metrics_new_watch(struct metrics *metrics)
{
	label_sets_forget_loops(metrics->sets);
}

void metrics_begin_loops(struct metrics *metrics)
{
	label_sets_begin(metrics->sets);
}

void metrics_live_loop(struct metrics *metrics, const struct thread_id *id)
{
	label_sets_live(metrics->sets, id);
}

/* -- how it is written -- */

/* A set, with its labels as text. */
struct row {
	const struct label_set *set;
	char *labels;
};

static bool has_counted(const struct label_set *set)
{
	return set->used || set->counters.loops;
}

static char *labels_of(const struct label_set *set)
{
	char *text = NULL;
	size_t bytes;
	FILE *labels = open_memstream(&text, &bytes);
	int err;

	if (!labels)
		return NULL;
	err = expose_label(labels, "comm", set->comm);
	err |= expose_label(labels, "runtime", set->runtime);
	err |= expose_label(labels, "unit", set->unit);
	err |= expose_label(labels, "container", set->container);
	err |= expose_label(labels, "pod", set->pod);
	err |= expose_label(labels, "namespace", set->namespace);
	if (fclose(labels) || err) {
		free(text);
		return NULL;
	}
	return text;
}

static const struct metric turn_duration = {
	METRIC_HISTOGRAM, "blockprof_turn_duration_seconds", "seconds",
	"How long turns of loops were: from one wait to the next."
};

static void write_durations(const struct exposition *to, const struct row *row)
{
	const struct counters *counters = &row->set->counters;
	uint64_t turns = 0;

	for (unsigned int i = 0; i < LENGTH_BUCKETS; i++) {
		turns += counters->turns[i];
		expose_name(to, &turn_duration, "_bucket", row->labels, "le", length_upper_name(i));
		expose_number(to, turns);
		expose_end(to, &row->set->of_turns[i]);
	}
	expose_name(to, &turn_duration, "_count", row->labels, NULL, NULL);
	expose_number(to, turns);
	expose_end(to, NULL);
	expose_name(to, &turn_duration, "_sum", row->labels, NULL, NULL);
	expose_seconds(to, counters->busy_ns);
	expose_end(to, NULL);
}

static const struct metric stalls = { METRIC_COUNTER, "blockprof_stalls", NULL,
				      "Turns over the threshold that have ended, by their cause." };

static void write_stalls(const struct exposition *to, const struct row *row)
{
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		expose_name(to, &stalls, "", row->labels, "cause", cause_name((enum cause)cause));
		expose_number(to, row->set->counters.stalls[cause]);
		expose_end(to, &row->set->of_stalls[cause]);
	}
}

static void write_by_cause(const struct exposition *to, const struct metric *metric,
			   const struct row *row, const uint64_t ns[CAUSE_NR])
{
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		if (!ns[cause])
			continue;
		expose_name(to, metric, "", row->labels, "cause", cause_name((enum cause)cause));
		expose_seconds(to, ns[cause]);
		expose_end(to, NULL);
	}
}

static const struct metric stall_seconds = { METRIC_COUNTER, "blockprof_stall_seconds", "seconds",
					     "How long these turns were, by their cause." };

static void write_stall_seconds(const struct exposition *to, const struct row *row)
{
	write_by_cause(to, &stall_seconds, row, row->set->counters.stall_ns);
}

static const struct metric blocked_seconds = { METRIC_COUNTER, "blockprof_blocked_seconds",
					       "seconds",
					       "Time that loops lost in turns, stalls or not, by "
					       "what it was lost to; of cpu that in stalls." };

static void write_blocked_seconds(const struct exposition *to, const struct row *row)
{
	write_by_cause(to, &blocked_seconds, row, row->set->counters.blocked_ns);
}

static const struct metric delayed_events = { METRIC_COUNTER, "blockprof_delayed_events", NULL,
					      "Events that stood waiting when a stall had ended." };

static void write_delayed_events(const struct exposition *to, const struct row *row)
{
	expose_name(to, &delayed_events, "", row->labels, NULL, NULL);
	expose_number(to, row->set->counters.delayed_events);
	expose_end(to, NULL);
}

static const struct metric notes = { METRIC_COUNTER, "blockprof_notes", NULL,
				     "What processes run out of, or make more and more of; a pool "
				     "that stays busy counts once a minute." };

static void write_notes(const struct exposition *to, const struct row *row)
{
	for (int kind = 0; kind < NOTE_KIND_NR; kind++) {
		expose_name(to, &notes, "", row->labels, "note",
			    note_kind_name((enum note_kind)kind));
		expose_number(to, row->set->counters.notes[kind]);
		expose_end(to, NULL);
	}
}

static const struct metric loops = { METRIC_GAUGE, "blockprof_loops", NULL,
				     "Loops that are watched now." };

static void write_loops(const struct exposition *to, const struct row *row)
{
	expose_name(to, &loops, "", row->labels, NULL, NULL);
	expose_number(to, row->set->counters.loops);
	expose_end(to, NULL);
}

static const struct {
	const struct metric *metric;
	void (*write)(const struct exposition *to, const struct row *row);
} of_sets[] = {
	{ &turn_duration, write_durations },
	{ &stalls, write_stalls },
	{ &stall_seconds, write_stall_seconds },
	{ &blocked_seconds, write_blocked_seconds },
	{ &delayed_events, write_delayed_events },
	{ &notes, write_notes },
	{ &loops, write_loops },
};

static void write_one(const struct exposition *to, const struct metric *metric, const char *label,
		      const char *value, uint64_t number)
{
	expose_name(to, metric, "", NULL, label, value);
	expose_number(to, number);
	expose_end(to, NULL);
}

static const struct metric discarded = { METRIC_COUNTER, "blockprof_discarded_turns", NULL,
					 "Turns over the threshold that are no stalls, by why." };
static const struct metric blind = { METRIC_COUNTER, "blockprof_blind", NULL,
				     "Processes of which something cannot be seen, by what." };
static const struct metric lost = { METRIC_COUNTER, "blockprof_lost_records", NULL,
				    "What could not be kept, by where." };
static const struct metric build = { METRIC_INFO, "blockprof_build", NULL, "This program." };

static void write_watch(const struct metrics *metrics, const struct exposition *to)
{
	expose_family(to, &discarded);
	for (int i = 0; i < DISCARD_NR; i++)
		write_one(to, &discarded, "reason", discard_name((enum discard)i),
			  metrics->discarded[i]);
	expose_family(to, &blind);
	for (int i = 0; i < BLIND_NR; i++)
		write_one(to, &blind, "reason", blind_name((enum blind)i), metrics->blind[i]);
	expose_family(to, &lost);
	for (int i = 0; i < LOSS_NR; i++)
		write_one(to, &lost, "place", loss_name((enum loss)i), metrics->lost[i]);
	write_one(to, &lost, "place", "label_sets_full", label_sets_without(metrics->sets));
	expose_family(to, &build);
	write_one(to, &build, "version", BLOCKPROF_VERSION, 1);
	self_write(to);
}

static void write_sets(const struct exposition *to, const struct row *rows, size_t nr)
{
	for (size_t i = 0; i < sizeof(of_sets) / sizeof(of_sets[0]); i++) {
		expose_family(to, of_sets[i].metric);
		for (size_t row = 0; row < nr; row++)
			of_sets[i].write(to, &rows[row]);
	}
}

int metrics_write(struct metrics *metrics, FILE *out, bool openmetrics)
{
	const struct exposition to = { out, openmetrics };
	size_t nr_sets = label_sets_nr(metrics->sets), nr = 0;
	__freeing struct row *rows = calloc(nr_sets, sizeof(*rows));
	int err = rows ? 0 : -EIO;

	for (size_t i = 0; i < nr_sets && !err; i++) {
		const struct label_set *set = label_sets_at(metrics->sets, i);

		if (!has_counted(set))
			continue;
		rows[nr] = (struct row){ set, labels_of(set) };
		err = rows[nr++].labels ? 0 : -EIO;
	}
	if (!err) {
		write_sets(&to, rows, nr);
		write_watch(metrics, &to);
		expose_eof(&to);
	}
	while (nr)
		free(rows[--nr].labels);
	if (err || fflush(out) || ferror(out))
		return -EIO;
	label_sets_shown(metrics->sets);
	return 0;
}
