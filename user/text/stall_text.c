// SPDX-License-Identifier: GPL-2.0-or-later
/* stall_text.c - one stall as text: the verdict, what was waited for, who it held up, the stacks, the ledger. */
#include "text/stall_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "model/place.h"
#include "text/culprit_text.h"
#include "text/groups.h"
#include "text/home_words.h"
#include "text/impact_text.h"
#include "text/ledger_text.h"
#include "text/reason.h"
#include "text/words.h"
#include "text/wrap.h"

#define MARGIN	     4 /* below a verdict */
#define CONTINUED    6 /* of what is continued there */
#define STACK_MARGIN 6
#define SHOWN_GROUPS 4 /* each with its stack */
#define SHOWN_SHARE  10 /* percent of the turn that show a group */
#define NOISE_NS     (5 * NS_PER_MS) /* less, and less than a hundredth of the turn, is not counted */

/* A text that is put together, the caller's; NULL: no memory. */
static char *join(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *join(const char *format, ...)
{
	va_list arguments;
	char *text;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&text, format, arguments);
	va_end(arguments);
	return bytes < 0 ? NULL : text;
}

/* A text below the verdict. */
static int print_below(FILE *out, const char *text, const struct look *look)
{
	return text ? wrap_printf(out, CONTINUED, look, "%*s%s", MARGIN, "", text) : -ENOMEM;
}

/* -- the verdict -- */

static char *place_words(const struct slice *slice)
{
	const struct frame *frame = slice ? place_of(slice->stack) : NULL;

	/* a function of the kernel is the call in other words */
	return frame && frame->kind != FRAME_KERNEL ? fold_place(frame) : strdup("");
}

/* "352 ms in fetch_rates (app/rates.py:88): socket", "5.0 s and still blocked: sleep" */
static char *verdict_words(const struct groups *groups)
{
	const struct stall_record *stall = groups->stall;
	__freeing char *place = place_words(groups->place ? groups->place->largest : NULL);
	bool lasts = stall->ongoing || stall->at_end;
	char duration[DURATION_BYTES];
	const char *in = lasts ? " and still in " : " in ";

	words_duration(stall->duration_ns, duration);
	if (!place)
		return NULL;
	if (!*place)
		in = lasts ? " and " : "";
	return join("%s%s%s%s: %s", stall->doubt ? "perhaps " : "", duration, in,
		    *place  ? place
		    : lasts ? cause_words(stall->cause)->lasting
			    : "",
		    cause_name(stall->cause));
}

/* The verdict stands out, and what follows it does not. */
static int print_verdict(FILE *out, const struct groups *groups, const char *more,
			 const struct look *look)
{
	__freeing char *verdict = verdict_words(groups), *line = NULL;
	struct wrap wrap = { 0 };
	char time[TIME_BYTES];

	words_time(&look->zone, groups->stall->time_ns, time);
	line = verdict && more ? join("%s  %s%s%s", time, verdict, *more ? "  " : "", more) : NULL;
	if (!line)
		return -ENOMEM;
	wrap.spans[0].from = strlen(time) + 2;
	wrap.spans[0].to = wrap.spans[0].from + strlen(verdict);
	wrap.spans[0].sequence = LOOK_ALARM;
	wrap.indent = CONTINUED;
	wrap_print(out, line, &wrap, look);
	return 0;
}

/* "python3[4242] asyncio" */
static char *thread_words(const struct thread_id *id)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	__freeing char *runtime = escape_text(id->runtime ? id->runtime : "");

	if (!thread || !runtime)
		return NULL;
	return join("%s%s%s", thread, *runtime ? " " : "", runtime);
}

/* "python3[4242] asyncio, pod shop/web-7d9 (app)" */
static char *subject_words(const struct stall_record *stall)
{
	__freeing char *thread = thread_words(&stall->id), *home = home_words(stall->home);

	return thread && home ? join("%s%s%s", thread, *home ? ", " : "", home) : NULL;
}

/* Of the slices that the stall is named after. */
static char *task_words(const struct groups *groups)
{
	return groups->place ? reason_tasks(groups->place) : strdup("");
}

static char *verdict_reason(const struct groups *groups)
{
	return groups->verdict ? reason_words(groups->verdict, groups->stall->duration_ns)
			       : strdup("");
}

/* "python3[4242] asyncio, pod shop/web-7d9 (app), task rates-3; delayed 12 events of 9 clients by up to 340 ms" */
static int print_subject(FILE *out, const struct groups *groups, const struct look *look)
{
	__freeing char *subject = subject_words(groups->stall), *tasks = task_words(groups);
	__freeing char *line = NULL;
	char impact[IMPACT_BYTES];

	if (!subject || !tasks)
		return -ENOMEM;
	impact_words(groups->stall, impact);
	line = join("%s%s%s%s%s", subject, *tasks ? ", " : "", tasks, *impact ? "; " : "", impact);
	return print_below(out, line, look);
}

/* -- the groups -- */

