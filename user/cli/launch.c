// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/duration.h"
#include "cli/launch.h"

static long number_of(const char *name)
{
	const char *text = getenv(name);
	long number;

	return text && !number_parse(text, 0, INT_MAX, &number) ? number : -1;
}

/* Under sudo the program is the caller's, not root's. 0 or -errno. */
static int become_caller(void)
{
	long uid = number_of("SUDO_UID"), gid = number_of("SUDO_GID");
	struct passwd *user;

	if (geteuid() != 0 || uid <= 0 || gid < 0)
		return 0;
	user = getpwuid(uid);
	if ((user ? initgroups(user->pw_name, gid) : setgroups(0, NULL)) || setgid(gid) ||
	    setuid(uid))
		return -errno;
	if (user) {
		setenv("HOME", user->pw_dir, 1);
		setenv("USER", user->pw_name, 1);
		setenv("LOGNAME", user->pw_name, 1);
	}
	return 0;
}

static void run_child(int gate, int failure, char **argv)
{
	sigset_t none;
	char byte;
	int err;

	/* a byte: go; end of file: given up, or whoever was to watch it is gone */
	if (read(gate, &byte, 1) != 1)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	err = become_caller();
	if (!err) {
		execvp(argv[0], argv);
		err = -errno;
	}
	(void)!write(failure, &err, sizeof(err));
	_exit(127);
}

int launch_hold(struct launch *launch, char **argv)
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
		run_child(gate[0], failure[1], argv);
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

int launch_go(struct launch *launch)
{
	int err = 0;

	(void)!write(launch->gate, "", 1);
	close(launch->gate);
	/* end of file when it has been executed: the pipe is closed by that */
	if (read(launch->failure, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(launch->failure);
	return err;
}

void launch_abandon(struct launch *launch)
{
	close(launch->gate);
	close(launch->failure);
	waitpid(launch->pid, NULL, 0);
}
