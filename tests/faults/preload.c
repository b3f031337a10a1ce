// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preload.c - put before the C library of one run of blockprof (LD_PRELOAD): notes from
 * which places in blockprof a call is made that can fail, and has it fail once, at one.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>
#include <linux/bpf.h>

#include "tests/faults/table.h"

#define EXPORT __attribute__((visibility("default")))

/* So many callers in blockprof make a place: a function that opens files for others is many places. */
#define CALLERS 3

static struct table *table; /* NULL: another program, or not begun yet */
static pid_t main_pid;
static uintptr_t base, text_start, text_end; /* of blockprof */
static uintptr_t libc_start, libc_end;
/* what unwinding itself needs is no call of blockprof's */
static __thread bool inside __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *old, size_t size);

#define REAL(name)                                                         \
	({                                                                 \
		static __typeof__(&name) real;                             \
                                                                           \
		if (!real)                                                 \
			real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
		real;                                                      \
	})

/* -- places -- */
struct walk {
	uint64_t frames[FRAMES_MAX];
	uint32_t nr, most;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *data)
{
	struct walk *walk = data;
	uintptr_t ip = _Unwind_GetIP(context);

	if (ip >= text_start && ip < text_end)
		walk->frames[walk->nr++] = ip - base;
	return walk->nr < walk->most ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static uint64_t mix(uint64_t key, const void *bytes, size_t nr)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < nr; i++)
		key = (key ^ byte[i]) * 0x100000001b3;
	return key;
}

