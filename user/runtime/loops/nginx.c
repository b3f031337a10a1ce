// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nginx.c - a worker's ngx_process_events_and_timers() waits on the worker's epoll
 * instance; the master has none: it waits for signals.
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "nginx", "openresty", "angie", "freenginx", NULL };

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "nginx/", version, size);
}

static const struct advice rows[] = {
	{ "aio threads, so that reads from a slow disk happen in its pool of threads", ON(FILE),
	  .syscall = "sendfile" },
	{ "aio threads, so that reads from a slow disk happen in its pool of threads", ON(FILE),
	  .syscall = "pread64" },
	{ "aio threads, so that reads from a slow disk happen in its pool of threads", ON(FILE),
	  .syscall = "read" },
	{ "access_log with buffer= and flush=, or a syslog server", ON(FILE), .syscall = "write" },
	{ "aio_write on, or a proxy_temp_path in memory (tmpfs)", ON(FILE), .syscall = "pwrite64" },
	{ "open_file_cache, so that files are not opened for each request", ON(FILE),
	  .syscall = "openat" },
	{ "resolver, and a variable in proxy_pass: names are then asked for without waiting",
	  .causes = ON(DNS) },
	{ "gzip_static, or a lower gzip_comp_level", ON(CPU), .module = "libz.|libbrotlienc." },
	{ "gzip_static, or a lower gzip_comp_level", ON(CPU), .fn = "deflate*" },
	{ "keys of ECDSA, ssl_session_cache, more workers", ON(CPU),
	  .module = "libcrypto.|libssl." },
	{ "simpler expressions, or pcre_jit on", ON(CPU), .module = "libpcre" },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_nginx = {
	.name = "nginx",
	.recognise = native_recognise,
	.programs = programs,
	.function = "ngx_process_events_and_timers",
	.own_epoll = native_main_epoll,
	.version = version,
	.advice = advice,
};
