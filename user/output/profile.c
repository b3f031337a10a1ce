// SPDX-License-Identifier: GPL-2.0-or-later
/* profile.c - which of the time in records is in profiles, each stall once, and what tells samples apart. */
#include "output/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/home.h"
#include "output/match.h"
#include "output/profile_private.h"
#include "output/sink.h"

#define OTHER_TASK    "[other]"
#define PICTURE_WIDTH 1200
#define MAX_HOSTS     1024

int profile_add_string(struct profile *profile, const char *string, uint32_t *number)
{
	string = string ? string : "";
	return keys_add(profile->strings, string, strlen(string) + 1, number);
}

int profile_add_frame(struct profile *profile, const struct frame *frame, uint32_t *number)
{
	struct frame_key key = { .kind = frame->kind,
				 .line = frame->line,
				 .inlined = frame->inlined };
	int err = profile_add_string(profile, frame->fn, &key.fn);

	err = err ? err : profile_add_string(profile, frame->file, &key.file);
	err = err ? err : profile_add_string(profile, frame->module, &key.module);
	if (!err && profile->addresses) {
		key.offset = frame->offset;
		err = profile_add_string(profile, frame->build_id, &key.build_id);
	}
	return err ? err : keys_add(profile->frames, &key, sizeof(key), number);
}

static int add_stack(struct profile *profile, struct profile_sample *sample,
		     const struct stack *stack)
{
	int err = 0;

	for (unsigned int i = 0; i < stack->nr && !err; i++) {
		if (stack->has_python && frame_is_plumbing(&stack->frames[i]))
			continue;
		err = profile_add_frame(profile, &stack->frames[i], &sample->frames[sample->nr]);
		sample->nr += !err;
	}
	sample->cut = stack->cut;
	return err;
}

static int add_process(struct profile *profile, pid_t pid, uint32_t *number)
{
	const struct process_key key = { profile->host, pid };

	return keys_add(profile->processes, &key, sizeof(key), number);
}

static int learn_name(struct profile *profile, const struct thread_id *id, const char *exe)
{
	return names_learn(profile->hosts[profile->host].names, id, exe);
}

/* Once there are many, where it was counts more than for whom. */
static const char *task_of(const struct profile *profile, const struct slice *slice)
{
	const char *task = slice->task_name ? slice->task_name : slice->task_coro;

	return task && tally_size(profile->samples) >= MAX_TASKED ? OTHER_TASK : task;
}

static int add_labels(struct profile *profile, struct profile_sample *sample,
		      const struct thread_id *id, const struct slice *slice)
{
	uint32_t number;
	int err;

	sample->loop = id->loop;
	sample->host = profile->host;
	sample->pid = id->pid;
	sample->tid = id->tid;
	sample->cause = slice->cause;
	err = add_process(profile, id->pid, &number);
	if (!err && number < MAX_PROCESSES) {
		sample->unit = profile->homes[number].unit;
		sample->container = profile->homes[number].container;
		sample->pod = profile->homes[number].pod;
	}
	err = err ? err : profile_add_string(profile, id->comm, &sample->comm);
	err = err ? err : profile_add_string(profile, id->runtime, &sample->runtime);
	return err ? err : profile_add_string(profile, task_of(profile, slice), &sample->task);
}

static int add_sample(struct profile *profile, const struct thread_id *id,
		      const struct slice *slice)
{
	size_t nr = slice->stack ? slice->stack->nr : 0;
	__freeing struct profile_sample *sample =
		calloc(1, sizeof(*sample) + nr * sizeof(sample->frames[0]));
	int err;

	if (!sample)
		return -ENOMEM;
	err = add_labels(profile, sample, id, slice);
	if (!err && slice->stack)
		err = add_stack(profile, sample, slice->stack);
	if (!err)
		err = tally_add_bytes(profile->samples, sample,
				      offsetof(struct profile_sample, frames) +
					      sample->nr * sizeof(sample->frames[0]),
				      slice->ns, slice->count);
	return err;
}

static int add_slice(struct profile *profile, const struct thread_id *id, const struct slice *slice)
{
	struct profile_lost *lost = &profile->lost[slice->cause];
	int err;

	if (!match_stack(profile->match, slice->stack))
		return 0;
	err = add_sample(profile, id, slice);
	if (err != -ENOSPC)
		return err;
	lost->ns = add_saturated(lost->ns, slice->ns);
	lost->count = add_saturated(lost->count, slice->count);
	return 0;
}

static int add_stall(void *context, const struct stall_record *stall)
{
	int err = 0;

	for (size_t i = 0; i < stall->slices.nr && !err; i++)
		err = add_slice(context, &stall->id, &stall->slices.v[i]);
	return err;
}

