// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel symbols: a list of every oddity, and this machine's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/kernel.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

static int read_text(struct kernel_symbols **symbols, const char *text)
{
	char path[] = "/tmp/test-kallsyms-XXXXXX";
	int fd = mkstemp(path);
	int err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	err = kernel_symbols_read(symbols, path);
	unlink(path);
	return err;
}

static void assert_found(const struct kernel_symbols *symbols, uint64_t addr, const char *name,
			 const char *module, uint64_t offset)
{
	struct kernel_symbol found;

	assert_int_equal(kernel_symbols_find(symbols, addr, &found), 0);
	assert_string_equal(found.name, name);
	if (module)
		assert_string_equal(found.module, module);
	else
		assert_null(found.module);
	assert_int_equal(found.offset, offset);
}

static void listed(void **state)
{
	struct kernel_symbols *symbols;
	struct kernel_symbol found;

	(void)state;
	assert_int_equal(read_text(&symbols,
				   "0000000000000000 A fixed_percpu_data\n"
				   "ffffffff81000000 T _text\n"
				   "ffffffff81000100 T __do_sys_read\n"
				   "ffffffff81000100 T do_read\n"
				   "ffffffff81000100 t ___do_read\n"
				   "ffffffff810001f0 T __pfx_finish\n"
				   "ffffffff81000200 t finish_task_switch.isra.0\n"
				   "ffffffff81000300 t folio_wait_bit_common.constprop.0.cold\n"
				   "ffffffff81000400 D some_data\n"
				   "ffffffff81000500 W weak_one\n"
				   "ffffffffc0002000 t second_of_module\t[nf_tables]\n"
				   "ffffffffc0001000 t first_of_module\t[nf_tables]\n"
				   "ffffffffc0003000 t bpf_prog_0123_x\t[bpf]\n"),
			 0);
	assert_int_equal(kernel_symbols_count(symbols), 10);
	assert_found(symbols, 0xffffffff81000000, "_text", NULL, 0);
	assert_found(symbols, 0xffffffff81000110, "do_read", NULL, 0x10);
	assert_found(symbols, 0xffffffff81000200, "finish_task_switch", NULL, 0);
	assert_found(symbols, 0xffffffff81000350, "folio_wait_bit_common", NULL, 0x50);
	assert_found(symbols, 0xffffffff81000501, "weak_one", NULL, 1);
	assert_found(symbols, 0xffffffffc0001fff, "first_of_module", "[nf_tables]", 0xfff);
	assert_found(symbols, 0xffffffffc0002000, "second_of_module", "[nf_tables]", 0);
	assert_found(symbols, 0xffffffffc0003000, "bpf_prog_0123_x", "[bpf]", 0);
	assert_int_equal(kernel_symbols_find(symbols, 0xffffffff80ffffff, &found), -ENOENT);
	assert_int_equal(kernel_symbols_find(symbols, 0, &found), -ENOENT);
	/* Far behind the last one below it. */
	assert_int_equal(kernel_symbols_find(symbols, 0xffffffff91000000, &found), -ENOENT);
	assert_int_equal(kernel_symbols_find(symbols, UINT64_MAX, &found), -ENOENT);
	kernel_symbols_free(symbols);
}

static void hidden(void **state)
{
	struct kernel_symbols *symbols;

	(void)state;
	assert_int_equal(read_text(&symbols, "0000000000000000 T _text\n0000000000000000 t a\n"),
			 -EACCES);
	assert_int_equal(read_text(&symbols, ""), -EACCES);
	assert_int_equal(kernel_symbols_read(&symbols, "/nonexistent/kallsyms"), -ENOENT);
}

static void malformed(void **state)
{
	static char text[70000];
	struct kernel_symbols *symbols;
	int at;

	(void)state;
	at = snprintf(text, sizeof(text), "nonsense\n\nffffffff81000000\nffffffff81000000 T\n");
	memset(text + at, 'x', 60000);
	snprintf(text + at + 60000, sizeof(text) - (size_t)at - 60000,
		 " ffffffff81000000 T inside_a_long_line\nffffffff82000000 T good\n");
	assert_int_equal(read_text(&symbols, text), 0);
	assert_int_equal(kernel_symbols_count(symbols), 1);
	assert_found(symbols, 0xffffffff82000004, "good", NULL, 4);
	kernel_symbols_free(symbols);
}

/* Each symbol of this kernel is found at its address, under a name that stands there. */
static void this_machine(void **state)
{
	struct kernel_symbols *symbols;
	size_t checked = 0, nr = 0;
	char line[1024];
	FILE *file;
	int err = kernel_symbols_read(&symbols, "/proc/kallsyms");

	(void)state;
	if (err == -EACCES || err == -ENOENT)
		skip();
	assert_int_equal(err, 0);
	assert_true(kernel_symbols_count(symbols) > 1000);
	assert_true(kernel_symbols_bytes(symbols) < kernel_symbols_count(symbols) * 64 + 65536);
	file = fopen("/proc/kallsyms", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct kernel_symbol found;
		unsigned long long addr;
		char type, name[512];

		/* BPF programs, other blockprofs' among them, come and go between the two readings */
		if (nr++ % 97 || strstr(line, "[bpf]") ||
		    sscanf(line, "%llx %c %511s", &addr, &type, name) != 3 || !strchr("tT", type) ||
		    strncmp(name, "__pfx_", 6) == 0)
			continue;
		assert_int_equal(kernel_symbols_find(symbols, addr, &found), 0);
		assert_int_equal(found.offset, 0);
		checked++;
	}
	fclose(file);
	assert_true(checked > 100);
	kernel_symbols_free(symbols);
}

static void by_symbols(void **state)
{
	struct symbols *symbols;
	struct symbol found;

	(void)state;
	assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
	symbols_kernel(symbols, 1, &found);
	assert_string_equal(found.fn, "[unknown]");
	assert_int_equal(found.in_text, 0);
	assert_null(found.module);
	symbols_free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed),     cmocka_unit_test(hidden),
		cmocka_unit_test(malformed),  cmocka_unit_test(this_machine),
		cmocka_unit_test(by_symbols),
	};

	return cmocka_run_group_tests_name("symbol_kernel", tests, NULL, NULL);
}
