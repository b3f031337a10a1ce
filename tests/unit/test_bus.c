// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has a name on the system's bus: a bus of the test's own, where that would be. */
#include "proc/peer/bus.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH	  "/run/dbus/system_bus_socket"
#define NAME	  "com.example.Clock"
#define RESPONSES 500 /* tries, of 10 ms */

static const char config[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
	"<busconfig><type>system</type><listen>unix:path=" PATH "</listen><auth>EXTERNAL</auth>"
	"<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"*\"/>"
	"<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/></policy>"
	"</busconfig>";

struct machine {
	pid_t daemon;
	pid_t clock; /* which has the name */
};

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static pid_t start_daemon(void)
{
	FILE *file = fopen("/run/bus.conf", "we");
	pid_t pid;

	assert_non_null(file);
	fputs(config, file);
	fclose(file);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		execlp("dbus-daemon", "dbus-daemon", "--config-file=/run/bus.conf", "--nofork",
		       "--nopidfile", "--nosyslog", NULL);
		_exit(127);
	}
	return pid;
}

/* Has the name until it is ended. */
static void __attribute__((noreturn)) be_clock(void)
{
	sd_bus *bus = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, "unix:path=" PATH) < 0 ||
	    sd_bus_set_bus_client(bus, 1) < 0 || sd_bus_start(bus) < 0 ||
	    sd_bus_request_name(bus, NAME, 0) < 0)
		_exit(1);
	while (sd_bus_process(bus, NULL) >= 0 && sd_bus_wait(bus, UINT64_MAX) >= 0)
		;
	_exit(1);
}

static int setup(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	*state = machine;
	/* it is in this namespace from now on, as are the children */
	if (system("command -v dbus-daemon >/dev/null") || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL) || mkdir("/run/dbus", 0755))
		return 0;
	machine->daemon = start_daemon();
	for (int i = 0; i < RESPONSES && access(PATH, F_OK); i++)
		usleep(10 * 1000);
	machine->clock = fork();
	if (machine->clock == 0)
		be_clock();
	return 0;
}

static int teardown(void **state)
{
	struct machine *machine = *state;

	end(machine->clock);
	end(machine->daemon);
	free(machine);
	return 0;
}

static void need(const struct machine *machine)
{
	if (machine->clock <= 0)
		skip(); /* no dbus-daemon, or no mount namespaces */
}

static void the_owner_of_a_name_is_known(void **state)
{
	const struct machine *machine = *state;
	pid_t owner = 0;
	int err = -ENOENT;

	need(machine);
	for (int i = 0; i < RESPONSES && err; i++) {
		err = bus_owner(getpid(), PATH, NAME, &owner);
		if (err)
			usleep(10 * 1000);
	}
	assert_int_equal(err, 0);
	assert_int_equal(owner, machine->clock);
	assert_int_equal(bus_owner(getpid(), "/var" PATH, NAME, &owner), 0);
	assert_int_equal(owner, machine->clock);
}

static void other_names_and_buses_are_not(void **state)
{
	const struct machine *machine = *state;
	pid_t owner;

	need(machine);
	assert_int_equal(bus_owner(getpid(), PATH, "com.example.Nobody", &owner), -ENOENT);
	assert_int_equal(bus_owner(getpid(), PATH, "no name \xff", &owner), -ENOENT);
	assert_int_equal(bus_owner(getpid(), "/run/user/1000/bus", NAME, &owner), -ENOENT);
	/* another user's, where the system's would be */
	assert_int_equal(chown(PATH, 65534, 65534), 0);
	assert_int_equal(bus_owner(getpid(), PATH, NAME, &owner), -ENOENT);
	assert_int_equal(chown(PATH, 0, 0), 0);
}

/* One that is deaf, and what is no bus at all. */
static void a_deaf_bus_is_not_waited_for(void **state)
{
	const struct machine *machine = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PATH };
	int listener;
	pid_t owner;

	need(machine);
	kill(machine->daemon, SIGSTOP);
	assert_int_equal(bus_owner(getpid(), PATH, NAME, &owner), -ETIMEDOUT);
	kill(machine->daemon, SIGCONT);
	assert_int_equal(rename(PATH, PATH ".real"), 0);
	assert_int_equal(bus_owner(getpid(), PATH, NAME, &owner), -ENOENT);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(bus_owner(getpid(), PATH, NAME, &owner), -ETIMEDOUT);
	close(listener);
	assert_int_equal(bus_owner(getpid(), PATH, NAME, &owner), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_of_a_name_is_known),
		cmocka_unit_test(other_names_and_buses_are_not),
		cmocka_unit_test(a_deaf_bus_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
