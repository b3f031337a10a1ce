// SPDX-License-Identifier: GPL-2.0-or-later
// deep [stalls N]: stands in deep stacks of templates, inlined functions, virtual calls, lambdas,
// callbacks of the C library, and signal handlers; other moments and other depths all the time.
// Says READY; ends with its standard input.
//
// stalls N: a loop of a timer instead, of whose turns, once something was read, N block somewhere
// deep. What backtrace(3) says of the stack is printed right before each: STALL {"nr", "start_ns",
// "stack": [addresses]}; DONE after them.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <alloca.h>
#include <execinfo.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define INLINE	 inline __attribute__((always_inline))

namespace {

volatile uint64_t sink;
int stalls;
std::atomic<bool> may_stall;

uint64_t now_ns()
{
	timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return uint64_t(now.tv_sec) * 1000000000 + uint64_t(now.tv_nsec);
}

// --- What is done at the bottom ---------------------------------------------------------------

NOINLINE void nap(long ns)
{
	timespec time = { 0, ns };

	nanosleep(&time, nullptr);
	sink = sink + 1;
}

NOINLINE void wait_in_poll(int ms)
{
	poll(nullptr, 0, ms);
	sink = sink + 1;
}

INLINE uint64_t mixed(uint64_t value)
{
	for (int i = 0; i < 2000; i++) {
		value ^= value << 13;
		value ^= value >> 7;
		value ^= value << 17;
	}
	return value;
}

NOINLINE void compute(uint64_t seed)
{
	uint64_t end = now_ns() + 2000000;

	while (now_ns() < end)
		sink = sink + mixed(seed);
}

// Room on the stack whose size the compiler does not know: its frame is found by a register.
NOINLINE void with_room(size_t bytes)
{
	char *room = static_cast<char *>(alloca(bytes));

	memset(room, 1, bytes);
	nap(3000000);
	sink = sink + room[bytes / 2];
}

NOINLINE void stall()
{
	static int nr;
	void *stack[200];
	uint64_t start = now_ns();
	int depth = backtrace(stack, 200);

	printf("STALL {\"nr\": %d, \"tid\": %ld, \"start_ns\": %llu, \"stack\": [", nr++, syscall(SYS_gettid),
	       static_cast<unsigned long long>(start));
	for (int i = 0; i < depth; i++)
		printf("%s%llu", i ? ", " : "",
		       static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(stack[i])));
	printf("]}\n");
	fflush(stdout);
	nap(130000000);
}

NOINLINE void bottom(unsigned choice)
{
	if (stalls) {
		stall();
		sink = sink + 1;
		return;
	}
	switch (choice % 4) {
	case 0:
		nap(4000000);
		break;
	case 1:
		wait_in_poll(4);
		break;
	case 2:
		compute(choice);
		break;
	default:
		with_room(1000 + choice % 4000);
	}
	sink = sink + 1;
}

// --- The ways down ----------------------------------------------------------------------------

void descend(unsigned depth, unsigned choice);

template <int N, typename Policy> struct level {
	struct inner {
		static INLINE uint64_t step(Policy &policy, uint64_t value)
		{
			return level<N - 1, Policy>::run(policy, value + N);
		}
	};
	NOINLINE static uint64_t run(Policy &policy, uint64_t value)
	{
		uint64_t result = N % 3 ? inner::step(policy, value) : policy(value) + inner::step(policy, value);

		sink = sink + result;
		return result + 1;
	}
};

template <typename Policy> struct level<0, Policy> {
	NOINLINE static uint64_t run(Policy &policy, uint64_t value)
	{
		uint64_t result = policy.finish(value);

		sink = sink + result;
		return result;
	}
};

struct going_on {
	unsigned depth, choice;

	uint64_t operator()(uint64_t value) const
	{
		return value * 3;
	}
	uint64_t finish(uint64_t value)
	{
		descend(depth, choice);
		return value;
	}
};

NOINLINE void through_templates(unsigned depth, unsigned choice)
{
	going_on policy{ depth, choice };

	sink = sink + level<12, going_on>::run(policy, choice);
}

struct shape {
	virtual ~shape() = default;
	virtual uint64_t visit(const std::function<uint64_t(unsigned)> &go, unsigned choice) const = 0;
};

struct circle : shape {
	uint64_t visit(const std::function<uint64_t(unsigned)> &go, unsigned choice) const override
	{
		return go(choice) + 1;
	}
};

struct square : shape {
	uint64_t visit(const std::function<uint64_t(unsigned)> &go, unsigned choice) const override
	{
		std::map<std::string, std::unique_ptr<shape>> inside;

		inside["circle"] = std::make_unique<circle>();
		return inside.at("circle")->visit(go, choice) + 2;
	}
};

