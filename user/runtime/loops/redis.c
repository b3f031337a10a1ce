// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * redis.c - redis and its kin (ae.c): the main thread's aeMain() waits on the one
 * epoll instance. Threads for I/O and for closing files have none.
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "redis-server",	 "redis-sentinel", "redis-check-rdb",
					"valkey-server", "keydb-server",   NULL };

static const struct advice rows[] = {
	{ "SCAN instead of KEYS", ON(CPU), .fn = "keysCommand|stringmatchlen*" },
	{ "SSCAN, HSCAN, ZSCAN, or ranges, instead of whole sets, hashes and lists", ON(CPU),
	  .fn = "smembersCommand|sinterCommand|sunionCommand|sdiffCommand|genericHgetallCommand|"
		"hgetallCommand|lrangeCommand|zrangeCommand|sunionDiffGenericCommand|"
		"sinterGenericCommand" },
	{ "UNLINK instead of DEL, and lazyfree-lazy-* yes", ON(CPU),
	  .fn = "delCommand|delGenericCommand|dbGenericDelete*" },
	{ "FLUSHALL ASYNC", ON(CPU), .fn = "flushallCommand|flushdbCommand|emptyData|emptyDb" },
	{ "SORT on a replica, or keep it sorted (a sorted set)", ON(CPU), .fn = "sortCommand*" },
	{ "shorter scripts: while one runs nobody else is served", ON(CPU),
	  .fn = "evalCommand|evalGenericCommand*|evalShaCommand|fcallCommand*|scriptCall|lua_pcall|"
		"luaV_execute" },
	{ "BGSAVE instead of SAVE", ON(FILE) | ON(CPU), .fn = "saveCommand" },
	{ "appendfsync everysec, and no-appendfsync-on-rewrite yes", ON(FILE),
	  .syscall = "fdatasync" },
	{ "appendfsync everysec, and no-appendfsync-on-rewrite yes", ON(FILE), .syscall = "fsync" },
	{ "a faster disk for the append-only file, or no-appendfsync-on-rewrite yes", ON(FILE),
	  .syscall = "write" },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_redis = {
	.name = "redis",
	.recognise = native_recognise,
	.programs = programs,
	.function = "aeMain",
	.own_epoll = native_main_epoll,
	.advice = advice,
};
