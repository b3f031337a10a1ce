// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * files.c sparse | fifo | link | endless | lines | elf | java
 * A loop whose stalls have a frame of no known file on their stack, so that /tmp/perf-PID.map is asked for it.
 * That is a sparse file of 8 GiB, a FIFO, a link to /dev/zero, one line without an end, too many lines.
 * elf: the frame is of a mapped file, which begins as an ELF file does and goes on with lies.
 * java: it is of a libjvm.so like that, and there are counters of a JVM which are none.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "neighbour.h"

#define CODE_AT 4096

/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };

static void (*frame)(void (*function)(void));

static void __attribute__((noinline)) nap_a_while(void)
{
	nap(130);
}

static void block(void)
{
	frame(nap_a_while);
}

static void *mapped(int fd, int flags)
{
	void *page = mmap(NULL, 2 * CODE_AT, PROT_READ | PROT_EXEC | (fd < 0 ? PROT_WRITE : 0),
			  MAP_PRIVATE | flags, fd, 0);

	if (page == MAP_FAILED) {
		perror("files");
		exit(1);
	}
	return page;
}

/* An ELF file whose tables are where they cannot be, and of sizes that cannot be. */
static int garbage(const char *path)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_shoff = CODE_AT,
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 0xffff,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 0xfff0,
		.e_shstrndx = 0xfff0 - 1,
	};
	unsigned char bytes[CODE_AT * 2];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	uint64_t seed = 88172645463325252;

	for (size_t nr = 0; nr < sizeof(bytes); nr++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		bytes[nr] = seed >> 56;
	}
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + CODE_AT, code, sizeof(code));
	if (fd < 0 || write(fd, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    ftruncate(fd, 1LL << 36)) {
		perror(path);
		exit(1);
	}
	close(fd);
	return open(path, O_RDONLY);
}

static void counters(void)
{
	char path[96];
	int fd;

	mkdir("hsperfdata_neighbour", 0755);
	snprintf(path, sizeof(path), "hsperfdata_neighbour/%d", getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	/* the prologue, little endian: entries from 32 on, more of them than there can be */
	if (fd < 0 ||
	    write(fd,
		  "\xca\xfe\xc0\xc0\1\2\0\1\xff\xff\xff\x7f\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\xff"
		  "\xff\xff\x7f",
		  32) != 32 ||
	    ftruncate(fd, 32768) || mmap(NULL, 32768, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		perror(path);
}

static void write_map(const char *what)
{
	char path[64], line[] = "7f0000000000 1000 \x1b]0;evil\x07 \xff name\n";
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
	if (!strcmp(what, "fifo")) {
		mkfifo(path, 0644);
		return;
	}
	if (!strcmp(what, "link")) {
		if (symlink("/dev/zero", path))
			perror(path);
		return;
	}
	file = fopen(path, "w");
	if (!file)
		return;
	if (!strcmp(what, "sparse") && ftruncate(fileno(file), 8LL << 30))
		perror(path);
	for (int nr = 0; !strcmp(what, "endless") && nr < 1 << 20; nr++)
		fputs("7f0000000000 1000 0123456789abcd", file);
	for (int nr = 0; !strcmp(what, "lines") && nr < 1 << 20; nr++)
		fputs(line, file);
	fclose(file);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "sparse";

	if (!strcmp(what, "elf") || !strcmp(what, "java")) {
		frame = (void (*)(void (*)(void)))(
			(char *)mapped(garbage(*what == 'j' ? "libjvm.so" : "lib\x1b[7mgarbage.so"),
				       0) +
			CODE_AT);
		if (*what == 'j')
			counters();
	} else {
		void *page = mapped(-1, MAP_ANONYMOUS);

		memcpy(page, code, sizeof(code));
		frame = (void (*)(void (*)(void)))page;
		write_map(what);
	}
	stall_for_ever(block);
}