static bool is_large(const struct group *group, const struct stall_record *stall)
{
	return group->ns / SHOWN_SHARE >= stall->duration_ns / 100;
}

/* Whether it is shown besides the verdict: waiting for a CPU is in the ledger, if nobody is to be named. */
static bool is_shown(const struct groups *groups, const struct group *group,
		     const struct look *look)
{
	return group != groups->verdict && (group->largest->stack || group->largest->culprits.nr) &&
	       (look->unfold || is_large(group, groups->stall));
}

static int print_stacks(FILE *out, const struct group *group, const struct look *look)
{
	const struct slice *slice = group->largest;
	const struct fold fold = {
		.call = slice_is_cpu(slice) ? NULL : slice->syscall,
		.margin = STACK_MARGIN,
	};
	int err = 0;

	if (fold_says_more(slice->stack, look))
		err = fold_print(out, slice->stack, &fold, look);
	return err ? err : culprits_stacks(out, &slice->culprits, look);
}

/* "and 100 ms in save (app/db.py:77): file" */
static char *group_words(const struct groups *groups, const struct group *group)
{
	__freeing char *place = place_words(group->largest);
	const char *cause = cause_name(group->largest->cause);
	char duration[DURATION_BYTES];

	words_duration(group->ns, duration);
	if (!place)
		return NULL;
	if (group == groups->place)
		return join("and %s there: %s", duration, cause);
	return join("and %s%s%s: %s", duration, *place ? " in " : "", place, cause);
}

/* "    and 100 ms in save (app/db.py:77): file  fsync /var/lib/data.sqlite, 4 times  task rates-4" */
static int print_group(FILE *out, const struct groups *groups, const struct group *group,
		       const struct look *look)
{
	__freeing char *head = group_words(groups, group), *reason = reason_words(group, 0);
	__freeing char *tasks = reason_tasks(group), *named = task_words(groups), *line = NULL;
	int err;

	if (!head || !reason || !tasks || !named)
		return -ENOMEM;
	/* those of the verdict are named above */
	if (strcmp(tasks, named) == 0)
		*tasks = '\0';
	line = join("%s%s%s%s%s", head, *reason ? "  " : "", reason, *tasks ? "  " : "", tasks);
	err = print_below(out, line, look);
	return err ? err : print_stacks(out, group, look);
}

/* "and 12 more places, 80 ms" */
static int print_left(FILE *out, const struct groups *groups, size_t places, uint64_t ns,
		      const struct look *look)
{
	__freeing char *line = NULL;
	char sum[DURATION_BYTES];

	ns = add_saturated(ns, groups->left_ns);
	if (!ns || (ns < NOISE_NS && ns < groups->stall->duration_ns / 100))
		return 0;
	words_duration(ns, sum);
	line = join("and %zu%s more place%s, %s", places, groups->left_ns ? " and" : "",
		    places == 1 && !groups->left_ns ? "" : "s", sum);
	return print_below(out, line, look);
}

static int print_groups(FILE *out, const struct groups *groups, const struct look *look)
{
	size_t shown = groups->verdict ? 1 : 0, left = 0;
	uint64_t left_ns = 0;
	int err = groups->verdict ? print_stacks(out, groups->verdict, look) : 0;

	for (size_t i = 0; i < groups->nr && !err; i++) {
		const struct group *group = &groups->v[i];

		if (is_shown(groups, group, look) && (look->unfold || shown < SHOWN_GROUPS)) {
			err = print_group(out, groups, group, look);
			shown++;
		} else if (group != groups->verdict && group->largest->stack) {
			left_ns = add_saturated(left_ns, group->ns);
			left++;
		}
	}
	return err ? err : print_left(out, groups, left, left_ns, look);
}

/* -- whole, and in one line -- */

/* What is to be known of it besides; "": nothing. */
static const char *const *remarks_of(const struct stall_record *stall, const char *remarks[4])
{
	size_t nr = 0;

	if (stall->before_attach)
		remarks[nr++] = "it had begun before the watch did";
	if (stall->at_end)
		remarks[nr++] = "it went on when the watch ended";
	remarks[nr] = NULL;
	return remarks;
}

static int print_advice(FILE *out, const char *text, const struct look *look)
{
	__freeing char *advice = escape_text(text);
	__freeing char *line = advice ? join("advice: %s", advice) : NULL;

	return print_below(out, line, look);
}

static int print_remarks(FILE *out, const struct stall_record *stall, const struct look *look)
{
	const char *remarks[4];
	__freeing char *doubt = NULL;
	int err = 0;

	for (const char *const *remark = remarks_of(stall, remarks); *remark && !err; remark++)
		err = print_below(out, *remark, look);
	if (!err && stall->advice)
		err = print_advice(out, stall->advice, look);
	if (err || !stall->doubt)
		return err;
	doubt = join("perhaps none: %s", doubt_meaning(stall->doubt));
	return print_below(out, doubt, look);
}

