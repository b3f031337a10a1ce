// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qt.c - Qt's event loops: QEventLoop::exec() waits in a dispatcher, which polls by itself
 * or, where Qt was built with it, runs a GLib main context.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const cores[] = { "libQt5Core.so.", "libQt6Core.so.", NULL };
static const char *const libraries[] = { "libQt5Core.so", "libQt6Core.so", "libglib-2.0.so", NULL };
static const char *const runs_in[] = { "QEventLoop::exec", NULL };

static const char *core(const struct program *program, const char **prefix)
{
	const char *path = NULL;

	for (size_t i = 0; cores[i] && !path; i++) {
		*prefix = cores[i];
		path = program_library(program, cores[i]);
	}
	return path;
}

/* The thread waits in GLib: a thread without one of Qt's loops may do so as well. */
static bool is_others(const struct runtime *runtime, const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	uint64_t sp = candidate ? candidate->sp : block ? block->sp : 0;
	const char *caller = program_caller(moment->program, sp);

	return caller && starts_with(base_name(caller), "libglib-") &&
	       !native_runs(runtime, moment, sp);
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const char *prefix;

	if (!core(moment->program, &prefix) || is_others(runtime, moment))
		return false;
	return native_recognise(runtime, moment, recognised);
}

/* What follows in libQt5Core.so.5.15.8 */
static int version(struct program *program, char *version, size_t size)
{
	const char *prefix, *path = core(program, &prefix);

	if (!path || strlen(base_name(path)) - strlen(prefix) >= size)
		return -ENOENT;
	snprintf(version, size, "%s", base_name(path) + strlen(prefix));
	return 0;
}

static const struct advice rows[] = {
	{ "the signal finished() instead of QProcess::waitFor...()", ON_WAIT,
	  .fn = "QProcess::waitFor*|QProcess::execute*" },
	{ "QTimer::singleShot() instead of {call}()", ON_WAIT,
	  .fn = "QThread::sleep|QThread::msleep|QThread::usleep|QTest::qSleep" },
	{ "the signal finished() of the thread instead of QThread::wait()", ON_WAIT,
	  .fn = "QThread::wait" },
	{ "QFutureWatcher instead of waitForFinished()", ON_WAIT,
	  .fn = "QFuture*::waitForFinished*|QFutureInterfaceBase::wait*|QtConcurrent::blocking*" },
	{ "the signals connected() and readyRead() instead of waitFor...()", ON_WAIT,
	  .fn = "QAbstractSocket::waitFor*|QTcpSocket::waitFor*|QSslSocket::waitFor*|"
		"QLocalSocket::waitFor*|QIODevice::waitFor*|QSerialPort::waitFor*" },
	{ "QHostInfo::lookupHost() instead of QHostInfo::fromName()", ON_WAIT,
	  .fn = "QHostInfo::fromName" },
	{ "asyncCall() instead of call()", ON_WAIT,
	  .fn = "QDBusAbstractInterface::call*|QDBusConnection::call*|QDBusInterface::*" },
	{ "a thread of its own for the database", ON_WAIT | ON(CPU),
	  .fn = "QSqlQuery::*|QSqlDatabase::*" },
	{ "a signal through a queued connection instead of a lock", ON_WAIT,
	  .fn = "QMutex::lock*|QBasicMutex::lock*|QSemaphore::acquire*|QWaitCondition::wait*|"
		"QReadWriteLock::*" },
	{ "QtConcurrent::run() for files on slow disks", ON_WAIT,
	  .fn = "QFile::*|QFileDevice::*|QDir::*|QSaveFile::*|QFSFileEngine::*" },
	{ "the signals finished(), readyRead() and connected() instead of waitFor...()", ON_WAIT,
	  .fn = "qt_safe_poll" },
	{ "QTimer::singleShot()", .causes = ON(SLEEP) },
	{ "QProcess and its signal finished()", .causes = ON(CHILD) },
	{ "QtConcurrent::run()", .causes = ON(FILE) },
	{ "QtConcurrent::run(), or a worker thread", .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_qt = {
	.name = "qt",
	.recognise = recognise,
	.libraries = libraries,
	.runs_in = runs_in,
	.version = version,
	.advice = advice,
};
