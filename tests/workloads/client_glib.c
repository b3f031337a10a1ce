// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client_glib.c - a program without a main loop that has GLib run children which say
 * something each 20 ms: GLib polls their pipes.
 */
#include <glib.h>
#include <stdio.h>

int main(void)
{
	char *argv[] = { "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo x; sleep 0.02; done",
			 NULL };

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("READY");
	if (getchar() == EOF)
		return 0;
	for (int i = 0; i < 5; i++) {
		char *said = NULL;

		g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, NULL, NULL,
			     NULL);
		g_free(said);
	}
	puts("DONE");
	while (getchar() != EOF)
		;
	return 0;
}
