// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * node.c - Node.js: libuv, linked in or as libnode's neighbour. The main thread
 * and each worker thread run a loop; child_process.execSync() and its like run
 * another one inside a callback, on an epoll instance made for it
 * (spawn_sync.cc), which is no idleness. Threads of the pool wait for locks.
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "node", "nodejs", NULL };
static const char *const libraries[] = { "libnode.so", "libuv.so", NULL };

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	if (!program_is(moment->program, programs) &&
	    !program_library(moment->program, "libnode.so"))
		return false;
	/* its other threads are V8's and libuv's pools: the symbols of so large a file are not needed */
	return native_recognise(runtime, moment, recognised) || !moment->candidate;
}

/* deps: the address of its own headers' archive (process.release.headersUrl) */
static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "nodejs.org/download/release/v", version, size);
}

static const struct advice rows[] = {
	{ "require() at the start of the program, not in a turn", ON_WAIT | ON(CPU) | ON(FAULT),
	  .file = "node:internal/modules/" },
	{ "await fs.promises.{twin}() instead of fs.{call}()", ON_WAIT | ON(CPU), .fn = "*Sync",
	  .file = "node:fs" },
	{ "child_process.{twin}() instead of {call}()", ON_WAIT | ON(CPU), .fn = "*Sync",
	  .file = "node:child_process|node:internal/child_process" },
	{ "crypto.{twin}() instead of {call}(): it works in a pool of threads", ON_WAIT | ON(CPU),
	  .fn = "*Sync", .file = "node:internal/crypto/" },
	{ "a stream, or the twins of zlib that have a callback, instead of those that end in Sync",
	  ON_WAIT | ON(CPU), .file = "node:zlib" },
	{ "bcrypt.{twin}() instead of {call}()", ON_WAIT | ON(CPU), .fn = "*Sync",
	  .file = "/bcrypt" },
	{ "a worker thread: SQLite is synchronous here", ON_WAIT | ON(CPU),
	  .file = "/better-sqlite3/|node:sqlite" },
	{ "a worker thread: SQLite is synchronous here", ON_WAIT | ON(CPU),
	  .module = "better_sqlite3.node" },
	{ "await instead of deasync, which runs a loop inside of a turn", ON_WAIT,
	  .file = "/deasync/" },
	{ "a logger that writes elsewhere (pino): console.log() waits for files, pipes and "
	  "terminals",
	  ON(FILE) | ON(PIPE) | ON(TTY), .file = "node:internal/console/" },
	{ "await Atomics.waitAsync(), or a worker thread that waits", ON(LOCK) | ON(SLEEP),
	  .fn = "Atomics.wait|v8::internal::Builtin_AtomicsWait*|v8::internal::FutexEmulation::*" },
	{ "a worker thread, a stream, or smaller pieces for so much JSON", ON(CPU),
	  .fn = "JSON.parse|JSON.stringify|v8::internal::Json*|v8::internal::Builtin_Json*" },
	{ "an expression that cannot backtrack so far (RE2), or a worker thread", ON(CPU),
	  .fn = "RegExp:*|RegExp.*|v8::internal::RegExp*|v8::internal::IrregexpInterpreter*|"
		"v8::internal::NativeRegExpMacroAssembler*" },
	{ "crypto.subtle.digest(), or a worker thread, for so much at once", ON(CPU),
	  .file = "node:internal/crypto/hash" },
	{ "the asynchronous twins of crypto (pbkdf2, subtle.digest), or a worker thread", ON(CPU),
	  .fn = "sha512_block*|sha256_block*|sha1_block*|SHA*|EVP_*|PKCS5_*|kdf_*" },
	{ "fewer objects that live for long, or more room for new ones (--max-semi-space-size)",
	  .causes = ON(GC) },
	{ "setTimeout(), or await Atomics.waitAsync(): nothing else sleeps in JavaScript",
	  .causes = ON(SLEEP) },
	{ "child_process.spawn() instead of what waits for the child", .causes = ON(CHILD) },
	{ "fs.promises instead of synchronous calls of fs", ON(FILE), .direct = true },
	{ "a worker thread, or pieces with setImmediate() between them", ON(CPU), .direct = true },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_node = {
	.name = "node",
	.recognise = recognise,
	.programs = programs,
	.libraries = libraries,
	.own_epoll = native_main_epoll,
	.nests_for_child = true,
	.runs_javascript = true,
	.has_deep_stacks = true,
	.version = version,
	.advice = advice,
	.workers = &libuv_workers,
};
