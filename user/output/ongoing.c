// SPDX-License-Identifier: GPL-2.0-or-later
/* ongoing.c - what was told last of each stall that lasts, and how rows of a terminal are written again. */
#include "output/ongoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define FIRST_NS     NS_PER_SEC
#define STALLS_MAX   4096 /* further ones are told when they have ended */
#define STALLS_DRAWN 4

struct told {
	pid_t pid, tid;
	char turn[sizeof(((struct stall_record *)NULL)->turn)];
	uint64_t next_ns; /* it is told again when it has lasted so long */
	char *text; /* on a terminal */
};

struct ongoing {
	struct told *v; /* the one that was told of first comes first */
	size_t nr;
	size_t drawn; /* rows on the terminal */
};

int ongoing_new(struct ongoing **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->v = calloc(STALLS_MAX, sizeof((*out)->v[0]));
	if (!(*out)->v) {
		free(*out);
		return -ENOMEM;
	}
	return 0;
}

void ongoing_clear(struct ongoing *ongoing)
{
	for (size_t i = 0; i < ongoing->nr; i++)
		free(ongoing->v[i].text);
	ongoing->nr = 0;
}

void ongoing_free(struct ongoing *ongoing)
{
	if (!ongoing)
		return;
	ongoing_clear(ongoing);
	free(ongoing->v);
	free(ongoing);
}

/* A thread runs one turn at a time. */
static struct told *find(struct ongoing *ongoing, const struct thread_id *id)
{
	for (size_t i = 0; i < ongoing->nr; i++)
		if (ongoing->v[i].tid == id->tid && ongoing->v[i].pid == id->pid)
			return &ongoing->v[i];
	return NULL;
}

static struct told *get(struct ongoing *ongoing, const struct stall_record *stall)
{
	struct told *told = find(ongoing, &stall->id);

	if (told && strcmp(told->turn, stall->turn) != 0) {
		ongoing_end(ongoing, &stall->id);
		told = NULL;
	}
	if (told || ongoing->nr == STALLS_MAX)
		return told;
	told = &ongoing->v[ongoing->nr++];
	*told = (struct told){ .pid = stall->id.pid, .tid = stall->id.tid };
	memcpy(told->turn, stall->turn, sizeof(told->turn));
	return told;
}

bool ongoing_is_due(struct ongoing *ongoing, const struct stall_record *stall)
{
	struct told *told;

	if (stall->duration_ns < FIRST_NS)
		return false;
	told = get(ongoing, stall);
	if (!told || stall->duration_ns < told->next_ns)
		return false;
	told->next_ns = 2 * FIRST_NS;
	while (told->next_ns <= stall->duration_ns && told->next_ns < UINT64_MAX / 2)
		told->next_ns *= 2;
	return true;
}

int ongoing_set(struct ongoing *ongoing, const struct stall_record *stall, char *text)
{
	struct told *told = stall->duration_ns < FIRST_NS ? NULL : get(ongoing, stall);

	if (!told) {
		free(text);
		return 0;
	}
	free(told->text);
	told->text = text;
	return 0;
}

bool ongoing_end(struct ongoing *ongoing, const struct thread_id *id)
{
	struct told *told = find(ongoing, id);

	if (!told)
		return false;
	free(told->text);
	ongoing->nr--;
	memmove(told, told + 1, (size_t)(ongoing->v + ongoing->nr - told) * sizeof(*told));
	return true;
}

/*
 * The cursor stands at the beginning of the first row. So whatever else is
 * written to the terminal (by a program that is watched there) writes over these
 * rows, and is not erased with them. They are erased one by one: of the whole
 * screen, terminals keep what was erased.
 */
void ongoing_erase(struct ongoing *ongoing, FILE *out)
{
	if (ongoing->drawn)
		fputs("\r\033[K", out);
	if (ongoing->drawn > 1)
		fputs("\0337", out);
	for (size_t i = 1; i < ongoing->drawn; i++)
		fputs("\033[B\033[K", out);
	if (ongoing->drawn > 1)
		fputs("\0338", out);
	ongoing->drawn = 0;
}

static size_t count_rows(const char *text)
{
	size_t rows = 0;

	for (; *text; text++)
		rows += *text == '\n';
	return rows;
}

void ongoing_draw(struct ongoing *ongoing, FILE *out, size_t terminal_rows)
{
	size_t rows = 0, drawn = 0;

	for (size_t i = 0; i < ongoing->nr && drawn < STALLS_DRAWN; i++) {
		const char *text = ongoing->v[i].text;
		size_t own = text ? count_rows(text) : 0;

		/* rows that have left the terminal at its top cannot be written again */
		if (!text || rows + own + 1 > terminal_rows)
			continue;
		fprintf(out, "%s%.*s", rows ? "\n" : "", (int)(strlen(text) - 1), text);
		rows += own;
		drawn++;
	}
	if (drawn && drawn < ongoing->nr) {
		fprintf(out, "\nand %zu more that go on", ongoing->nr - drawn);
		rows++;
	}
	if (rows > 1)
		fprintf(out, "\033[%zuA", rows - 1);
	if (rows)
		fputc('\r', out);
	ongoing->drawn = rows;
}