NOINLINE void through_functions(unsigned depth, unsigned choice)
{
	std::unique_ptr<shape> what;

	if (choice & 1)
		what = std::make_unique<square>();
	else
		what = std::make_unique<circle>();
	sink = sink + what->visit(
			      [depth](unsigned next) {
				      descend(depth, next);
				      return uint64_t(next);
			      },
			      choice);
}

NOINLINE void through_sort(unsigned depth, unsigned choice)
{
	std::vector<unsigned> values(40);
	bool once = true;

	for (size_t i = 0; i < values.size(); i++)
		values[i] = (choice * 2654435761u + unsigned(i) * 40503u) % 997;
	std::sort(values.begin(), values.end(), [&](unsigned a, unsigned b) {
		if (once) {
			once = false;
			descend(depth, choice);
		}
		return a < b;
	});
	sink = sink + values[3];
}

thread_local bool callback_waits;
thread_local unsigned callback_depth, callback_choice;

extern "C" int compare_words(const void *a, const void *b)
{
	if (callback_waits) {
		callback_waits = false;
		descend(callback_depth, callback_choice);
	}
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

// Through the PLT, and the C library, which has no frame pointers either.
NOINLINE void through_qsort(unsigned depth, unsigned choice)
{
	int words[8] = { 3, 1, 2, 7, 5, 6, 4, 0 };

	callback_waits = true;
	callback_depth = depth;
	callback_choice = choice;
	qsort(words, 8, sizeof(words[0]), compare_words);
	sink = sink + uint64_t(words[0]);
}

thread_local unsigned handler_depth, handler_choice;

extern "C" void on_signal(int)
{
	descend(handler_depth, handler_choice);
	sink = sink + 1;
}

NOINLINE void through_signal(unsigned depth, unsigned choice)
{
	handler_depth = depth;
	handler_choice = choice;
	raise(SIGUSR1);
	sink = sink + 1;
}

struct visitor {
	unsigned depth, choice;

	template <typename T> uint64_t operator()(const T &value) const
	{
		descend(depth, choice);
		return sizeof(value);
	}
};

NOINLINE void through_variant(unsigned depth, unsigned choice)
{
	std::variant<int, std::string, std::vector<double>> value;

	if (choice % 3 == 1)
		value = std::string("text");
	else if (choice % 3 == 2)
		value = std::vector<double>(3);
	sink = sink + std::visit(visitor{ depth, choice }, value);
}

NOINLINE void through_catch(unsigned depth, unsigned choice)
{
	try {
		if (choice & 1)
			throw std::runtime_error("on purpose");
		descend(depth, choice);
	} catch (const std::runtime_error &error) {
		descend(depth, choice);
		sink = sink + strlen(error.what());
	}
}

NOINLINE void descend(unsigned depth, unsigned choice)
{
	unsigned next = choice * 1103515245u + 12345u;

	if (depth == 0)
		return bottom(next >> 8);
	depth--;
	switch ((next >> 8) % 7) {
	case 0:
		through_templates(depth, next);
		break;
	case 1:
		through_functions(depth, next);
		break;
	case 2:
		through_sort(depth, next);
		break;
	case 3:
		through_qsort(depth, next);
		break;
	case 4:
		through_signal(depth, next);
		break;
	case 5:
		through_variant(depth, next);
		break;
	default:
		through_catch(depth, next);
	}
	sink = sink + 1;
}

NOINLINE void go_on(unsigned seed)
{
	for (unsigned choice = seed;; choice = choice * 69069u + 1)
		descend(2 + (choice >> 16) % 4, choice);
}

void end_with_input()
{
	char byte;

	while (read(0, &byte, 1) > 0)
		may_stall = true;
	_exit(0);
}

NOINLINE void loop()
{
	itimerspec each = { { 0, 20000000 }, { 0, 20000000 } };
	int ready = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	epoll_event event = {};
	uint64_t ticks;
	unsigned turns = 0, choice = 1;

	event.events = EPOLLIN;
	epoll_ctl(ready, EPOLL_CTL_ADD, timer, &event);
	timerfd_settime(timer, 0, &each, nullptr);
	for (;;) {
		if (epoll_wait(ready, &event, 1, -1) != 1 || read(timer, &ticks, sizeof(ticks)) < 0)
			continue;
		if (may_stall && ++turns % 2 == 0 && stalls) {
			choice = choice * 69069u + 1;
			descend(2 + (choice >> 16) % 4, choice);
			if (--stalls == 0)
				puts("DONE");
			fflush(stdout);
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	struct sigaction action = {};

	action.sa_handler = on_signal;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &action, nullptr);
	stalls = argc > 2 && !strcmp(argv[1], "stalls") ? atoi(argv[2]) : 0;
	std::thread(end_with_input).detach();
	puts("READY");
	fflush(stdout);
	if (stalls)
		loop();
	std::thread(go_on, 7u).detach();
	go_on(1);
}
