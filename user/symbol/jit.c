// SPDX-License-Identifier: GPL-2.0-or-later
/* jit.c - which perf map is of which process, how far it was read, and names asked for before. */
#include "symbol/jit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "symbol/askers.h"
#include "symbol/perf_map_file.h"

#define PROCESSES_MAX 256
#define NAMES_MAX     1024 /* a power of two */
/* Until a map is looked at again; one that is not there; after one that was long to read. */
#define REFRESH_EACH_NS (100 * NS_PER_MS)
#define MISS_EACH_NS	NS_PER_SEC
#define READ_PART	20 /* of the time goes to reading at the most: one part in so many */
/* In one go: the caller waits. The rest follows with the next time. */
#define PARTS_MAX 4
/* A child killed from outside: chance, or the memory that the map made it take. */
#define STRIKES_MAX 2

struct map_of {
	pid_t pid; /* 0: free */
	uint32_t id; /* request.file; 0: there is no map */
	uint32_t version; /* another one for each state that was read; of all processes */
	uint64_t generation; /* of the child that read it */
	dev_t dev;
	ino_t ino;
	off_t bytes;
	struct timespec changed;
	bool unfinished; /* there is more to read */
	bool unfit; /* by what it is now */
	bool refused; /* it was too much for the child: not looked into again */
	unsigned int strikes;
	uint64_t cut; /* lines of this map, as the child counted last */
	uint64_t due_ns; /* when it is looked at again */
	uint64_t read_due_ns; /* when it may be read again from its start */
	uint64_t used; /* jit->uses when it was asked last */
};

struct name {
	uint64_t addr;
	uint32_t version; /* 0: empty */
	uint64_t offset;
	char *text; /* NULL: there is none */
};

struct jit {
	struct askers *askers;
	struct client *client; /* who is asked now */
	struct memory_source *source; /* of the processes */
	struct map_of maps[PROCESSES_MAX];
	struct name names[NAMES_MAX];
	uint64_t uses;
	uint32_t last_id;
	uint32_t last_version;
	struct jit_counts counts;
};

static struct map_of *map_of(struct jit *jit, pid_t pid)
{
	struct map_of *oldest = &jit->maps[0];

	for (size_t i = 0; i < PROCESSES_MAX; i++) {
		struct map_of *map = &jit->maps[i];

		if (map->pid == pid) {
			map->used = ++jit->uses;
			return map;
		}
		if (map->used < oldest->used)
			oldest = map;
	}
	*oldest = (struct map_of){ .pid = pid, .used = ++jit->uses };
	return oldest;
}

/* The child ended over this map, as client_ask() and client_ended() have it. */
static void blame(struct jit *jit, struct map_of *map, int err)
{
	if (err == -EPIPE || err == -ETIMEDOUT || err == -EPROTO ||
	    (err == -ECANCELED && ++map->strikes == STRIKES_MAX)) {
		jit->counts.maps_refused++;
		map->refused = true;
		map->id = 0;
	}
}

static void note_failure(struct jit *jit, struct map_of *map, int err)
{
	jit->counts.failed++;
	blame(jit, map, err);
}

void jit_ended(struct jit *jit, uint32_t id, int how)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (jit->maps[i].pid && jit->maps[i].id == id)
			blame(jit, &jit->maps[i], how);
}

static bool is_same_file(const struct map_of *map, const struct stat *status)
{
	return map->ino == status->st_ino && map->dev == status->st_dev;
}

static bool is_unchanged(const struct map_of *map, const struct stat *status)
{
	return map->bytes == status->st_size && map->changed.tv_sec == status->st_mtim.tv_sec &&
	       map->changed.tv_nsec == status->st_mtim.tv_nsec;
}

/* How many more lines were left out than at the last answer: a new child counts from 0. */
static void count_cut(struct jit *jit, struct map_of *map, uint64_t cut)
{
	if (cut > map->cut)
		jit->counts.lines_cut += cut - map->cut;
	map->cut = cut;
}

/* 0, or why the child could not. */
static int read_parts(struct jit *jit, struct map_of *map, const struct file_opened *file)
{
	struct request request = { .kind = REQUEST_MAP_READ, .file = map->id };
	struct answer answer;
	bool more = true;

	for (int i = 0; i < PARTS_MAX && more; i++) {
		int err = client_ask(jit->client, &request, file, &answer);

		/* It had died before: there is another one now. */
		if (err == -ENOTCONN)
			err = client_ask(jit->client, &request, file, &answer);
		if (err)
			return err;
		if (answer.error)
			return answer.error;
		count_cut(jit, map, answer.map_read.cut);
		more = answer.map_read.more;
	}
	map->generation = client_generation(jit->client);
	map->unfinished = more;
	map->version = ++jit->last_version;
	return 0;
}

