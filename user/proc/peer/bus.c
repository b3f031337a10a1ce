// SPDX-License-Identifier: GPL-2.0-or-later
/* bus.c - which bus may be asked, how, and how long its answer is waited for. */
#include "proc/peer/bus.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "proc/procfs.h"

/* D-Bus Specification, "Well-known Message Bus Instances"; /var/run is a link to /run. */
#define SYSTEM_BUS "/run/dbus/system_bus_socket"
/* A bus that is alive needs less than a millisecond for all of it. */
#define WAIT_NS (50 * NS_PER_MS)

static void close_bus(sd_bus **bus)
{
	sd_bus_close_unref(*bus);
}

static void free_message(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

/* The same path is another socket in another mount namespace. */
static bool has_our_mounts(pid_t pid)
{
	char *its __freeing = procfs_link(pid, "ns/mnt");
	char *ours __freeing = procfs_link(getpid(), "ns/mnt");

	return its && ours && !strcmp(its, ours);
}

static bool is_system_bus(pid_t asker, const char *path)
{
	struct stat status;

	if (starts_with(path, "/var/run/"))
		path += strlen("/var");
	return !strcmp(path, SYSTEM_BUS) && has_our_mounts(asker) && !lstat(SYSTEM_BUS, &status) &&
	       S_ISSOCK(status.st_mode) && !status.st_uid;
}

static uint64_t left_us(uint64_t until_ns)
{
	uint64_t now_ns = clock_now_ns();

	return now_ns < until_ns ? (until_ns - now_ns) / NS_PER_US : 0;
}

/* sd_bus_call() itself would wait for the greeting for as long as it takes. */
static int connect_bus(sd_bus *bus, uint64_t until_ns)
{
	int err = sd_bus_set_address(bus, "unix:path=" SYSTEM_BUS);

	if (err >= 0)
		err = sd_bus_set_bus_client(bus, 1);
	if (err >= 0)
		err = sd_bus_start(bus);
	while (err >= 0 && sd_bus_is_ready(bus) == 0) {
		uint64_t wait_us = left_us(until_ns);

		if (!wait_us)
			return -ETIMEDOUT;
		err = sd_bus_process(bus, NULL);
		if (err == 0)
			err = sd_bus_wait(bus, wait_us);
	}
	return err < 0 ? err : 0;
}

int bus_owner(pid_t asker, const char *path, const char *name, pid_t *owner)
{
	uint64_t until_ns = clock_now_ns() + WAIT_NS;
	sd_bus *bus __attribute__((cleanup(close_bus))) = NULL;
	sd_bus_message *question __attribute__((cleanup(free_message))) = NULL;
	sd_bus_message *answer __attribute__((cleanup(free_message))) = NULL;
	uint32_t pid = 0;
	int err;

	if (!is_system_bus(asker, path))
		return -ENOENT;
	err = sd_bus_new(&bus);
	if (err >= 0)
		err = connect_bus(bus, until_ns);
	if (err >= 0)
		err = sd_bus_message_new_method_call(
			bus, &question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			"org.freedesktop.DBus", "GetConnectionUnixProcessID");
	if (err >= 0)
		err = sd_bus_message_append(question, "s", name);
	/* 0 would be its default, of 25 seconds */
	if (err >= 0)
		err = sd_bus_call(bus, question, left_us(until_ns) + 1, NULL, &answer);
	if (err >= 0)
		err = sd_bus_message_read(answer, "u", &pid);
	if (err == -ETIMEDOUT)
		return err;
	*owner = (pid_t)pid;
	return err < 0 || !pid ? -ENOENT : 0;
}
