// SPDX-License-Identifier: GPL-2.0-or-later
/* odd_processes.c NAME...: waits for other processes, their answers and their messages: see odd.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "odd.h"

#define SLEEPS(fn, text)     \
	static void fn(void) \
	{                    \
		nap(LONG);   \
		text;        \
	}

static int sem_id, pair[2];
static sem_t reaped;
static pid_t self;

/* Children */

SLEEPS(only_sleeps, )

way waitid_pidfd(void)
{
	pid_t pid = start_child(only_sleeps);
	int fd = syscall(SYS_pidfd_open, pid, 0);
	siginfo_t info;

	waitid(P_PIDFD, fd, &info, WEXITED);
	close(fd);
}

way poll_pidfd(void)
{
	pid_t pid = start_child(only_sleeps);
	struct pollfd polled = { syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };

	poll(&polled, 1, -1);
	close(polled.fd);
	waitpid(pid, NULL, 0);
}

/* Its output, until that ends: it writes none. */
way child_output(void)
{
	FILE *output = popen("exec sleep 0.3", "r");
	char data[100];

	got(fread(data, 1, sizeof(data), output));
	pclose(output);
}

/* Two pipes, as communicate() polls them. */
way child_polled(void)
{
	struct pollfd polled[2];
	int out[2], err[2];
	pid_t pid;

	got(pipe2(out, O_CLOEXEC));
	got(pipe2(err, O_CLOEXEC));
	pid = start_child(only_sleeps);
	close(out[1]);
	close(err[1]);
	polled[0] = (struct pollfd){ out[0], POLLIN, 0 };
	polled[1] = (struct pollfd){ err[0], POLLIN, 0 };
	poll(polled, 2, -1);
	close(out[0]);
	close(err[0]);
	waitpid(pid, NULL, 0);
}

/* A thread of its own waits for the child, and tells. */
static void *reaps(void *child)
{
	waitpid(*(pid_t *)child, NULL, 0);
	sem_post(&reaped);
	return NULL;
}

way child_reaped(void)
{
	pid_t pid = start_child(only_sleeps);
	pthread_t reaper;

	sem_init(&reaped, 0, 0);
	pthread_create(&reaper, NULL, reaps, &pid);
	sem_wait(&reaped);
	pthread_join(reaper, NULL);
}

/* A child that lives on answers by a pipe: no end of it. */
SLEEPS(answers_pipe, got(write(pair[1], "x", 1)); nap(40))

way answer_read(void)
{
	char data;
	pid_t pid;

	got(pipe(pair));
	pid = start_child(answers_pipe);
	close(pair[1]);
	got(read(pair[0], &data, 1));
	close(pair[0]);
	waitpid(pid, NULL, 0);
}

/* From one descriptor to another */

way splice_empty(void)
{
	int out = open("/dev/null", O_WRONLY);
	pid_t pid;

	got(pipe(pair));
	pid = start_child(answers_pipe);
	close(pair[1]);
	got(splice(pair[0], NULL, out, NULL, 1, 0));
	close(pair[0]);
	close(out);
	waitpid(pid, NULL, 0);
}

SLEEPS(reads_all, for (char data[4096]; read(pair[1], data, sizeof(data)) > 0;){})

/* A file into a socket that nobody reads from, for a while. */
way sendfile_full(void)
{
	int in = open("odd.large", O_RDWR | O_CREAT, 0600);
	pid_t pid;

	got(ftruncate(in, 16 << 20));
	got(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		close(pair[0]);
		reads_all();
		_exit(0);
	}
	close(pair[1]);
	for (off_t at = 0; at < 16 << 20;)
		if (sendfile(pair[0], in, &at, 16 << 20) <= 0)
			break;
	close(pair[0]);
	close(in);
	waitpid(pid, NULL, 0);
}

way vforks(void)
{
	pid_t pid = vfork();

	if (!pid) {
		struct timespec time = { 0, LONG * MS };

		syscall(SYS_nanosleep, &time, NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* While it runs, by a child that needs some time to begin. */
#define STOPPED_BY(name, child)                                     \
	way name(void)                                              \
	{                                                           \
		pid_t pid;                                          \
                                                                    \
		self = getpid();                                    \
		pid = start_child(child);                           \
		for (long long end = now() + 30 * MS; now() < end;) \
			;                                           \
		waitpid(pid, NULL, 0);                              \
	}

static void stops_us(void)
{
	nap(20);
	kill(self, SIGSTOP);
	nap(LONG);
	kill(self, SIGCONT);
}

STOPPED_BY(stopped, stops_us)

static void traces_us(void)
{
	nap(20);
	if (ptrace(PTRACE_SEIZE, self, NULL, NULL) || ptrace(PTRACE_INTERRUPT, self, NULL, NULL))
		perror("odd: ptrace");
	nap(LONG);
	ptrace(PTRACE_DETACH, self, NULL, NULL);
}

STOPPED_BY(traced, traces_us)

/* Sockets */

SLEEPS(answers, got(write(pair[1], "x", 1)); nap(20))

static pid_t start_answer(void)
{
	pid_t pid;

	got(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = start_child(answers);
	close(pair[1]);
	return pid;
}

way poll_socket(void)
{
	pid_t pid = start_answer();
	struct pollfd polled = { pair[0], POLLIN, 0 };

	poll(&polled, 1, -1);
	close(pair[0]);
	waitpid(pid, NULL, 0);
}

way epoll_private(void)
{
	pid_t pid = start_answer();
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);

	epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event);
	epoll_wait(epoll, &event, 1, -1);
	close(epoll);
	close(pair[0]);
	waitpid(pid, NULL, 0);
}

way accepts(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "odd.sock" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	unlink(address.sun_path);
	got(bind(listener, (void *)&address, sizeof(address)));
	listen(listener, 1);
	pid = fork();
	if (!pid) {
		nap(LONG);
		got(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof(address)));
		nap(5);
		_exit(0);
	}
	close(accept(listener, NULL, NULL));
	close(listener);
	waitpid(pid, NULL, 0);
}

/* System V and POSIX */

way mq_timed(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	struct timespec limit = in_a_while();
	char data[64], name[40];
	mqd_t queue;

	snprintf(name, sizeof(name), "/blockprof-case-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
	mq_timedreceive(queue, data, sizeof(data), NULL, &limit);
	mq_close(queue);
	mq_unlink(name);
}

static void ups(void)
{
	struct sembuf up = { 0, 1, 0 };

	nap(LONG);
	semop(sem_id, &up, 1);
}

way sysv_semaphore(void)
{
	struct sembuf down = { 0, -1, 0 };
	pid_t pid;

	sem_id = semget(IPC_PRIVATE, 1, 0600);
	pid = start_child(ups);
	semop(sem_id, &down, 1);
	semctl(sem_id, 0, IPC_RMID);
	waitpid(pid, NULL, 0);
}

static const struct odd_way ways[] = {
	WAY(waitid_pidfd), WAY(poll_pidfd),	WAY(vforks),	    WAY(stopped),
	WAY(traced),	   WAY(poll_socket),	WAY(epoll_private), WAY(accepts),
	WAY(mq_timed),	   WAY(sysv_semaphore), WAY(child_output),  WAY(child_polled),
	WAY(child_reaped), WAY(answer_read),	WAY(splice_empty),  WAY(sendfile_full),
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return odd_main(ways, argc, argv);
}
