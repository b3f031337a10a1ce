// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - which command it is. */
#include <string.h>

#include "cli/dump.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/serve.h"
#include "cli/top.h"
#include "cli/watch.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "watch", cmd_watch }, { "top", cmd_top },   { "report", cmd_report },
	{ "serve", cmd_serve }, { "dump", cmd_dump },
};

static int run(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	/* without a command's name it is the first of them */
	return commands[0].run(argc, argv);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	message_end();
	return status;
}
