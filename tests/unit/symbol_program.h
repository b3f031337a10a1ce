/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbol_program.h - small programs that the symbol tests compile, in a directory of their own. */
#ifndef BLOCKPROF_TESTS_UNIT_SYMBOL_PROGRAM_H
#define BLOCKPROF_TESTS_UNIT_SYMBOL_PROGRAM_H

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct program {
	char dir[40];
	char source[64];
	char path[64];
	char other[64]; /* for a second file */
};

static inline bool run(char *const argv[])
{
	int status;
	pid_t pid;

	return posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

/*
 * hidden_function() is static, shown_function() is in .dynsym. The program
 * writes their addresses as text and sleeps for good. label_inside is a symbol
 * without type and size, as assembler code has them.
 */
static const char program_text[] =
	"#include <stdio.h>\n"
	"#include <unistd.h>\n"
	"int shown_function(int x);\n"
	"static __attribute__((noinline)) int hidden_function(int x)\n"
	"{ return x * 3 + getpid(); }\n"
	"__attribute__((noinline)) int shown_function(int x)\n"
	"{ int y = hidden_function(x) * 5; __asm__ volatile(\"label_inside:\");\n"
	"  return y + hidden_function(x + 1); }\n"
	"int main(void)\n"
	"{ printf(\"%p %p\\n\", (void *)hidden_function, (void *)shown_function);\n"
	"  fflush(stdout); shown_function(1); for (;;) pause(); }\n";

static inline bool program_compile(struct program *program, const char *path, const char *flag)
{
	char *cc = getenv("CC");
	char *argv[] = { cc && *cc && !strchr(cc, ' ') ? cc : (char *)"cc",
			 (char *)"-O1",
			 (char *)"-rdynamic",
			 (char *)flag,
			 (char *)"-o",
			 (char *)path,
			 program->source,
			 NULL };

	return run(argv);
}

static inline bool program_new(struct program *program)
{
	FILE *file;

	snprintf(program->dir, sizeof(program->dir), "/tmp/test-symbol-XXXXXX");
	if (!mkdtemp(program->dir))
		return false;
	chmod(program->dir, 0755);
	snprintf(program->source, sizeof(program->source), "%s/program.c", program->dir);
	snprintf(program->path, sizeof(program->path), "%s/program", program->dir);
	snprintf(program->other, sizeof(program->other), "%s/other", program->dir);
	file = fopen(program->source, "we");
	if (!file)
		return false;
	fputs(program_text, file);
	return fclose(file) == 0;
}

static inline void program_remove(struct program *program)
{
	unlink(program->source);
	unlink(program->path);
	unlink(program->other);
	rmdir(program->dir);
}

/* The whole file in memory (the caller's); NULL: it cannot be read. */
static inline unsigned char *file_contents(const char *path, size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *contents = NULL;
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && (contents = malloc((size_t)status.st_size))) {
		*bytes = (size_t)status.st_size;
		if (read(fd, contents, *bytes) != (ssize_t)*bytes) {
			free(contents);
			contents = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return contents;
}

#endif
