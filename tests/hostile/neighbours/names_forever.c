// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names_forever.c demangle | rust | strings | symbols
 * A loop whose names take for ever: it stalls in a function whose name is of three hundred bytes, and of 2^40
 * where it is demangled; in a program whose names, or table of symbols, are of as many bytes as a file may have.
 * Each second it is another program, which nobody has refused yet.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "neighbour.h"

#ifndef BOMB
#define BOMB "nap_in_it"
#endif

#define STRINGS_BYTES (1LL << 31)
#define SYMBOLS_BYTES (300LL << 20)

void nap_in_it(void) __asm__(BOMB);

void __attribute__((noinline)) nap_in_it(void)
{
	nap(130);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* A copy of this program, with one of its tables made long. */
static void make_program(const char *path, const char *of, const char *kind)
{
	int from = open(of, O_RDONLY), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	long long end;
	struct stat st;
	Elf64_Ehdr *header;
	Elf64_Shdr *sections;
	char *bytes;

	if (from < 0 || fd < 0 || fstat(from, &st))
		fail(path);
	bytes = malloc(st.st_size);
	if (!bytes || pread(from, bytes, st.st_size, 0) != st.st_size)
		fail("read");
	header = (void *)bytes;
	sections = (void *)(bytes + header->e_shoff);
	end = (st.st_size + 4095) & ~4095LL;
	for (int i = 0; i < header->e_shnum; i++) {
		Elf64_Shdr *section = &sections[i];
		long long most;

		if (!strcmp(kind, "strings") && section->sh_type == SHT_STRTAB &&
		    i != header->e_shstrndx && !(section->sh_flags & SHF_ALLOC))
			most = STRINGS_BYTES;
		else if (!strcmp(kind, "symbols") && section->sh_type == SHT_SYMTAB)
			most = SYMBOLS_BYTES;
		else
			continue;
		if (pwrite(fd, bytes + section->sh_offset, section->sh_size, end) !=
		    (ssize_t)section->sh_size)
			fail("table");
		section->sh_offset = end;
		section->sh_size = most;
		end += (most + 4095) & ~4095LL;
	}
	if (pwrite(fd, bytes, st.st_size, 0) != st.st_size || ftruncate(fd, end))
		fail("write");
	close(fd);
	close(from);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "demangle", *first = argc > 2 ? argv[2] : argv[0];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char path[64];

	for (int nr = 0; nr < 6; nr++) {
		tick(epoll, 5, 10);
		nap_in_it();
	}
	snprintf(path, sizeof(path), "./again-%d-%lld", getpid(), now());
	make_program(path, first, kind);
	if (argc > 2)
		unlink(argv[0]);
	execl(path, path, kind, first, NULL);
	fail(path);
}
