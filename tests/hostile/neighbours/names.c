// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names.c [COUNT]
 * Every name that it has is meant to do harm: of its threads, its arguments (64 KiB, with new lines and no UTF-8),
 * and of the files that it waits for; its own file should have one as well. COUNT loops, each blocked by turns.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "neighbour.h"

#define EVIL	  "\x1b]0;evil\x07\x1b[31m;\n\r\xe2\x80\xae\xff\xc2\x9b"
#define ARG_BYTES 65536

static void *opened(void *path)
{
	for (;;) {
		int fd;

		nap(130);
		fd = open(path, O_WRONLY | O_NONBLOCK);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void *loop(void *path)
{
	int epoll = epoll_create1(0);

	prctl(PR_SET_NAME, EVIL);
	for (unsigned nr = 0;; nr++) {
		tick(epoll, 10, 10);
		if (nr % 2) {
			nap(130);
		} else {
			int fd = open(path, O_RDONLY);

			if (fd >= 0)
				close(fd);
		}
	}
	return NULL;
}

static void again(char *program)
{
	static char long_one[ARG_BYTES];
	char *argv[] = { EVIL, long_one, EVIL, "--\n-\x1b[2J", NULL };

	for (size_t nr = 0; nr + sizeof(EVIL) < sizeof(long_one); nr += sizeof(EVIL) - 1)
		memcpy(long_one + nr, EVIL, sizeof(EVIL));
	execv(program, argv);
	perror(program);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		again(argv[0]);
	mkdir("d" EVIL, 0755);
	for (int nr = 0; nr < 16; nr++) {
		char path[128];

		snprintf(path, sizeof(path), "d" EVIL "/%d" EVIL, nr);
		unlink(path);
		mkfifo(path, 0644);
		start_thread(loop, strdup(path));
		start_thread(opened, strdup(path));
	}
	prctl(PR_SET_NAME, EVIL);
	for (;;)
		pause();
}
