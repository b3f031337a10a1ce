// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What blockprof makes of the answers of a symbolizer that a file has taken over:
 * two bytes say how long each is, and whether its number is the right one.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/abi.h"
#include "symbol/wire/native_frame.h"
#include "symbol/wire/protocol.h"
#include "symbol/symbol.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/memory_sources.h"

#define WRONG_NUMBER 0x8000
#define USES_MAX     200

/* Of both processes: starting one for each input takes most of the time. */
struct shared {
	size_t bytes; /* that are left */
	size_t at;
	uint8_t input[1 << 16];
};

static struct shared *shared;

/* A sound answer that says nothing. */
static size_t no_answer(unsigned char *packet, uint32_t kind)
{
	static const struct answer nothing;
	size_t bytes = answer_bytes(&nothing, kind, sizeof(nothing));

	memcpy(packet, &nothing, bytes);
	return bytes;
}

/* The input's next packet; at its end one that says nothing. Whether its number was the right one. */
static bool send_next(int socket, unsigned char *packet, uint32_t kind, uint64_t sequence)
{
	const uint8_t *data = shared->input + shared->at;
	size_t left = shared->bytes, bytes, here;
	uint64_t head = fuzz_number(&data, &left, 2);

	if (!left) {
		bytes = no_answer(packet, kind);
		shared->bytes = 0;
	} else {
		bytes = head & (WRONG_NUMBER - 1);
		here = bytes < left ? bytes : left;
		memset(packet, 0, bytes);
		memcpy(packet, data, here);
		shared->at = (size_t)(data - shared->input) + here;
		shared->bytes = left - here;
	}
	if (!(head & WRONG_NUMBER))
		memcpy(packet, &sequence, sizeof(sequence));
	(void)!send(socket, packet, bytes, MSG_NOSIGNAL);
	return !(head & WRONG_NUMBER);
}

/* In the child, in place of the real one. */
static void hostile_main(const int *fds, size_t nr, pid_t parent)
{
	static unsigned char packet[1 << 17];
	struct request request;
	int socket = fds[0];

	(void)nr;
	/* Its parent's end of the socket is among them: it would not see that closed. */
	if (socket > 3)
		close_range(3, (unsigned int)socket - 1, 0);
	close_range((unsigned int)socket + 1, ~0U, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return;
	(void)!send(socket, packet, no_answer(packet, 0), 0);
	while (recv(socket, packet, sizeof(packet), 0) >= (ssize_t)sizeof(request)) {
		memcpy(&request, packet, sizeof(request));
		/* What waits for the right number would wait for half a second. */
		while (!send_next(socket, packet, request.kind, request.sequence))
			;
	}
}

static void look_at(const struct symbol *symbol)
{
	fuzz_check(symbol->fn && strlen(symbol->fn) < 4096);
	for (size_t i = 0; i < symbol->nr_inlined; i++) {
		fuzz_check(symbol->inlined[i].fn && strlen(symbol->inlined[i].fn) < 4096);
		fuzz_check(!symbol->inlined[i].file || strlen(symbol->inlined[i].file) < 4096);
	}
}

/* Another one where what was known of it would keep questions from being asked. */
static struct symbols *fresh_symbols(void)
{
	static struct symbols *symbols;
	static unsigned int uses;
	struct symbols_counts counts;

	if (symbols)
		symbols_counts(symbols, &counts);
	if (symbols && (counts.child_restarts || counts.files_refused || ++uses > USES_MAX)) {
		symbols_free(symbols);
		symbols = NULL;
	}
	if (!symbols) {
		uses = 0;
		if (symbols_new(&symbols, hostile_main, process_memory()))
			abort();
	}
	return symbols;
}

static void start(const uint8_t *data, size_t size)
{
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	shared->at = 0;
	shared->bytes = size < sizeof(shared->input) ? size : sizeof(shared->input);
	memcpy(shared->input, data, shared->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct native_frame frames[256];
	static struct bp_stack_copy copy;
	static uint64_t offset; /* not asked about before */
	uint64_t addr = (uint64_t)(uintptr_t)&LLVMFuzzerTestOneInput + offset++ % USES_MAX * 4;
	unsigned char bytes[2][8];
	struct symbols_object objects[] = { { .name = "a", .bytes = bytes[0], .size = 8 },
					    { .name = "b", .bytes = bytes[1], .size = 8 } };
	struct symbols *symbols;
	struct symbol symbol;
	unsigned int flags;

	start(data, size);
	symbols = fresh_symbols();
	symbols_user(symbols, getpid(), addr, 0, &symbol);
	look_at(&symbol);
	symbols_user(symbols, getpid(), addr + 1, 1, &symbol);
	look_at(&symbol);
	copy.bytes = 64;
	copy.regs.reg[BP_REGISTER_IP] = addr;
	fuzz_check(symbols_unwind(symbols, getpid(), &copy, frames, 256, &flags) <= 256);
	symbols_user(symbols, getpid(), addr + 2, 1, &symbol);
	look_at(&symbol);
	symbols_objects(symbols, getpid(), addr, false, objects, 2);
	fuzz_check(objects[0].nr <= sizeof(bytes[0]) && objects[1].nr <= sizeof(bytes[1]));
	return 0;
}