static void read_map(struct jit *jit, struct map_of *map, const struct file_opened *file)
{
	uint64_t begun_ns = clock_coarse_ns(), took_ns;
	int err = read_parts(jit, map, file);

	if (err)
		note_failure(jit, map, err);
	took_ns = clock_coarse_ns() - begun_ns;
	map->read_due_ns = begun_ns + took_ns * READ_PART;
	if (map->due_ns < map->read_due_ns)
		map->due_ns = map->read_due_ns;
}

/* Looks at the file, and has read what is new in it. */
static void refresh(struct jit *jit, struct map_of *map)
{
	const struct memory target = { jit->source, map->pid };
	struct file_opened opened __closing_opened = FILE_NOT_OPENED;
	const struct stat *status = &opened.status;
	int err = perf_map_file_open(&target, &opened);

	map->due_ns = clock_coarse_ns() + REFRESH_EACH_NS;
	/* A process that is gone, or has removed its map, leaves the names that are known. */
	if (err == -ENOENT || err == -ESRCH || err == -ETIMEDOUT) {
		map->due_ns = clock_coarse_ns() + MISS_EACH_NS;
		return;
	}
	if (!is_same_file(map, status)) {
		map->dev = status->st_dev;
		map->ino = status->st_ino;
		map->refused = map->unfinished = false;
		map->strikes = 0;
		map->cut = 0;
		map->id = 0;
	}
	if (err) {
		jit->counts.maps_refused += !map->unfit;
		map->unfit = true;
		map->id = 0;
		return;
	}
	map->unfit = false;
	if (map->refused)
		return;
	if (map->id && !map->unfinished && is_unchanged(map, status) &&
	    map->generation == client_generation(jit->client))
		return;
	map->bytes = status->st_size;
	map->changed = status->st_mtim;
	if (!map->id)
		map->id = ++jit->last_id;
	read_map(jit, map, &opened);
}

static struct name *name_slot(struct jit *jit, const struct map_of *map, uint64_t addr)
{
	uint64_t key = addr ^ (uint64_t)map->version << 48;

	/* The multiplier of Fibonacci hashing: 2^64 over the golden ratio. */
	return &jit->names[(key * 0x9e3779b97f4a7c15ULL) >> 54 & (NAMES_MAX - 1)];
}

static int ask_name(struct jit *jit, const struct map_of *map, uint64_t addr, struct answer *answer)
{
	struct request request = {
		.kind = REQUEST_MAP_NAME,
		.file = map->id,
		.map_name = { .addr = addr },
	};
	int err = client_ask(jit->client, &request, NULL, answer);

	return err ? err : answer->error;
}

/* The child may have died, or dropped the map for others. */
static int ask_again(struct jit *jit, struct map_of *map, uint64_t addr, struct answer *answer)
{
	int err = ask_name(jit, map, addr, answer);

	if ((err != -ESTALE && err != -ENOTCONN) || clock_coarse_ns() < map->read_due_ns)
		return err;
	map->generation = 0;
	refresh(jit, map);
	return map->id ? ask_name(jit, map, addr, answer) : -ENOENT;
}

const char *jit_name(struct jit *jit, pid_t pid, uint64_t addr, uint64_t *offset)
{
	struct map_of *map = map_of(jit, pid);
	struct answer answer;
	struct name *name;
	int err;

	jit->client = askers_client(jit->askers, pid);
	if (clock_coarse_ns() >= map->due_ns)
		refresh(jit, map);
	if (!map->id)
		return NULL;
	name = name_slot(jit, map, addr);
	if (name->version != map->version || name->addr != addr) {
		err = ask_again(jit, map, addr, &answer);
		if (err) {
			if (err != -ENOENT)
				note_failure(jit, map, err);
			return NULL;
		}
		name = name_slot(jit, map, addr);
		free(name->text);
		*name = (struct name){ .addr = addr,
				       .version = map->version,
				       .offset = answer.map_name.offset };
		if (answer.map_name.name[0])
			name->text = strdup(answer.map_name.name);
	}
	*offset = name->offset;
	return name->text;
}

void jit_forget(struct jit *jit, pid_t pid)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (jit->maps[i].pid == pid)
			jit->maps[i] = (struct map_of){ .pid = 0 };
}

void jit_counts(const struct jit *jit, struct jit_counts *out)
{
	*out = jit->counts;
}

int jit_new(struct jit **out, struct askers *askers, struct memory_source *source)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->askers = askers;
	(*out)->source = source;
	return 0;
}

void jit_free(struct jit *jit)
{
	if (!jit)
		return;
	for (size_t i = 0; i < NAMES_MAX; i++)
		free(jit->names[i].text);
	free(jit);
}
