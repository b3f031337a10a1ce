// SPDX-License-Identifier: GPL-2.0-or-later
/* launch.c - how COMMAND is held before it is executed, and how its failure comes back. */
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/caller.h"

/* What comes back where COMMAND could not be started. */
struct failure {
	int err;
	bool executed;
};

static void run_child(int gate, int failure, char **argv, const struct caller *caller)
{
	sigset_t none;
	struct failure failed = { 0 };
	ssize_t got;
	char byte;

	/* a byte: go on; end of file: it is not wanted any more, or our parent is gone */
	got = read(gate, &byte, 1);
	if (!got)
		_exit(0);
	if (got < 0)
		failed.err = -errno;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!failed.err)
		failed.err = caller_become(caller);
	if (!failed.err) {
		execvp(argv[0], argv);
		failed = (struct failure){ -errno, true };
	}
	(void)!write(failure, &failed, sizeof(failed));
	_exit(127);
}

int launch_hold(struct launch *launch, char **argv, const struct caller *caller)
{
	int gate[2], failure[2];

	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	if (pipe2(failure, O_CLOEXEC)) {
		int err = -errno;

		close(gate[0]);
		close(gate[1]);
		return err;
	}
	launch->pid = fork();
	if (!launch->pid) {
		close(gate[1]);
		close(failure[0]);
		run_child(gate[0], failure[1], argv, caller);
	}
	close(gate[0]);
	close(failure[1]);
	launch->gate = gate[1];
	launch->failure = failure[0];
	if (launch->pid < 0) {
		int err = -errno;

		close(launch->gate);
		close(launch->failure);
		return err;
	}
	return 0;
}

int launch_go(struct launch *launch, bool *executed)
{
	struct failure failed = { 0 };

	/* nobody there any more: it was killed, which its status says */
	if (write(launch->gate, "", 1) != 1 && errno != EPIPE)
		failed.err = -errno;
	close(launch->gate);
	/* end of file: it was executed, which closes the pipe, or let go */
	if (read(launch->failure, &failed, sizeof(failed)) != sizeof(failed))
		failed.executed = !failed.err;
	close(launch->failure);
	*executed = failed.executed;
	return failed.err;
}

void launch_abandon(struct launch *launch)
{
	close(launch->gate);
	close(launch->failure);
	waitpid(launch->pid, NULL, 0);
}