/* NULL: no room. */
static struct place *place_of(uint64_t key, const char *call, const char *detail)
{
	for (size_t probes = 0, i = key % PLACES_MAX; probes < PLACES_MAX;
	     probes++, i = (i + 1) % PLACES_MAX) {
		struct place *place = &table->places[i];
		uint64_t found = 0;

		if (!__atomic_compare_exchange_n(&place->key, &found, key, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			if (found == key)
				return place;
			continue;
		}
		struct walk whole = { .most = FRAMES_MAX };

		_Unwind_Backtrace(step, &whole);
		strncpy(place->call, call, CALL_BYTES - 1);
		strncpy(place->detail, detail, DETAIL_BYTES - 1);
		memcpy(place->frames, whole.frames, sizeof(place->frames));
		place->nr_frames = whole.nr;
		return place;
	}
	__atomic_fetch_add(&table->left_out, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Whether this call is the one that is to fail; then errno is set. */
static bool fails(const char *call, const char *detail, int error)
{
	struct walk walk = { .most = CALLERS };
	struct place *place = NULL;
	int before = errno;
	uint64_t key = 0xcbf29ce484222325;

	if (!table || inside)
		return false;
	inside = true;
	_Unwind_Backtrace(step, &walk);
	if (walk.nr) {
		key = mix(key, call, strlen(call));
		key = mix(key, detail, strnlen(detail, DETAIL_BYTES - 1));
		key = mix(key, walk.frames, walk.nr * sizeof(walk.frames[0]));
		place = place_of(key ? key : 1, call, detail);
	}
	inside = false;
	errno = before;
	if (!place || __atomic_add_fetch(&place->count, 1, __ATOMIC_RELAXED) != table->armed_nth ||
	    place->key != table->armed)
		return false;
	table->failed++;
	errno = error;
	return true;
}

/* -- where it begins and ends -- */
static int find_text(struct dl_phdr_info *info, size_t size, void *data)
{
	bool program = !*(int *)data;

	(void)size;
	++*(int *)data;
	if (!program && !strstr(info->dlpi_name, "/libc.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		*(program ? &text_start : &libc_start) = start;
		*(program ? &text_end : &libc_end) = start + segment->p_memsz;
		if (program)
			base = info->dlpi_addr;
	}
	return 0;
}

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("FAULTS_TABLE"), *program = getenv("FAULTS_PROGRAM");
	char own[4096] = "";
	int fd, modules = 0;
	void *shared;

	if (!path || !program || readlink("/proc/self/exe", own, sizeof(own) - 1) < 0 ||
	    strcmp(own, program))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	shared = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared == MAP_FAILED)
		return;
	dl_iterate_phdr(find_text, &modules);
	main_pid = getpid();
	table = shared;
}

static void __attribute__((destructor)) end(void)
{
	struct table *last = table;
	DIR *directory;

	if (!last || getpid() != main_pid)
		return;
	table = NULL;
	directory = opendir("/proc/self/fd");
	while (directory && readdir(directory))
		last->descriptors++;
	if (directory)
		closedir(directory);
}

/* Children let go of all memory that they share with others; this they are to keep. */
EXPORT int munmap(void *address, size_t bytes)
{
	if (table && address == table)
		return 0;
	return REAL(munmap)(address, bytes);
}

/* -- system calls without a function of their own, mostly libbpf's -- */
static const char *const bpf_commands[] = {
	[BPF_MAP_CREATE] = "bpf map create",	   [BPF_MAP_LOOKUP_ELEM] = "bpf map lookup",
	[BPF_MAP_UPDATE_ELEM] = "bpf map update",  [BPF_MAP_DELETE_ELEM] = "bpf map delete",
	[BPF_MAP_GET_NEXT_KEY] = "bpf map next",   [BPF_PROG_LOAD] = "bpf prog load",
	[BPF_PROG_ATTACH] = "bpf prog attach",	   [BPF_RAW_TRACEPOINT_OPEN] = "bpf raw tracepoint",
	[BPF_BTF_LOAD] = "bpf btf load",	   [BPF_LINK_CREATE] = "bpf link create",
	[BPF_ITER_CREATE] = "bpf iter create",	   [BPF_MAP_FREEZE] = "bpf map freeze",
	[BPF_OBJ_GET_INFO_BY_FD] = "bpf obj info", [BPF_PROG_BIND_MAP] = "bpf prog bind map",
};

static bool bpf_fails(long command, const union bpf_attr *attr)
{
	const char *name = "bpf", *detail = "";

	if (command >= 0 && command < (long)(sizeof(bpf_commands) / sizeof(bpf_commands[0])) &&
	    bpf_commands[command])
		name = bpf_commands[command];
	if (command == BPF_MAP_CREATE)
		detail = attr->map_name;
	if (command == BPF_PROG_LOAD)
		detail = attr->prog_name;
	return fails(name, detail, command == BPF_PROG_LOAD ? EPERM : ENOMEM);
}

EXPORT long syscall(long number, ...)
{
	long a[6];
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	switch (number) {
	case SYS_bpf:
		if (bpf_fails(a[0], (const union bpf_attr *)a[1]))
			return -1;
		break;
	case SYS_perf_event_open:
		if (fails("perf_event_open", "", EMFILE))
			return -1;
		break;
	case SYS_memfd_create:
		if (fails("memfd_create", "", EMFILE))
			return -1;
		break;
	case SYS_openat2:
		if (fails("openat2", "", EMFILE))
			return -1;
		break;
	}
	return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* -- files -- */
#define MODE_OF(flags)                                   \
	({                                               \
		mode_t mode = 0;                         \
                                                         \
		if ((flags) & (O_CREAT | __O_TMPFILE)) { \
			va_list args;                    \
                                                         \
			va_start(args, flags);           \
			mode = va_arg(args, mode_t);     \
			va_end(args);                    \
		}                                        \
		mode;                                    \
	})

EXPORT int open(const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags);

	return fails("open", "", EMFILE) ? -1 : REAL(open)(path, flags, mode);
}

EXPORT int openat(int at, const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags);

	return fails("openat", "", EMFILE) ? -1 : REAL(openat)(at, path, flags, mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	return fails("fopen", "", EMFILE) ? NULL : REAL(fopen)(path, mode);
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
	return fails("fdopen", "", ENOMEM) ? NULL : REAL(fdopen)(fd, mode);
}

EXPORT DIR *opendir(const char *path)
{
	return fails("opendir", "", EMFILE) ? NULL : REAL(opendir)(path);
}

EXPORT DIR *fdopendir(int fd)
{
	return fails("fdopendir", "", ENOMEM) ? NULL : REAL(fdopendir)(fd);
}

EXPORT ssize_t read(int fd, void *to, size_t bytes)
{
	return fails("read", "", EIO) ? -1 : REAL(read)(fd, to, bytes);
}

EXPORT ssize_t pread(int fd, void *to, size_t bytes, off_t offset)
{
	return fails("pread", "", EIO) ? -1 : REAL(pread)(fd, to, bytes, offset);
}

EXPORT ssize_t write(int fd, const void *from, size_t bytes)
{
	/* what tells of the failure is not to fail */
	return fd != STDERR_FILENO && fails("write", "", ENOSPC) ? -1
								 : REAL(write)(fd, from, bytes);
}

static bool stream_fails(FILE *stream, const char *call)
{
	if (!fails(call, "", EIO))
		return false;
	stream->_flags |= 0x20; /* what ferror() looks at: _IO_ERR_SEEN */
	return true;
}

EXPORT ssize_t __getdelim(char **line, size_t *bytes, int end_byte, FILE *stream)
{
	return stream_fails(stream, "getdelim") ? -1
						: REAL(__getdelim)(line, bytes, end_byte, stream);
}

EXPORT char *fgets(char *to, int bytes, FILE *stream)
{
	return stream_fails(stream, "fgets") ? NULL : REAL(fgets)(to, bytes, stream);
}

EXPORT ssize_t readlink(const char *path, char *to, size_t bytes)
{
	return fails("readlink", "", ENOMEM) ? -1 : REAL(readlink)(path, to, bytes);
}

EXPORT ssize_t readlinkat(int at, const char *path, char *to, size_t bytes)
{
	return fails("readlinkat", "", ENOMEM) ? -1 : REAL(readlinkat)(at, path, to, bytes);
}

/* -- memory -- */
EXPORT void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return fails("mmap", "", ENOMEM)
		       ? MAP_FAILED
		       : REAL(mmap)(address, bytes, protection, flags, fd, offset);
}

EXPORT int memfd_create(const char *name, unsigned int flags)
{
	return fails("memfd_create", "", EMFILE) ? -1 : REAL(memfd_create)(name, flags);
}

EXPORT ssize_t process_vm_readv(pid_t pid, const struct iovec *to, unsigned long nr_to,
				const struct iovec *from, unsigned long nr_from,
				unsigned long flags)
{
	return fails("process_vm_readv", "", ENOMEM)
		       ? -1
		       : REAL(process_vm_readv)(pid, to, nr_to, from, nr_from, flags);
}

/* That blockprof asked for, or the C library for it: what other libraries make of it is theirs. */
static bool allocation_fails(const char *call, const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	return table && table->with_memory &&
	       ((from >= text_start && from < text_end) ||
		(from >= libc_start && from < libc_end)) &&
	       fails(call, "", ENOMEM);
}

EXPORT void *malloc(size_t bytes)
{
	return allocation_fails("malloc", __builtin_return_address(0)) ? NULL
								       : __libc_malloc(bytes);
}

EXPORT void *calloc(size_t nr, size_t bytes)
{
	return allocation_fails("calloc", __builtin_return_address(0)) ? NULL
								       : __libc_calloc(nr, bytes);
}

EXPORT void *realloc(void *old, size_t bytes)
{
	return allocation_fails("realloc", __builtin_return_address(0))
		       ? NULL
		       : __libc_realloc(old, bytes);
}

/* -- processes, threads, and how they talk -- */
EXPORT pid_t fork(void)
{
	return fails("fork", "", EAGAIN) ? -1 : REAL(fork)();
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const env[])
{
	return fails("posix_spawn", "", EAGAIN)
		       ? EAGAIN
		       : REAL(posix_spawn)(pid, path, actions, attributes, argv, env);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *context)
{
	return fails("pthread_create", "", EAGAIN)
		       ? EAGAIN
		       : REAL(pthread_create)(thread, attributes, start, context);
}

EXPORT int pidfd_open(pid_t pid, unsigned int flags)
{
	return fails("pidfd_open", "", EMFILE) ? -1 : REAL(pidfd_open)(pid, flags);
}

EXPORT int pidfd_getfd(int pidfd, int fd, unsigned int flags)
{
	return fails("pidfd_getfd", "", EMFILE) ? -1 : REAL(pidfd_getfd)(pidfd, fd, flags);
}

EXPORT int socket(int domain, int type, int protocol)
{
	return fails("socket", "", EMFILE) ? -1 : REAL(socket)(domain, type, protocol);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t bytes)
{
	return fails("bind", "", EADDRINUSE) ? -1 : REAL(bind)(fd, address, bytes);
}

EXPORT int listen(int fd, int backlog)
{
	return fails("listen", "", EADDRINUSE) ? -1 : REAL(listen)(fd, backlog);
}

EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags)
{
	return fails("accept4", "", EMFILE) ? -1 : REAL(accept4)(fd, address, bytes, flags);
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
	return fails("socketpair", "", EMFILE) ? -1 : REAL(socketpair)(domain, type, protocol, fds);
}

EXPORT int pipe2(int fds[2], int flags)
{
	return fails("pipe2", "", EMFILE) ? -1 : REAL(pipe2)(fds, flags);
}

EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
	return fails("signalfd", "", EMFILE) ? -1 : REAL(signalfd)(fd, set, flags);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails("sendmsg", "", ENOBUFS) ? -1 : REAL(sendmsg)(fd, message, flags);
}

EXPORT ssize_t send(int fd, const void *from, size_t bytes, int flags)
{
	return fails("send", "", ENOBUFS) ? -1 : REAL(send)(fd, from, bytes, flags);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return fails("recvmsg", "", ENOMEM) ? -1 : REAL(recvmsg)(fd, message, flags);
}

EXPORT ssize_t recv(int fd, void *to, size_t bytes, int flags)
{
	return fails("recv", "", ENOMEM) ? -1 : REAL(recv)(fd, to, bytes, flags);
}
