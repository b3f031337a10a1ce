// SPDX-License-Identifier: GPL-2.0-or-later
/* A version that stands in a program as text. */
#include "symbol/child/elf/word.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	char word[16];

	if (word_find(fd, "version ", word, sizeof(word)) == 0)
		fuzz_check(strlen(word) < sizeof(word) && word[0] >= '0' && word[0] <= '9');
	word_find(fd, "v", word, 2);
	close(fd);
	return 0;
}
