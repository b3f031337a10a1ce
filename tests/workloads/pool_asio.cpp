// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool_asio.cpp - Boost.Asio: io_context::run() in as many threads as the second argument
 * says, with timers of 7 to 50 ms whose handlers do nothing. Patterns: idle; sleep: one
 * handler sleeps for 300 ms each second, and says TURN.
 */
#include <boost/asio.hpp>
#include <memory>
#include <thread>
#include <vector>

extern "C" {
#include "native_target.h"
}

using boost::asio::io_context;
using boost::asio::steady_timer;

__attribute__((noinline)) static void sleep_in_handler()
{
	long long start = now_ns();

	nap(block_ms);
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d, \"tid\": %ld}\n", start,
	       now_ns(), getpid(), syscall(SYS_gettid));
}

struct ticker {
	steady_timer timer;
	int ms;

	void start()
	{
		timer.expires_after(std::chrono::milliseconds(ms));
		timer.async_wait([this](const boost::system::error_code &) {
			if (ms == 1000)
				sleep_in_handler();
			start();
		});
	}
};

int main(int argc, char **argv)
{
	io_context context;
	std::vector<std::unique_ptr<ticker>> tickers;
	std::vector<std::thread> threads;
	int nr = argc > 2 ? atoi(argv[2]) : 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pattern = argc > 1 ? argv[1] : "idle";
	block_ms = 300;
	for (int ms : { 7, 13, 20, 50, 1000 }) {
		if (ms == 1000 && strcmp(pattern, "sleep"))
			break;
		tickers.emplace_back(new ticker{ steady_timer(context), ms });
		tickers.back()->start();
	}
	for (int i = 0; i < nr; i++)
		threads.emplace_back([&] { context.run(); });
	puts("READY");
	return getchar() == EOF ? (fflush(stdout), _exit(0), 0) : 1;
}
