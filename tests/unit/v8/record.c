// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record.c - names frames of a live process and says what it read for each:
 * record PID, with "ADDR FP MADE" lines on standard input. Used by record.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "capture/namer.h"
#include "runtime/v8/private.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

#define FRAMES_MAX 32

static struct memory below; /* the process */

static void print_hex(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static int read_and_print(void *context, uint64_t addr, void *buf, size_t size)
{
	int err = memory_read(&below, addr, buf, size);

	(void)context;
	if (!err) {
		printf("memory %llx ", (unsigned long long)addr);
		print_hex(buf, size);
	}
	return err;
}

static void print_layout(struct v8 *v8)
{
	const struct v8_bytecode_sizes *sizes = v8_sizes(v8);

	for (size_t i = 0; i < v8_numbers_nr; i++)
		printf("number %s %d\n", v8_numbers[i].symbol,
		       *(int32_t *)((char *)&v8->heap.layout + v8_numbers[i].field));
	printf("sizes ");
	for (size_t i = 0; sizes && i < 3; i++)
		for (size_t b = 0; b < sizes->nr; b++)
			printf("%02x", sizes->sizes[i][b]);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct v8_frame frames[FRAMES_MAX];
	unsigned long long addr, fp;
	struct made_memory printing;
	struct symbols *symbols;
	struct namer *namer;
	struct v8 *v8;
	int made, nr;

	if (argc != 2 || symbols_new(&symbols, symbolizer_main, process_memory()) ||
	    namer_new(&namer, symbols, process_memory()))
		return 1;
	v8 = namer_v8(namer, atoi(argv[1]), NULL);
	if (!v8)
		return 1;
	print_layout(v8);
	below = v8->heap.memory;
	v8->heap.memory = memory_made(&printing, read_and_print, NULL);
	while (scanf("%llx %llx %d", &addr, &fp, &made) == 3) {
		struct v8_native native = { .addr = addr, .fp = fp, .made = made };

		printf("frame %llx %llx %d\n", addr, fp, made);
		/* each frame reads all that it needs: others may be left out */
		v8_scripts_free(v8->scripts);
		if (v8_scripts_new(&v8->scripts))
			return 1;
		v8->instructions_map = 0;
		nr = v8_frames(v8, &native, frames, FRAMES_MAX);
		for (int i = 0; i < nr; i++)
			printf("is %s\t%s\t%u\n", frames[i].fn, frames[i].file, frames[i].line);
	}
	namer_free(namer);
	symbols_free(symbols);
	return 0;
}