void profile_free_tables(struct profile *profile)
{
	keys_free(profile->strings);
	keys_free(profile->frames);
	keys_free(profile->processes);
	tally_free(profile->samples);
	free(profile->homes);
	free(profile->room);
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	finals_free(profile->finals);
	for (uint32_t i = 0; i < profile->nr_hosts; i++) {
		free(profile->hosts[i].name);
		names_free(profile->hosts[i].names);
	}
	free(profile->hosts);
	profile_free_tables(profile);
	for (unsigned int i = 0; i < PROFILE_MARKS; i++)
		tally_free(profile->marks[i].samples);
	free(profile->exe);
	free(profile);
}

/* Records are of this machine from now on. */
static int set_host(struct profile *profile, const char *name)
{
	struct host *grown, host = { 0 };

	for (uint32_t i = 0; i < profile->nr_hosts; i++) {
		if (!same_string(profile->hosts[i].name, name))
			continue;
		profile->host = i;
		return 0;
	}
	if (profile->nr_hosts == MAX_HOSTS)
		return 0;
	grown = reallocarray(profile->hosts, profile->nr_hosts + 1, sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	profile->hosts = grown;
	if (copy_string(&host.name, name) || names_new(&host.names)) {
		free(host.name);
		return -ENOMEM;
	}
	profile->host = profile->nr_hosts;
	profile->hosts[profile->nr_hosts++] = host;
	return 0;
}

int profile_new_tables(struct profile *profile)
{
	uint32_t empty;

	profile->room = malloc(sizeof(*profile->room));
	if (!profile->room)
		return -ENOMEM;
	*profile->room = profile->bytes / 2;
	profile->homes = calloc(MAX_PROCESSES, sizeof(profile->homes[0]));
	if (!profile->homes || keys_new(&profile->strings, MAX_STRINGS, profile->room) ||
	    keys_new(&profile->frames, MAX_FRAMES, profile->room) ||
	    keys_new(&profile->processes, MAX_PROCESSES, profile->room) ||
	    tally_new(&profile->samples, MAX_SAMPLES, profile->bytes / 2) ||
	    profile_add_string(profile, NULL, &empty))
		return -ENOMEM;
	return 0;
}

int profile_open(void **state, struct sink *sink, const struct output_options *options)
{
	size_t bytes = options->stack_bytes ? options->stack_bytes : MAX_BYTES;
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -ENOMEM;
	profile->sink = sink;
	profile->stalls_only = options->stalls_only;
	profile->match = options->match;
	profile->picture_width = options->picture_width ? options->picture_width : PICTURE_WIDTH;
	profile->bytes = bytes;
	if (finals_new(&profile->finals, add_stall, profile) || set_host(profile, NULL) ||
	    profile_new_tables(profile)) {
		profile_free(profile);
		return -ENOMEM;
	}
	*state = profile;
	return 0;
}

int profile_open_with_addresses(void **state, struct sink *sink,
				const struct output_options *options)
{
	int err = profile_open(state, sink, options);

	if (!err)
		((struct profile *)*state)->addresses = true;
	return err;
}

static void see_time(struct profile *profile, uint64_t time_ns)
{
	if (!profile->started_ns)
		profile->started_ns = time_ns;
	if (!profile->time_ns)
		profile->time_ns = time_ns;
	if (time_ns > profile->latest_ns)
		profile->latest_ns = time_ns;
}

/* Of a recording that ended before its summary: up to its last record. */
static void end_recording(struct profile *profile, uint64_t duration_ns)
{
	if (!duration_ns && profile->latest_ns > profile->started_ns)
		duration_ns = profile->latest_ns - profile->started_ns;
	profile->duration_ns = add_saturated(profile->duration_ns, duration_ns);
	profile->started_ns = profile->latest_ns = 0;
}

int profile_start(void *state, const struct start_record *start)
{
	struct profile *profile = state;
	/* another recording, with threads of the same numbers */
	int err = finals_end(profile->finals);

	end_recording(profile, 0);
	see_time(profile, start->time_ns);
	if (err)
		return err;
	/* the first one, before which nothing has come */
	if (profile->nr_hosts == 1 && !profile->hosts[0].name && !keys_size(profile->processes))
		return copy_string(&profile->hosts[0].name, start->host);
	return set_host(profile, start->host);
}

int profile_loop(void *state, const struct loop_record *loop)
{
	struct profile *profile = state;
	const struct home whole = loop_home(loop);
	struct profile_home home = { 0 };
	char room[HOME_SHORT_BYTES];
	uint32_t number;
	int err;

	see_time(profile, loop->time_ns);
	if (!profile->exe && loop->exe) {
		profile->exe = strdup(loop->exe);
		if (!profile->exe)
			return -ENOMEM;
	}
	err = profile_add_string(profile, loop->unit, &home.unit);
	err = err ? err
		  : profile_add_string(profile, home_container(&whole, room), &home.container);
	err = err ? err : profile_add_string(profile, loop->pod, &home.pod);
	err = err ? err : add_process(profile, loop->id.pid, &number);
	if (!err)
		profile->homes[number] = home;
	if (err && err != -ENOSPC)
		return err;
	return learn_name(profile, &loop->id, loop->exe);
}

int profile_stall(void *state, const struct stall_record *stall)
{
	struct profile *profile = state;
	int err = learn_name(profile, &stall->id, NULL);

	see_time(profile, stall->time_ns);
	return err ? err : finals_stall(profile->finals, stall);
}

int profile_withdrawn(void *state, const struct withdrawn_record *withdrawn)
{
	struct profile *profile = state;

	finals_withdraw(profile->finals, withdrawn);
	return 0;
}

int profile_blocked(void *state, const struct blocked_record *blocked)
{
	struct profile *profile = state;
	int err = learn_name(profile, &blocked->id, NULL);

	see_time(profile, blocked->time_ns);
	for (size_t i = 0; i < blocked->slices.nr && !err && !profile->stalls_only; i++) {
		/* time on a CPU is lost in stalls only */
		if (!slice_is_cpu(&blocked->slices.v[i]))
			err = add_slice(profile, &blocked->id, &blocked->slices.v[i]);
	}
	return err;
}

int profile_summary(void *state, const struct summary_record *summary)
{
	struct profile *profile = state;

	see_time(profile, summary->time_ns);
	end_recording(profile, summary->duration_ns);
	/* Another recording may follow, with threads of the same numbers. */
	return finals_end(profile->finals);
}

int profile_close(void *state, profile_write *write)
{
	struct profile *profile = state;
	int err;

	end_recording(profile, 0);
	err = finals_end(profile->finals);
	if (!err)
		err = write(profile, profile->sink);
	if (!err)
		err = sink_error(profile->sink);
	profile_free(profile);
	return err;
}

size_t profile_held(const void *state)
{
	const struct profile *profile = state;

	return keys_bytes(profile->strings) + keys_bytes(profile->frames) +
	       keys_bytes(profile->processes) + tally_bytes(profile->samples);
}

struct tally *profile_samples(const struct profile *profile)
{
	return profile->samples;
}

const struct profile_lost *profile_lost(const struct profile *profile, enum cause cause)
{
	return &profile->lost[cause];
}

const char *profile_string(const struct profile *profile, uint32_t number)
{
	return number ? keys_at(profile->strings, number, NULL) : NULL;
}

size_t profile_nr_strings(const struct profile *profile)
{
	return keys_size(profile->strings);
}

size_t profile_nr_frames(const struct profile *profile)
{
	return keys_size(profile->frames);
}

struct frame profile_frame(const struct profile *profile, uint32_t number)
{
	const struct frame_key *key = keys_at(profile->frames, number, NULL);

	return (struct frame){
		.kind = (enum frame_kind)key->kind,
		.fn = key->fn ? profile_string(profile, key->fn) : "[unknown]",
		.file = profile_string(profile, key->file),
		.module = profile_string(profile, key->module),
		.line = key->line,
		.build_id = profile_string(profile, key->build_id),
		.offset = key->offset,
		.inlined = key->inlined,
	};
}

bool profile_frame_is_inlined(const struct profile *profile, uint32_t number)
{
	const struct frame_key *key = keys_at(profile->frames, number, NULL);

	return key->inlined;
}

const char *profile_host(const struct profile *profile, const struct profile_sample *sample)
{
	const char *name = profile->hosts[sample->host].name;

	if (profile->nr_hosts == 1)
		return NULL;
	return name ? name : "";
}

struct sink *profile_sink(const struct profile *profile)
{
	return profile->sink;
}

const char *profile_process(const struct profile *profile, const struct profile_sample *sample)
{
	const char *name = names_of(profile->hosts[sample->host].names, sample->pid);

	return name ? name : "";
}

const char *profile_exe(const struct profile *profile)
{
	return profile->exe;
}

unsigned int profile_picture_width(const struct profile *profile)
{
	return profile->picture_width;
}

uint64_t profile_time_ns(const struct profile *profile)
{
	return profile->time_ns;
}

uint64_t profile_duration_ns(const struct profile *profile)
{
	return profile->duration_ns;
}
