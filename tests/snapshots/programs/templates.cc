// SPDX-License-Identifier: GPL-2.0-or-later
/* Templates, lambdas, virtual functions, the standard library and an exception's landing pad. */
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

static volatile int sink;

struct Shape {
	virtual ~Shape() = default;
	virtual int area(int depth) = 0;
};

extern "C" __attribute__((noinline)) void stop_here(int value)
{
	sink = value;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

template <typename T, int N> struct Nested {
	static __attribute__((noinline)) int go(const std::function<int(T)> &f, T value)
	{
		char room[N * 24];

		snprintf(room, sizeof(room), "%d", N);
		return Nested<T, N - 1>::go(f, value + room[0]) + room[0];
	}
};

template <typename T> struct Nested<T, 0> {
	static __attribute__((noinline)) int go(const std::function<int(T)> &f, T value)
	{
		std::vector<int> v{ 3, 1, 2 };

		std::for_each(v.begin(), v.end(), [&](int x) { sink = f(value + x); });
		return v[0];
	}
};

struct Square : Shape {
	int area(int depth) override
	{
		std::map<std::string, int> map{ { "a", depth }, { "b", 2 } };

		if (depth)
			return area(depth - 1) + map["a"];
		try {
			throw std::runtime_error("x");
		} catch (const std::exception &e) {
			stop_here(map["b"]);
		}
		return sink;
	}
};

int main()
{
	std::unique_ptr<Shape> shape = std::make_unique<Square>();

	return Nested<long, 12>::go([&](long x) { return shape->area(5) + (int)x; }, 1L);
}
