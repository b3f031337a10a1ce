// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perfetto_packets.c - what readers ask of a sequence of packets: that it says where
 * its state begins, which clock it is in, and each number before it is used.
 */
#include "output/perfetto_packets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "output/keys.h"
#include "output/perfetto_intern.h"
#include "output/sink.h"

#define SEQUENCE     1 /* any number but 0 */
#define INTERN_BYTES (8u << 20)
#define TRACKS_MAX   65536 /* that are known to have been written; others are written again */

/* Of Perfetto's enums and flags. */
#define CLOCK_ID_REALTIME	1
#define CLOCK_ID_MONOTONIC	3
#define CLOCK_ID_BOOTTIME	6
#define STATE_CLEARED		1
#define NEEDS_STATE		2
#define MERGE_NOT_WITH_SIBLINGS 2

struct perfetto_packets {
	struct sink *sink;
	ProtobufCBuffer buffer;
	struct perfetto_intern *intern;
	struct keys *tracks; /* uuids */
	size_t room; /* of tracks, without a bound: they have one */
	bool begun;
	struct perfetto_clocks clocks; /* of the trace */
	char *first_host;
	char *host;
	bool foreign; /* the host is not the first one: its processes have names only */
	int64_t shift_ns; /* of its monotonic clock to the first one's */
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
	sink_write(((struct perfetto_packets *)((char *)buffer -
						offsetof(struct perfetto_packets, buffer)))
			   ->sink,
		   data, size);
}

int perfetto_packets_new(struct perfetto_packets **out, struct sink *sink)
{
	struct perfetto_packets *packets = calloc(1, sizeof(*packets));

	if (!packets)
		return -ENOMEM;
	packets->sink = sink;
	packets->buffer.append = append;
	packets->room = SIZE_MAX;
	if (perfetto_intern_new(&packets->intern, INTERN_BYTES) ||
	    keys_new(&packets->tracks, TRACKS_MAX, &packets->room)) {
		perfetto_packets_free(packets);
		return -ENOMEM;
	}
	*out = packets;
	return 0;
}

void perfetto_packets_free(struct perfetto_packets *packets)
{
	if (!packets)
		return;
	perfetto_intern_free(packets->intern);
	keys_free(packets->tracks);
	free(packets->first_host);
	free(packets->host);
	free(packets);
}

/* -- packets -- */

/* Traces one behind the other are one trace, and so are their packets. */
static int write_packet(struct perfetto_packets *packets, Perfetto__TracePacket *packet,
			uint32_t flags)
{
	Perfetto__Trace trace = PERFETTO__TRACE__INIT;

	packet->trusted_packet_sequence_id = SEQUENCE;
	packet->sequence_flags = flags;
	trace.n_packet = 1;
	trace.packet = &packet;
	perfetto__trace__pack_to_buffer(&trace, &packets->buffer);
	return sink_error(packets->sink);
}

/* From here on numbers are others. */
static int write_cleared(struct perfetto_packets *packets, Perfetto__ClockSnapshot *snapshot)
{
	Perfetto__TracePacketDefaults defaults = PERFETTO__TRACE_PACKET_DEFAULTS__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	defaults.timestamp_clock_id = CLOCK_ID_MONOTONIC;
	packet.trace_packet_defaults = &defaults;
	packet.clock_snapshot = snapshot;
	return write_packet(packets, &packet, STATE_CLEARED);
}

static int write_clocks(struct perfetto_packets *packets)
{
	const struct perfetto_clocks *now = &packets->clocks;
	Perfetto__Clock clocks[3], *pointers[] = { &clocks[0], &clocks[1], &clocks[2] };
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;

	for (int i = 0; i < 3; i++)
		clocks[i] = (Perfetto__Clock)PERFETTO__CLOCK__INIT;
	clocks[0].clock_id = CLOCK_ID_REALTIME;
	clocks[0].timestamp = now->time_ns;
	clocks[1].clock_id = CLOCK_ID_MONOTONIC;
	clocks[1].timestamp = now->mono_ns;
	clocks[2].clock_id = CLOCK_ID_BOOTTIME;
	clocks[2].timestamp = now->boot_ns;
	snapshot.clocks = pointers;
	snapshot.n_clocks = now->boot_ns ? 3 : 2;
	/* that of other traces, where it is known */
	snapshot.primary_trace_clock = now->boot_ns ? CLOCK_ID_BOOTTIME : CLOCK_ID_MONOTONIC;
	return write_cleared(packets, &snapshot);
}

/* -- hosts and their clocks -- */

bool perfetto_has_begun(const struct perfetto_packets *packets)
{
	return packets->begun;
}

static int64_t between(const struct perfetto_clocks *clocks)
{
	return (int64_t)(clocks->time_ns - clocks->mono_ns);
}

int perfetto_host(struct perfetto_packets *packets, const char *host,
		  const struct perfetto_clocks *clocks)
{
	int64_t shift_ns;

	free(packets->host);
	if (copy_string(&packets->host, host))
		return -ENOMEM;
	if (!packets->begun) {
		packets->begun = true;
		packets->clocks = *clocks;
		return copy_string(&packets->first_host, host) ? -ENOMEM : write_clocks(packets);
	}
	packets->foreign = !same_string(packets->host, packets->first_host);
	shift_ns = between(clocks) - between(&packets->clocks);
	/* of one boot they drift, or are set a bit */
	if (!packets->foreign && llabs(shift_ns) < (int64_t)NS_PER_SEC)
		shift_ns = 0;
	packets->shift_ns = shift_ns;
	return 0;
}

uint64_t perfetto_time(const struct perfetto_packets *packets, uint64_t mono_ns)
{
	int64_t ns;

	if (mono_ns > INT64_MAX || __builtin_add_overflow((int64_t)mono_ns, packets->shift_ns, &ns))
		return 0;
	return ns > 0 ? (uint64_t)ns : 0;
}

