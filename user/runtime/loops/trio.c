// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trio.c - trio.run(): all of the loop is in one function, below which the wait
 * for events is, and the frames of the task that runs.
 */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_TRIO, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_TRIO);
}

static const struct off_loop off_loop = {
	.thread = "await trio.to_thread.run_sync(%s)",
	.process = "a process (trio.run_process, trio-parallel)",
	.sleep = "await trio.sleep()",
};

static const struct advice rows[] = {
	{ "httpx.AsyncClient instead of requests, or {thread}", ON_WAIT,
	  .file = "/requests/|/urllib3/|/urllib/request.py|/http/client.py" },
	{ "trio.run_process() instead of subprocess", ON_WAIT, .file = "/subprocess.py" },
	{ "await trio.socket.getaddrinfo()", .causes = ON(DNS) },
	{ "trio.open_tcp_stream(), or trio.socket", ON(SOCKET), .direct = true },
	{ "trio.Lock or trio.Event instead of threading's, or {thread}", ON(LOCK), .direct = true },
	{ "trio.open_file(), or {thread}", ON(FILE), .direct = true },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_trio = {
	.name = "trio",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
	.advice = advice,
	.off_loop = &off_loop,
};
