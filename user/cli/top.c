// SPDX-License-Identifier: GPL-2.0-or-later
/* top.c - `blockprof top`: its options, what feeds the board, and when it is drawn. */
#include "cli/top.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "base/zygote.h"
#include "cli/exit_status.h"
#include "cli/message.h"
#include "cli/scope_options.h"
#include "cli/usage.h"
#include "cli/why.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "session/session.h"
#include "text/note_words.h"
#include "text/words.h"
#include "top/display.h"
#include "top/terminal.h"

#define REFRESH_NS NS_PER_SEC
#define KEYS_NS \
	(100 * NS_PER_MS) /* keys are asked for at least so often: that shows a new size, too */
#define ASKED_MAX 64 /* processes in a refresh: to read each from /proc takes some 20 us */

static const char help[] =
	"usage: blockprof top [OPTIONS] [-p PID[,PID...]]...\n"
	"The event loops of the machine, live, worst first: how much of their time they are\n"
	"stalled, and by what. Enter shows the last stalls of a loop, ? the keys.\n"
	"\n"
	"  -p, --pid PID[,PID]   only these processes; repeatable\n"
	"  -c, --comm REGEX      only processes whose name matches,\n"
	"  -u, --unit NAME       those of this systemd unit,\n"
	"      --cgroup PATH     those in this cgroup or below it; each repeatable\n"
	"  -f, --follow          their children too\n"
	"  -t, --threshold TIME  a turn longer than this is a stall: 100ms, 1.5s, 500us;\n"
	"                        a bare number is milliseconds (default 100ms)\n"
	"  -d, --duration TIME   stop after this; a bare number is seconds\n"
	"      --loop TID:fd=N   this thread waits in epoll instance N\n"
	"      --loop TID:none   this thread is no loop\n"
	"  -q, --quiet           fewer notes\n"
	"  -v, --verbose         more notes; -vv: why threads are loops or\n"
	"                        not, and turns no stalls; -vvv: libbpf's log\n"
	"  -V, --version         this program's version\n"
	"  -h, --help            this text\n";

struct top {
	struct scope scope;
	struct usage usage;
	struct zygote *zygote;
	struct session session;
	struct notes *notes;
	struct board *board;
	struct display *display;
	int64_t realtime_offset_ns; /* timestamp_of() */
};

static const struct option long_options[] = {
	SCOPE_LONG_OPTIONS,
	USAGE_LONG_OPTIONS,
};

static const char short_options[] = ":" SCOPE_SHORT_OPTIONS USAGE_SHORT_OPTIONS;

static int take_option(void *context, int option, const char *value)
{
	struct top *top = context;

	if (option == OPTION_ALL_THREADS) {
		message_error("cannot use --all-threads: top shows loops; use `blockprof watch`");
		return -EINVAL;
	}
	return scope_take(&top->scope, option, value);
}

static int parse(struct top *top, int argc, char **argv)
{
	const struct usage_command command = {
		.help = "blockprof top --help",
		.short_options = short_options,
		.long_options = long_options,
		.take = take_option,
		.context = top,
	};
	int err;

	scope_init(&top->scope);
	err = usage_parse(&top->usage, &command, argc, argv);
	if (err || usage_is_asked(&top->usage))
		return err;
	if (optind < argc) {
		message_error("cannot use '%s': top takes options only; see blockprof top --help",
			      argv[optind]);
		return -EINVAL;
	}
	return scope_finish(&top->scope, false);
}

/* -- from the engine to the board -- */

static void on_loop(void *context, const struct loop_record *record)
{
	struct top *top = context;

	/* without memory it is not shown where it belongs */
	board_belongs(top->board, record);
	message_detail("loop: %s[%d] thread %d: %s", record->id.comm, record->id.pid,
		       record->id.tid, record->id.runtime);
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct top *top = context;
	struct stall_record timed = *record;

	timed.time_ns = timestamp_of(&top->realtime_offset_ns, record->mono_ns);
	board_stall(top->board, &timed);
}

/* The board reads blocked time from the engine's loops. */
static void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	struct top *top = context;

	board_withdrawn(top->board, record);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	(void)context;
	(void)record;
}

/* Shown in the bottom line for a while, and on standard error in the end. */
static void on_note(void *context, const struct note_record *record)
{
	__freeing char *words = note_words(record);

	(void)context;
	if (words)
		message_note("%s", words);
}

static void on_process_exit(void *context, const struct exit_record *record, bool asked_for)
{
	struct top *top = context;

	(void)record;
	if (asked_for)
		session_target_ended(&top->session);
}

static void on_standing(void *context, const struct engine_loop *loop)
{
	struct top *top = context;

	board_loop(top->board, loop);
}

static void count(void *context, pid_t pid, struct board_census *out)
{
	struct top *top = context;

	out->threads = process_threads(pid);
	out->tasks = engine_tasks(top->session.engine, pid);
}

static uint64_t lost(const struct top *top)
{
	uint64_t sum = 0;

	for (int loss = 0; loss < LOSS_PROBE_NR; loss++)
		sum += probe_loss(top->session.probe, (enum loss)loss);
	return sum;
}