/* -- tracks -- */

/* Whether it has not been written. */
static int is_new(struct perfetto_packets *packets, uint64_t uuid, bool *is)
{
	size_t had = keys_size(packets->tracks);
	uint32_t number;
	int err = keys_add(packets->tracks, &uuid, sizeof(uuid), &number);

	*is = err == -ENOSPC || (!err && number == had);
	return err == -ENOSPC ? 0 : err;
}

static uint64_t hash_track(uint64_t hash, const char *name, uint64_t number)
{
	hash = hash_bytes(hash, name, strlen(name) + 1);
	hash = hash_bytes(hash, &number, sizeof(number));
	return hash ? hash : 1;
}

/* Those of two machines differ. */
static uint64_t hash_host(const struct perfetto_packets *packets)
{
	const char *host = packets->host ? packets->host : "";

	return hash_bytes(HASH_START, host, strlen(host) + 1);
}

static int write_track(struct perfetto_packets *packets, Perfetto__TrackDescriptor *track)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	packet.track_descriptor = track;
	packet.has_timestamp = true;
	packet.timestamp = packets->clocks.mono_ns;
	return write_packet(packets, &packet, NEEDS_STATE);
}

/* What no process here is: "web1 python3[4242]". */
static int write_foreign(struct perfetto_packets *packets, uint64_t uuid, pid_t pid,
			 const char *name)
{
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
	__freeing char *host = escape_text(packets->host ? packets->host : "");
	char *text = NULL;
	int err;

	if (!host || asprintf(&text, "%s%s%s[%d]", host, *host ? " " : "", name, pid) < 0)
		return -ENOMEM;
	track.uuid = uuid;
	track.name = text;
	err = write_track(packets, &track);
	free(text);
	return err;
}

int perfetto_process_track(struct perfetto_packets *packets, pid_t pid, const char *name,
			   uint64_t *uuid)
{
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ProcessDescriptor process = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	__freeing char *text = escape_text(name ? name : "");
	bool is;
	int err;

	*uuid = hash_track(hash_host(packets), "process", (uint64_t)pid);
	err = is_new(packets, *uuid, &is);
	if (err || !is)
		return err;
	if (!text)
		return -ENOMEM;
	if (packets->foreign)
		return write_foreign(packets, *uuid, pid, text);
	process.pid = pid;
	process.process_name = *text ? text : NULL;
	track.uuid = *uuid;
	track.process = &process;
	return write_track(packets, &track);
}

int perfetto_thread_track(struct perfetto_packets *packets, const struct party *party,
			  uint64_t *uuid)
{
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;
	pid_t tid = party->tid ? party->tid : party->pid;
	__freeing char *name = escape_text(party->comm);
	bool is;
	int err;

	*uuid = hash_track(hash_host(packets), "thread", (uint64_t)tid);
	err = is_new(packets, *uuid, &is);
	if (err || !is)
		return err;
	if (!name)
		return -ENOMEM;
	if (packets->foreign)
		return write_foreign(packets, *uuid, tid, name);
	thread.pid = party->pid;
	thread.tid = tid;
	thread.thread_name = *name ? name : NULL;
	track.uuid = *uuid;
	track.thread = &thread;
	return write_track(packets, &track);
}

int perfetto_track(struct perfetto_packets *packets, const struct perfetto_track *wanted,
		   uint64_t *uuid)
{
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;
	__freeing char *name = escape_text(wanted->name);
	uint64_t hash = hash_bytes(hash_host(packets), &wanted->within, sizeof(wanted->within));
	bool is;
	int err;

	*uuid = hash_track(hash, wanted->kind, wanted->number);
	err = is_new(packets, *uuid, &is);
	if (err || !is)
		return err;
	if (!name)
		return -ENOMEM;
	track.uuid = *uuid;
	track.name = name;
	track.has_parent_uuid = wanted->within > 0;
	track.parent_uuid = wanted->within;
	track.has_sibling_merge_behavior = true;
	track.sibling_merge_behavior = MERGE_NOT_WITH_SIBLINGS;
	if (wanted->counter) {
		counter.has_unit = wanted->unit > 0;
		counter.unit = wanted->unit;
		counter.unit_name = (char *)wanted->unit_name;
		track.counter = &counter;
	}
	return write_track(packets, &track);
}

/* -- events -- */

static int add_stack(struct perfetto_packets *packets, const struct perfetto_stack *stack,
		     uint64_t *iid)
{
	int err = perfetto_intern_stack(packets->intern, stack->stack, stack->instead, iid);

	if (err != -ENOSPC)
		return err;
	err = perfetto_intern_forget(packets->intern);
	err = err ? err : write_cleared(packets, NULL);
	err = err ? err : perfetto_intern_stack(packets->intern, stack->stack, stack->instead, iid);
	if (err != -ENOSPC)
		return err;
	/* one that is larger than all that there is room for */
	err = perfetto_intern_forget(packets->intern);
	return err ? err : perfetto_intern_stack(packets->intern, NULL, "[lost]", iid);
}

int perfetto_event(struct perfetto_packets *packets, uint64_t mono_ns, Perfetto__TrackEvent *event,
		   const struct perfetto_stack *stack)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	int err = stack ? add_stack(packets, stack, &event->callstack_iid) : 0;

	event->has_callstack_iid = event->has_callstack_weight = stack != NULL;
	packet.track_event = event;
	packet.has_timestamp = true;
	packet.timestamp = perfetto_time(packets, mono_ns);
	err = err ? err : perfetto_intern_news(packets->intern, &packet.interned_data);
	return err ? err : write_packet(packets, &packet, NEEDS_STATE);
}
