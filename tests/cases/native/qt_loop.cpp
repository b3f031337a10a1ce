// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qt_loop.cpp nap|child|dialog|hang|thread
 * QCoreApplication with a QTimer of 20 ms; each 0.6 s
 * nap: QThread::msleep(300). Right: sleep, in nap_a_while.
 * child: a QProcess of `sleep 0.3` and waitForFinished(): a poll of its own. Right: child, in convert.
 * dialog: a nested QEventLoop for 400 ms, in which ticks go on. Right: no stall.
 * hang: once, after 0.4 s, a sleep of 4 s. Right: sleep, in nap_a_while, begun before.
 * thread: a QThread with an event loop of its own, in which a slot sleeps. Right: sleep, in nap_a_while.
 */
#include <QCoreApplication>
#include <QEventLoop>
#include <QProcess>
#include <QThread>
#include <QTimer>
#include <string>

#include "truth.h"

static void __attribute__((noinline)) nap_a_while(int ms)
{
	QThread::msleep(ms);
}

static void __attribute__((noinline)) convert()
{
	QProcess process;

	process.start("sleep", { "0.3" });
	process.waitForFinished();
}

static void __attribute__((noinline)) dialog()
{
	QEventLoop loop;

	QTimer::singleShot(400, &loop, &QEventLoop::quit);
	loop.exec();
}

int main(int argc, char **argv)
{
	QCoreApplication app(argc, argv);
	std::string mode = argc > 1 ? argv[1] : "nap";
	QTimer ticks, jobs;
	QThread thread;
	long long last = 0;

	ticks.callOnTimeout([&] {
		if (mode == "dialog")
			pulse(&last, 20);
	});
	ticks.start(20);
	jobs.setSingleShot(true);
	jobs.callOnTimeout([&] {
		long long start = now();

		if (mode == "hang") {
			begins("sleep");
			nap_a_while(4000 * longer());
			truth("sleep", start);
			return;
		}
		if (mode == "child") {
			convert();
			truth("child", start);
		} else if (mode == "dialog") {
			dialog();
			truth("dialog", start);
		} else {
			nap_a_while(300);
			truth("sleep", start);
		}
		QMetaObject::invokeMethod(
			&jobs, [&] { jobs.start(600); }, Qt::DirectConnection);
	});
	if (mode == "thread") {
		QTimer *often = new QTimer;

		often->setInterval(20);
		often->moveToThread(&thread);
		jobs.moveToThread(&thread);
		QObject::connect(&thread, &QThread::started, often, [often] { often->start(); });
		QObject::connect(&thread, &QThread::started, &jobs, [&jobs] { jobs.start(600); });
		thread.start();
	} else {
		jobs.start(mode == "hang" ? 400 : 600);
	}
	return app.exec();
}
