// SPDX-License-Identifier: GPL-2.0-or-later
/* encode_diff.c - the keys of a comparison: what was compared, then a line for each place. */
#include "recording/encode.h"
#include "recording/encode_value.h"

static void put_side(struct object *record, const char *key, const struct diff_side *side)
{
	struct object object = object_new();
	json_t *over = json_array();

	put_string(&object, "hosts", side->hosts);
	if (side->threshold_ns)
		put_number(&object, "threshold_ns", side->threshold_ns);
	put_number(&object, "loops", side->loops);
	put_number(&object, "loop_ns", side->loop_ns);
	put_number(&object, "minutes", side->minutes);
	put_number(&object, "turns", side->turns);
	put_number(&object, "stalls", side->stalls);
	put_number(&object, "stalled_ns", side->stalled_ns);
	put_number(&object, "longest_ns", side->longest_ns);
	if (side->p50_ns)
		put_number(&object, "p50_ns", side->p50_ns);
	if (side->p99_ns)
		put_number(&object, "p99_ns", side->p99_ns);
	for (int step = 0; step < DIFF_STEPS; step++) {
		struct object entry = object_new();

		put_number(&entry, "longer_ns", diff_step_ns[step]);
		put_number(&entry, "stalls", side->over[step]);
		object.failed |= entry.failed;
		object_append(&object, over, entry.json);
	}
	put_array(&object, "distribution", over);
	if (side->has_seconds)
		put_buckets(&object, side->buckets);
	put_object(record, key, &object);
}

static void put_amount(struct object *record, const char *key, const struct diff_side *side,
		       const struct diff_amount *amount)
{
	struct object object = object_new();

	put_number(&object, "ns", amount->ns);
	put_number(&object, "stalls", amount->stalls);
	put_number(&object, "ns_in_loop_hour", diff_hour_ns(side, amount->ns));
	put_object(record, key, &object);
}

static int write_place(const struct line_writer *to, const struct diff_record *diff,
		       const struct diff_place *place)
{
	struct object record = record_new("diff_place", diff->mono_ns, diff->time_ns);

	put_string(&record, "change", diff_change_name(place->change));
	if (place->chance)
		put_bool(&record, "chance", true);
	put_string(&record, "fn", place->fn);
	put_string(&record, "file", place->file);
	put_string(&record, "cause", cause_name(place->cause));
	put_amount(&record, "before", &diff->before, &place->before);
	put_amount(&record, "after", &diff->after, &place->after);
	return write_line(to, &record);
}

static void put_percentiles(struct object *record, const struct diff_record *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->nr_percentiles; i++) {
		const struct diff_percentile *one = &diff->percentiles[i];
		struct object object = object_new();

		put_number(&object, "percent", one->percent);
		put_string(&object, "change", diff_change_name(one->change));
		put_number(&object, "before_ns", one->before_ns);
		put_number(&object, "after_ns", one->after_ns);
		record->failed |= object.failed;
		object_append(record, array, object.json);
	}
	put_array(record, "percentiles", array);
}

static void put_causes(struct object *record, const struct diff_record *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->nr_causes; i++) {
		const struct diff_cause *one = &diff->causes[i];
		struct object object = object_new();

		put_string(&object, "cause", cause_name(one->cause));
		put_string(&object, "change", diff_change_name(one->change));
		if (one->chance)
			put_bool(&object, "chance", true);
		put_number(&object, "before_ns", one->before_ns);
		put_number(&object, "after_ns", one->after_ns);
		put_number(&object, "before_ns_in_loop_hour",
			   diff_hour_ns(&diff->before, one->before_ns));
		put_number(&object, "after_ns_in_loop_hour",
			   diff_hour_ns(&diff->after, one->after_ns));
		record->failed |= object.failed;
		object_append(record, array, object.json);
	}
	put_array(record, "causes", array);
}

int encode_diff(const struct line_writer *to, const struct diff_record *diff)
{
	struct object record = record_new("diff", diff->mono_ns, diff->time_ns);
	int err;

	put_side(&record, "before", &diff->before);
	put_side(&record, "after", &diff->after);
	if (diff->nr_percentiles)
		put_percentiles(&record, diff);
	if (diff->nr_causes)
		put_causes(&record, diff);
	err = write_line(to, &record);
	for (size_t i = 0; i < diff->nr_places && !err; i++)
		err = write_place(to, diff, &diff->places[i]);
	return err;
}