static void refresh(struct top *top)
{
	if (!display_is_paused(top->display)) {
		board_begin(top->board, probe_now_ns());
		engine_each_loop(top->session.engine, on_standing, top);
		board_end(top->board);
		board_ask(top->board, count, top, ASKED_MAX);
	}
	display_refresh(top->display, lost(top));
}

/* -- the watch -- */

static void announce(const struct top *top)
{
	char threshold[DURATION_BYTES];

	words_duration(top->scope.threshold_ns, threshold);
	if (top->scope.nr_pids)
		message_note("watching %zu process%s, turns over %s", top->scope.nr_pids,
			     top->scope.nr_pids == 1 ? "" : "es", threshold);
	else
		message_note("watching the whole system, turns over %s", threshold);
}

static void run_until_end(struct top *top)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t signals = 0, next_ns = 0, keys_ns = 0;

	while (!(signals & (SESSION_STOP | SESSION_SIGNAL(SIGHUP))) &&
	       !session_is_over(&top->session)) {
		uint64_t now_ns = probe_now_ns();

		if (now_ns >= next_ns) {
			refresh(top);
			message_try();
			/* once a second; those that come too late are left out */
			next_ns = next_ns + REFRESH_NS > now_ns ? next_ns + REFRESH_NS
								: now_ns + REFRESH_NS;
		}
		/* while the terminal is busy keys are not waited for: they would be there at once */
		keys.revents = 0;
		signals = session_step(&top->session, &keys, !display_is_busy(top->display), -1);
		/* the terminal is gone */
		if (keys.revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		now_ns = probe_now_ns();
		if (!keys.revents && now_ns < keys_ns)
			continue;
		keys_ns = now_ns + KEYS_NS;
		if (!display_keys(top->display))
			return;
	}
	if (top->session.ended)
		message_note("the processes that were watched have ended");
}

/* The first line showed the sum. */
static void report_losses(const struct top *top)
{
	for (int loss = 0; loss < LOSS_PROBE_NR; loss++) {
		uint64_t count = probe_loss(top->session.probe, (enum loss)loss);

		if (count)
			message_warn("lost: %" PRIu64 " %s", count,
				     loss_words(loss_name((enum loss)loss)));
	}
	if (board_left_out(top->board))
		message_warn("lost: %" PRIu64 " times a loop had no room in the list",
			     board_left_out(top->board));
}

static int run(struct top *top)
{
	const struct engine_sink sink = {
		.context = top,
		.loop = on_loop,
		.stall = on_stall,
		.withdrawn = on_withdrawn,
		.thread = why_thread,
		.discarded = why_discarded,
		.blind = why_blind,
		.blocked = on_blocked,
		.exit = on_process_exit,
		.note = on_note,
	};
	const struct session_options options = {
		.scope = &top->scope,
		.whole_system = !top->scope.nr_pids,
		.libbpf_log = top->usage.verbosity > 2,
		.zygote = top->zygote = zygote_new(),
	};
	int err = scope_check(&top->scope);

	if (!err)
		err = session_open(&top->session, &options, &sink);
	if (!err)
		err = session_begin(&top->session, 0);
	if (err)
		return err;
	err = board_new(&top->board, top->scope.threshold_ns,
			engine_started_ns(top->session.engine));
	if (err)
		message_error("cannot watch: %s", strerror(-err));
	else
		err = session_look(&top->session);
	if (err)
		return err;
	announce(top);
	err = display_open(&top->display, top->board, top->notes, top->scope.threshold_ns);
	if (err) {
		message_error("cannot use the terminal: %s; use `blockprof watch`", strerror(-err));
		return err;
	}
	run_until_end(top);
	report_losses(top);
	return 0;
}

int cmd_top(int argc, char **argv)
{
	struct top top = { 0 };
	const char *obstacle;
	int err;

	err = parse(&top, argc, argv);
	if (err || usage_is_asked(&top.usage)) {
		usage_answer(&top.usage, help);
		scope_free(&top.scope);
		return exit_status_of_options(err);
	}
	message_set_level(top.usage.verbosity);
	message_set_queued();
	signal(SIGPIPE, SIG_IGN);
	obstacle = terminal_obstacle();
	if (obstacle) {
		message_error("cannot show the loops: %s", obstacle);
		scope_free(&top.scope);
		return EXIT_COULD_NOT;
	}
	/* also what the symbolizer prints, which comes first */
	if (isatty(STDERR_FILENO)) {
		err = notes_divert(&top.notes);
		if (err)
			message_error("cannot keep notes off the screen: %s", strerror(-err));
	}
	if (!err)
		err = run(&top);
	if (err)
		scope_report_failure(&top.session);
	display_close(top.display);
	notes_restore(top.notes);
	session_close(&top.session);
	zygote_free(top.zygote);
	board_free(top.board);
	scope_free(&top.scope);
	return err ? EXIT_COULD_NOT : EXIT_OK;
}
