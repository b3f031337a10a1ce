// SPDX-License-Identifier: GPL-2.0-or-later
/* account.c - which answers about a thread are worth telling, and which processes are blockprofs, too. */
#include "stall/loops/account.h"

#include <string.h>

#include "base/strings.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/runtime.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

static void tell(struct engine *engine, const struct watched *watched, const struct moment *moment,
		 const struct thread_known *known)
{
	const char *comm = moment && moment->comm[0] ? moment->comm : watched->comm;
	struct thread_account account = {
		.id = { .pid = watched->pid, .tid = moment ? moment->tid : watched->pid },
		.way = known->way,
		.doubt = known->doubt,
		.against = known->against,
	};

	if (!engine->sink.thread)
		return;
	account.id.runtime = (char *)known->runtime;
	memcpy(account.id.comm, comm, strnlen(comm, sizeof(account.id.comm) - 1));
	engine->sink.thread(engine->sink.context, &account);
}

static bool is_same(const struct thread_known *a, const struct thread_known *b)
{
	return a->asked && same_string(a->runtime, b->runtime) && a->way == b->way &&
	       a->doubt == b->doubt && same_string(a->against, b->against);
}

void account_thread(struct engine *engine, struct watched *watched, const struct moment *moment,
		    const struct recognised *recognised)
{
	const struct runtime *runtime = recognised->runtime;
	struct thread_known *known, now = {
		.asked = true,
		.runtime = runtime ? runtime->name : NULL,
		.way = runtime ? recognised->way : WAY_NONE,
		.doubt = runtime ? recognised->doubt : DOUBT_NONE,
		.against = recognised->against,
		.since_ns = probe_now_ns(),
	};

	watched_note_thread(watched, moment->tid, moment->pthread);
	known = watched_known(watched, moment->tid);
	/* that a loop does not show at one moment is nothing against it */
	if (!known || (!runtime && known->runtime) || is_same(known, &now))
		return;
	if (known->asked && same_string(known->runtime, now.runtime))
		now.since_ns = known->since_ns;
	*known = now;
	if (!watched->blockprof)
		tell(engine, watched, moment, known);
}

bool account_other_blockprof(struct engine *engine, struct watched *watched)
{
	const struct thread_known left_out = { .against = "it is another blockprof, and left out" };

	if (!engine->options.whole_system || engine->options.filter || watched->asked_for)
		return false;
	if (watched->blockprof || watched->blockprof_known)
		return watched->blockprof;
	watched->blockprof = process_is_blockprof(watched->pid);
	/* one that has just started has no BPF maps yet */
	watched->blockprof_known = !watched->exe || strcmp(base_name(watched->exe), "blockprof");
	if (watched->blockprof)
		tell(engine, watched, NULL, &left_out);
	return watched->blockprof;
}
