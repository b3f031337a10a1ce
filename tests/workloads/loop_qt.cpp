// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop_qt.cpp - a Qt event loop; built with Qt5Core. Patterns besides native_target.h's:
 * dialog: a callback runs an event loop of its own for MS, time and again, that is no
 * block; child: it waits for a child as QProcess does.
 */
#include <QCoreApplication>
#include <QEventLoop>
#include <QProcess>
#include <QTimer>

#include "native_target.h"

static void dialog()
{
	QEventLoop loop;

	QTimer::singleShot(block_ms, &loop, &QEventLoop::quit);
	loop.exec();
}

__attribute__((noinline)) static void wait_for_child()
{
	QProcess process;
	long long start = now_ns();

	process.start("sleep", { QString::number(block_ms / 1000.0) });
	process.waitForFinished();
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d, \"tid\": %d}\n", start,
	       now_ns(), getpid(), getpid());
}

int main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);
	QTimer timer, nested;

	prepare(argc, argv);
	timer.callOnTimeout(tick);
	timer.start(TICK_MS);
	nested.callOnTimeout([&] {
		nested.stop();
		strcmp(pattern, "dialog") ? wait_for_child() : dialog();
		nested.start(1000);
	});
	if (!strcmp(pattern, "dialog") || !strcmp(pattern, "child"))
		nested.start(1000);
	return application.exec();
}