static int print_whole(FILE *out, const struct groups *groups, const struct look *look)
{
	__freeing char *reason = verdict_reason(groups);
	int err = reason ? print_verdict(out, groups, "", look) : -ENOMEM;

	if (!err && *reason)
		err = print_below(out, reason, look);
	if (!err)
		err = print_subject(out, groups, look);
	if (!err)
		err = print_groups(out, groups, look);
	if (!err)
		err = ledger_print(out, groups->stall, look);
	return err ? err : print_remarks(out, groups->stall, look);
}

int stall_print(FILE *out, const struct stall_record *stall, const struct look *look)
{
	struct groups groups;
	int err = groups_make(&groups, stall, look->unfold);

	if (!err)
		err = print_whole(out, &groups, look);
	groups_free(&groups);
	return err;
}

int stall_print_ongoing(FILE *out, const struct stall_record *stall, const struct look *look)
{
	struct groups groups;
	int err = groups_make(&groups, stall, false);
	__freeing char *reason = err ? NULL : verdict_reason(&groups);
	__freeing char *tasks = err ? NULL : task_words(&groups);
	__freeing char *thread = subject_words(stall), *more = NULL;

	if (reason && tasks && thread)
		more = join("%s%s%s%s%s", reason, *reason ? "  " : "", thread, *tasks ? ", " : "",
			    tasks);
	err = more ? print_verdict(out, &groups, more, look) : -ENOMEM;
	groups_free(&groups);
	return err;
}

/* "2nd" */
static char *ordinal(uint64_t nth)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };
	bool teen = nth / 10 % 10 == 1;

	return join("%" PRIu64 "%s", nth, teen || nth % 10 > 3 ? "th" : endings[nth % 10]);
}

/* "2nd, python3[4242/4250] asyncio, task rates-7, perhaps none: ..." */
static char *repetition(const struct groups *groups, const struct repeated *repeated)
{
	const struct stall_record *stall = groups->stall;
	__freeing char *nth = ordinal(repeated->nth), *tasks = task_words(groups);
	__freeing char *thread = repeated->told ? strdup("") : subject_words(stall);
	const char *remarks[4], *const *remark = remarks_of(stall, remarks);

	if (!nth || !tasks || !thread)
		return NULL;
	return join("%s%s%s%s%s%s%s%s%s", nth, *thread ? ", " : "", thread, *tasks ? ", " : "",
		    tasks, *remark ? ", " : "", *remark ? *remark : "",
		    stall->doubt ? ", perhaps none: " : "",
		    stall->doubt ? doubt_meaning(stall->doubt) : "");
}

/* "recvfrom 127.0.0.1:5432 (postgres[812])  and 100 ms in save (app/db.py:77): file" */
static char *repeated_reasons(const struct groups *groups, const struct look *look)
{
	char *text = verdict_reason(groups);
	size_t shown = 1;

	for (size_t i = 0; i < groups->nr && text && shown < SHOWN_GROUPS; i++) {
		__freeing char *before = NULL, *head = NULL;

		if (!is_shown(groups, &groups->v[i], look))
			continue;
		head = group_words(groups, &groups->v[i]);
		before = text;
		text = head ? join("%s%s%s", before, *before ? "  " : "", head) : NULL;
		shown++;
	}
	return text;
}

int stall_print_repeated(FILE *out, const struct stall_record *stall,
			 const struct repeated *repeated, const struct look *look)
{
	struct groups groups;
	int err = groups_make(&groups, stall, look->unfold);
	__freeing char *reasons = err ? NULL : repeated_reasons(&groups, look);
	__freeing char *again = err ? NULL : repetition(&groups, repeated), *more = NULL;

	if (reasons && again)
		more = join("%s%s%s", reasons, *reasons ? "  " : "", again);
	err = more ? print_verdict(out, &groups, more, look) : -ENOMEM;
	groups_free(&groups);
	return err;
}

int stall_print_withdrawn(FILE *out, const struct withdrawn_record *withdrawn,
			  const struct look *look)
{
	__freeing char *who = thread_words(&withdrawn->id);
	__freeing char *why = escape_text(discard_words(withdrawn->reason));
	char time[TIME_BYTES];

	words_time_in_seconds(&look->zone, withdrawn->time_ns, time);
	if (!who || !why)
		return -ENOMEM;
	return wrap_printf(out, CONTINUED, look, "%s  withdrawn: %s was no stall: %s", time, who,
			   why);
}

int stall_places(struct stall_places *places, const struct stall_record *stall,
		 const struct look *look)
{
	struct groups groups;
	int err = groups_make(&groups, stall, look->unfold);

	places->nr = 0;
	places->v[places->nr++] = place_hash(
		(uint64_t)stall->cause, !err && groups.place ? groups.place->largest->stack : NULL);
	for (size_t i = 0; i < groups.nr && !err && places->nr < SHOWN_GROUPS; i++)
		/* waiting for a CPU comes and goes, and does not make it another stall */
		if (groups.v[i].largest->stack && is_shown(&groups, &groups.v[i], look))
			places->v[places->nr++] = groups.v[i].place_hash;
	groups_free(&groups);
	return err;
}
