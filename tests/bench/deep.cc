// SPDX-License-Identifier: GPL-2.0-or-later
// deep: says READY in the innermost of 60 frames of different functions, and stays there.
#include <cstdio>
#include <unistd.h>
#include <utility>
#include <vector>

namespace deep
{

template <int level> struct Step {
	// Not the last thing that is done, so that it has a frame; registers to be restored.
	template <typename T> [[gnu::noinline]] static T take(std::vector<T> &values, T value)
	{
		values.push_back(value + level);
		T below = Step<level - 1>::template take<T>(values, value * 3 + values.back());
		return below ^ values[(std::size_t)level % values.size()];
	}
};

template <> struct Step<0> {
	template <typename T> [[gnu::noinline]] static T take(std::vector<T> &values, T value)
	{
		puts("READY");
		fflush(stdout);
		for (;;)
			pause();
		return value ^ values.back();
	}
};

} // namespace deep

int main()
{
	std::vector<long> values;

	return (int)deep::Step<56>::take<long>(values, 1);
}
