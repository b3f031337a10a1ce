/* SPDX-License-Identifier: GPL-2.0-or-later */
/* impact.h - who waited for a stall, as far as the kernel and the loop's program show. */
#ifndef BLOCKPROF_MODEL_IMPACT_H
#define BLOCKPROF_MODEL_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define IMPACT_CLIENTS	  8
#define IMPACT_PEER_BYTES 64 /* an IPv6 address with its port is shorter */

/* Who waited at a descriptor that had become ready. */
struct impact_client {
	char peer[IMPACT_PEER_BYTES]; /* its address; "": none that is known */
	pid_t peer_pid; /* of this machine; 0: not known */
	char peer_comm[16];
	int fd; /* of a connection that was not accepted: that of the socket that listens */
	int64_t late_ns; /* from when its data came to the end of the turn; -1: not known */
};

/* Start with impact_none(). */
struct impact {
	uint64_t events; /* what the next wait returned */
	struct impact_client clients[IMPACT_CLIENTS]; /* the latest first */
	size_t nr_clients;
	uint64_t clients_cut; /* further ones */
	int64_t late_ns; /* of the latest of them all; -1: not known */
	int64_t timers_late; /* -1: not known, likewise */
	int64_t tasks_ready; /* of those that the loop had still to run */
};

struct impact impact_none(void);
/* Nobody waited, as far as is known: there is nothing to say. */
bool impact_is_none(const struct impact *impact);
uint64_t impact_clients(const struct impact *impact);
/* The client's place is by how late it is; one that has none counts. */
void impact_add(struct impact *impact, const struct impact_client *client);

#endif
