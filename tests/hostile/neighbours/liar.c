// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * liar.c cyclic | huge | random | mutating | stack | pages DEVICE | file PATH
 * A loop that looks like a CPython (of the version that it was compiled for: PY_VERSION), whose state is a lie.
 * cyclic: each word is the address of the whole. huge: each word is a large number. random: each is an
 * address in the whole, at random. mutating: the same, and changes all the time. stack: what is true of 3.11 up
 * to its frames, each of which is its own caller, in a code whose names are of 2^60 bytes.
 * pages: it is never there (DEVICE: /dev/userfaultfd, or one like it). file: it is that of a file.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "neighbour.h"

#define STATE_BYTES (1 << 20)
#define WORDS	    (STATE_BYTES / sizeof(uint64_t))

unsigned char _PyRuntime[STATE_BYTES] __attribute__((aligned(4096), section(".PyRuntime"))) = { 1 };
const unsigned long Py_Version = PY_VERSION;

static uint64_t *const words = (uint64_t *)_PyRuntime;

static uint64_t address_at(size_t at)
{
	return (uintptr_t)_PyRuntime + at;
}

static uint64_t anywhere(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return address_at(*seed % WORDS * 8);
}

static void *mutate(void *unused)
{
	uint64_t seed = 88172645463325252;

	for (;;) {
		for (size_t nr = 0; nr < WORDS; nr += 7)
			((volatile uint64_t *)words)[nr] = anywhere(&seed);
		usleep(100);
	}
	return unused;
}

static void put(size_t at, uint64_t value)
{
	words[at / 8] = value;
}

/* Offsets of 3.11's release builds. */
static void lie_of_frames(void)
{
	enum {
		INTERP = 1 << 16,
		TSTATE = 2 << 16,
		CFRAME = 3 << 16,
		FRAME = 4 << 16,
		CODE = 5 << 16,
		NAME = 6 << 16
	};

	put(40, address_at(INTERP));
	put(INTERP + 16, address_at(TSTATE));
	put(TSTATE + 8, address_at(TSTATE));
	put(TSTATE + 16, address_at(INTERP));
	put(TSTATE + 56, address_at(CFRAME));
	put(TSTATE + 152, (uint64_t)pthread_self());
	put(TSTATE + 160, getpid());
	put(CFRAME + 8, address_at(FRAME));
	put(FRAME + 32, address_at(CODE));
	put(FRAME + 48, address_at(FRAME));
	put(FRAME + 56, address_at(CODE) + 184);
	put(CODE + 112, address_at(NAME));
	put(CODE + 120, address_at(NAME));
	put(CODE + 128, address_at(NAME));
	put(CODE + 136, address_at(NAME));
	put(NAME + 16, 1ULL << 60);
	put(NAME + 32, 0xe4);
}

static void lie(char how)
{
	uint64_t seed = 88172645463325252;

	for (size_t nr = 0; nr < WORDS; nr++)
		words[nr] = how == 'c'	 ? address_at(0)
			    : how == 'h' ? (nr % 2 ? 1ULL << 46 : 0x7fffffffff00)
			    : how == 's' ? 0
					 : anywhere(&seed);
	if (how == 's')
		lie_of_frames();
	if (how == 'm')
		start_thread(mutate, NULL);
}

static int open_faults(const char *device)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : ioctl(fd, USERFAULTFD_IOC_NEW, O_CLOEXEC);
}

static int never_there(const char *device)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)_PyRuntime, STATE_BYTES },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = open_faults(device);
	void *there = mmap(_PyRuntime, STATE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return there == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	       ioctl(fd, UFFDIO_REGISTER, &range);
}

static int of_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 || mmap(_PyRuntime, STATE_BYTES, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
				 MAP_FAILED;
}

static void __attribute__((noinline)) block(void)
{
	nap(130);
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	if (!failed && argv[1][0] == 'p')
		failed = never_there(argv[2]);
	else if (!failed && argv[1][0] == 'f')
		failed = of_file(argv[2]);
	else if (!failed)
		lie(argv[1][0]);
	if (failed) {
		perror("liar");
		return 1;
	}
	stall_for_ever(block);
}
