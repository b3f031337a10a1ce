// SPDX-License-Identifier: GPL-2.0-or-later
/* impact.c - how those that waited for a stall stand in its line; read back from one of any origin. */
#include "recording/impact.h"

#include <stdio.h>

#include "base/escape.h"
#include "base/number.h"

static void put_client(struct object *record, json_t *clients, const struct impact_client *client)
{
	struct object object = object_new();

	if (client->peer[0])
		put_string(&object, "peer", client->peer);
	put_pid(&object, "peer_pid", client->peer_pid);
	if (client->peer_comm[0])
		put_string(&object, "peer_comm", client->peer_comm);
	put_number(&object, "fd", (uint64_t)client->fd);
	if (client->late_ns >= 0)
		put_number(&object, "late_ns", (uint64_t)client->late_ns);
	record->failed |= object.failed;
	object_append(record, clients, object.json);
}

void put_impact(struct object *record, const struct impact *impact)
{
	struct object object = object_new();
	json_t *clients = json_array();

	put_number(&object, "events", impact->events);
	for (size_t i = 0; i < impact->nr_clients; i++)
		put_client(&object, clients, &impact->clients[i]);
	put_array(&object, "clients", clients);
	if (impact->clients_cut)
		put_number(&object, "clients_cut", impact->clients_cut);
	if (impact->late_ns >= 0)
		put_number(&object, "late_ns", (uint64_t)impact->late_ns);
	if (impact->timers_late >= 0)
		put_number(&object, "timers_late", (uint64_t)impact->timers_late);
	if (impact->tasks_ready >= 0)
		put_number(&object, "tasks_ready", (uint64_t)impact->tasks_ready);
	put_object(record, "impact", &object);
}

/* -1: it is not there. */
static int64_t known_number_of(struct decoder *decoder, json_t *object, const char *key)
{
	if (!json_object_get(object, key))
		return -1;
	return (int64_t)decode_bounded(decoder, decode_number_of(decoder, object, key, REQUIRED),
				       INT64_MAX);
}

static void decode_client(struct decoder *decoder, json_t *object, struct impact *impact)
{
	const char *peer = decode_string_of(decoder, object, "peer", OPTIONAL);
	const char *comm = decode_string_of(decoder, object, "peer_comm", OPTIONAL);
	struct impact_client *client = &impact->clients[impact->nr_clients];

	*client = (struct impact_client){
		.peer_pid = decode_pid_of(decoder, object, "peer_pid", OPTIONAL),
		.fd = decode_pid_of(decoder, object, "fd", REQUIRED),
		.late_ns = known_number_of(decoder, object, "late_ns"),
	};
	if (peer)
		snprintf(client->peer, sizeof(client->peer), "%s", peer);
	if (comm)
		unescape_invalid(comm, client->peer_comm, sizeof(client->peer_comm));
	impact->nr_clients++;
}

struct impact decode_impact_of(struct decoder *decoder, json_t *line)
{
	json_t *object = decode_value_of(decoder, line, "impact", JSON_OBJECT, OPTIONAL);
	struct impact impact = impact_none();
	json_t *clients;
	size_t nr;

	if (!object)
		return impact;
	clients = decode_value_of(decoder, object, "clients", JSON_ARRAY, OPTIONAL);
	nr = json_array_size(clients);
	impact.events = decode_number_of(decoder, object, "events", REQUIRED);
	for (size_t i = 0; i < nr && i < IMPACT_CLIENTS; i++)
		decode_client(decoder, json_array_get(clients, i), &impact);
	impact.clients_cut = add_saturated(
		decode_number_of(decoder, object, "clients_cut", OPTIONAL), nr - impact.nr_clients);
	impact.late_ns = known_number_of(decoder, object, "late_ns");
	impact.timers_late = known_number_of(decoder, object, "timers_late");
	impact.tasks_ready = known_number_of(decoder, object, "tasks_ready");
	return impact;
}
