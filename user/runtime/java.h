/* SPDX-License-Identifier: GPL-2.0-or-later */
/* java.h - waits of threads of a Java virtual machine. */
#ifndef BLOCKPROF_RUNTIME_JAVA_H
#define BLOCKPROF_RUNTIME_JAVA_H

#include "runtime/runtime.h"

/*
 * The file whose code made the call that a thread of a Java virtual machine sleeps
 * in, which may be a wait, without its directory; wait_class: of the call. NULL: it
 * is no such thread, or no such call, or the file is not known. Valid until the
 * program is asked again.
 */
const char *java_caller(const struct moment *moment, unsigned int *wait_class);

/* Functions of Java's own library and of drivers, for rows of advice. */
#define JAVA_JDBC                                                                          \
	"java.sql.*|javax.sql.*|org.postgresql.*|com.mysql.*|org.mariadb.*|oracle.jdbc.*|" \
	"com.microsoft.sqlserver.*|org.hibernate.*|com.zaxxer.hikari.*"
#define JAVA_HTTP \
	"java.net.HttpURLConnection.*|sun.net.www.*|java.net.URL.*|okhttp3.*|org.apache.http.*"
#define JAVA_FUTURE                                                                      \
	"java.util.concurrent.CompletableFuture.*|java.util.concurrent.FutureTask.get*|" \
	"java.util.concurrent.CountDownLatch.await*"
#define JAVA_FILE "java.io.*|java.nio.file.*|sun.nio.fs.*"

#endif
