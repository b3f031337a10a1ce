// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asio.cpp THREADS idle|block|strand|all
 * Boost.Asio, io_context::run() in so many threads, timers each 7 to 50 ms that do nothing. The
 * threads that do not run epoll_wait sleep on the scheduler's condition variable: that is idleness.
 * idle: no handler blocks. No stall.
 * block: each 0.6 s one handler, block(), sleeps 300 ms. With one thread: a stall. With more,
 *   the others serve meanwhile: it delays nobody, no stall.
 * strand: three timers on one strand, of which one sleeps; the threads go on serving: no stall of
 *   the loop (what waits for the strand is no loop's).
 * all: each 0.7 s as many handlers as there are threads sleep 300 ms at once: nobody serves. One stall.
 */
#include <boost/asio.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "truth.h"

namespace asio = boost::asio;
using std::chrono::milliseconds;

static std::string mode;

[[gnu::noinline]] static void block()
{
	nap(300);
}

template <typename Executor> struct Timer {
	asio::basic_waitable_timer<std::chrono::steady_clock> timer;
	Executor executor;
	milliseconds period;
	bool blocks;

	Timer(asio::io_context &context, Executor executor, int period, bool blocks)
	    : timer(context), executor(executor), period(period), blocks(blocks)
	{
	}

	void go()
	{
		timer.expires_after(period);
		timer.async_wait(asio::bind_executor(executor, [this](boost::system::error_code) {
			if (blocks) {
				long long start = now();

				block();
				truth("sleep", start);
			}
			go();
		}));
	}
};

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	asio::io_context context;
	auto plain = context.get_executor();
	auto strand = asio::make_strand(context);
	std::vector<std::unique_ptr<Timer<decltype(plain)>>> timers;
	std::vector<std::unique_ptr<Timer<decltype(strand)>>> stranded;
	std::vector<std::thread> pool;

	mode = argc > 2 ? argv[2] : "idle";
	for (int period : { 7, 13, 20, 50 })
		timers.emplace_back(new Timer<decltype(plain)>(context, plain, period, false));
	if (mode == "block")
		timers.emplace_back(new Timer<decltype(plain)>(context, plain, 600, true));
	if (mode == "strand")
		for (int period : { 30, 40, 600 })
			stranded.emplace_back(new Timer<decltype(strand)>(context, strand, period,
									  period == 600));
	for (auto &timer : timers)
		timer->go();
	for (auto &timer : stranded)
		timer->go();
	asio::steady_timer alarm(context);
	std::function<void()> rest;
	if (mode == "all") {
		rest = [&] {
			alarm.expires_after(milliseconds(700));
			alarm.async_wait([&](boost::system::error_code) {
				for (int i = 0; i < threads; i++)
					asio::post(context, [i] {
						long long start = now();

						block();
						if (!i)
							truth("sleep", start);
					});
				rest();
			});
		};
		rest();
	}
	for (int i = 0; i < threads; i++)
		pool.emplace_back([&] { context.run(); });
	for (auto &thread : pool)
		thread.join();
}
