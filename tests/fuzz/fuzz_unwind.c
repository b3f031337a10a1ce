// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole stack: 2 bytes say how long it is; the stack, whose first words are the
 * registers; the rest is the file that all code is mapped from.
 */
#include <errno.h>
#include <unistd.h>

#include "symbol/wire/call.h"
#include "symbol/child/unwind/unwinder.h"
#include "tests/fuzz/fuzz.h"

#define SPACE 1
#define START 0x400000
#define FILE_ 7

static void looking(void *context, uint32_t file)
{
	(void)context;
	fuzz_check(file == FILE_);
}

static void fill(struct unwind_input *input, const uint8_t **data, size_t *size)
{
	size_t bytes = fuzz_number(data, size, 2);
	uint64_t pc;

	if (bytes > *size)
		bytes = *size;
	input->machine = call_own_machine();
	input->bytes = (uint32_t)bytes;
	memcpy(input->stack, *data, bytes);
	*data += bytes;
	*size -= bytes;
	for (size_t i = 0; i < BP_REGISTERS && (i + 1) * 8 <= bytes; i++)
		memcpy(&input->regs.reg[i], input->stack + i * 8, 8);
	input->regs.reg[BP_REGISTER_SP] = 0x7ffe00000000;
	/* somewhere in the file, or the input would mostly be of no use */
	pc = input->regs.reg[BP_REGISTER_IP];
	input->regs.reg[BP_REGISTER_IP] = START + pc % (*size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct unwind_input input;
	static struct answer_unwind answer;
	struct unwind_mapping mapping = { .start = START, .has_file = 1 };
	struct unwinder *unwinder;

	memset(&input, 0, sizeof(input));
	fill(&input, &data, &size);
	mapping.end = START + (size / 4096 + 1) * 4096;
	if (unwinder_new(&unwinder, looking, NULL))
		abort();
	if (unwinder_mappings(unwinder, SPACE, 0, &mapping, 1) == 0) {
		unwinder_file(unwinder, SPACE, START, FILE_, fuzz_file(data, size));
		memset(&answer, 0, sizeof(answer));
		if (unwinder_run(unwinder, SPACE, &input, &answer) == -ENOKEY) {
			int debug = fuzz_file(data, size);

			unwinder_debug(unwinder, FILE_, debug);
			close(debug);
			unwinder_run(unwinder, SPACE, &input, &answer);
		}
		fuzz_check(answer.nr <= UNWIND_FRAMES_MAX);
	}
	unwinder_free(unwinder);
	return 0;
}
