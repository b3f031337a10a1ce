/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the targets share. Each fuzz_NAME.c is a program of libFuzzer's
 * (make fuzz); seeds/NAME holds inputs to begin with, those that once broke
 * something among them.
 */
#ifndef BLOCKPROF_TESTS_FUZZ_FUZZ_H
#define BLOCKPROF_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file with these contents, at its start; the caller's. Aborts without one: nothing is tested then. */
static inline int fuzz_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

/* The input as a string: up to its first NUL; the caller's. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The next bytes of the input as a number, little end first; 0 bits where it has ended. */
static inline uint64_t fuzz_number(const uint8_t **data, size_t *size, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes && *size; i++, (*size)--)
		value |= (uint64_t) * (*data)++ << 8 * i;
	return value;
}

/* What must hold of any input. */
static inline void fuzz_check(int holds)
{
	if (!holds)
		abort();
}

#endif
