// SPDX-License-Identifier: GPL-2.0-or-later
/* files.c - which way what may hang is asked for: of a source's children, or here. */
#include "base/files.h"

#include <errno.h>
#include <unistd.h>

void files_close(struct file_opened *opened)
{
	if (opened->fd >= 0)
		close(opened->fd);
	*opened = FILE_NOT_OPENED;
}

bool file_is_opened(const struct file_opened *opened)
{
	return opened->fd >= 0 || opened->ticket;
}

ssize_t files_read(const struct memory *target, const char *name, uint64_t offset, void *buf,
		   size_t size)
{
	struct memory_source *source = target->source;

	if (!source->files)
		return file_read_directly(target->pid, name, offset, buf, size);
	return source->files->read(source->files->context, target->pid, name, offset, buf, size);
}

ssize_t files_read_text(const struct memory *target, const char *name, char *buf, size_t size)
{
	ssize_t got = files_read(target, name, 0, buf, size - 1);

	buf[got > 0 ? got : 0] = '\0';
	return got;
}

int files_open(struct memory_source *source, const struct file_wanted *wanted,
	       struct file_opened *opened)
{
	int err = 0;

	*opened = FILE_NOT_OPENED;
	if (source->files) {
		err = source->files->open(source->files->context, wanted, opened);
	} else {
		opened->fd = file_open_directly(wanted, &opened->status);
		if (opened->fd < 0)
			return opened->fd;
		opened->may_hang = file_may_hang(opened->fd, &opened->status);
	}
	opened->aside = opened->may_hang || wanted->aside;
	return err;
}

ssize_t files_content(struct memory_source *source, const struct file_wanted *wanted,
		      uint64_t offset, void *buf, size_t size)
{
	if (!source->files)
		return file_content_directly(wanted, offset, buf, size);
	return source->files->content(source->files->context, wanted, offset, buf, size);
}

int files_compare(const struct memory *target, int fd, pid_t other_pid, int other_fd)
{
	struct memory_source *source = target->source;

	if (!source->files)
		return file_compare_directly(target->pid, fd, other_pid, other_fd);
	return source->files->compare(source->files->context, target->pid, fd, other_pid, other_fd);
}

bool files_lock_is_free(const struct memory *target)
{
	char text[256];

	return files_read(target, "syscall", 0, text, sizeof(text)) != -ETIMEDOUT;
}

bool files_are_late(const struct memory *target)
{
	const struct file_calls *files = target->source->files;

	return files && files->is_late(files->context, target->pid);
}

uint64_t files_restarts(const struct memory_source *source)
{
	return source->files ? source->files->restarts(source->files->context) : 0;
}

int files_receiver(const struct memory_source *source, unsigned int which)
{
	return source->files ? source->files->receivers[which] : -1;
}

void files_send_to(const struct memory_source *source, unsigned int which)
{
	if (source->files && source->files->send_to)
		source->files->send_to(source->files->context, which);
}
