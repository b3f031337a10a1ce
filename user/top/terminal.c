// SPDX-License-Identifier: GPL-2.0-or-later
/* terminal.c - what a terminal must be able to do. */
#include "top/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* term.h defines words such as "columns": no other file includes it */
#include <curses.h>
#include <term.h>

const char *terminal_obstacle(void)
{
	static char reason[256];
	const char *name = getenv("TERM");
	int known = 0;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return "standard input and output have to be a terminal; `blockprof watch` writes "
		       "to anything";
	if (!name || !*name)
		return "TERM is not set; set it to your terminal's name, as in TERM=xterm, or use "
		       "`blockprof watch`";
	/* the name can be anything: it is cut here, and escaped where it is printed */
	if (setupterm(NULL, STDOUT_FILENO, &known) == ERR) {
		snprintf(reason, sizeof(reason),
			 "the terminal '%.64s' (TERM) is not known here; try TERM=xterm, or use "
			 "`blockprof watch`",
			 name);
		return reason;
	}
	known = cursor_address && clear_screen;
	del_curterm(cur_term);
	if (known)
		return NULL;
	snprintf(reason, sizeof(reason),
		 "the terminal '%.64s' (TERM) cannot place text; set TERM to what yours is, as in "
		 "TERM=xterm, or use `blockprof watch`",
		 name);
	return reason;
}
