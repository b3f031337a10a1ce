// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * borrowers.c - code in Python that polls, or waits for an epoll instance, again and
 * again, and is no loop: it waits for one answer, or serves one request to its end.
 */
#include <string.h>

#include "runtime/python/code.h"
#include "runtime/python/python.h"

/* Its own functions between the call and the ones that say what it is. */
#define FRAMES_LOOKED_AT 3

#define CLIENT "a client library of Python waits here for an answer"
#define CHILD  "it waits here for another process of its own"
#define WORKER "it serves one request after the other, each to its end"

static const struct {
	const char *path; /* a part of the file's */
	const char *what;
} known[] = {
	{ "/urllib3/", CLIENT },
	{ "/requests/", CLIENT },
	{ "/http/client.py", CLIENT },
	{ "/urllib/request.py", CLIENT },
	{ "/httpcore/_sync/", CLIENT },
	{ "/httpcore/_backends/sync.py", CLIENT },
	{ "/botocore/", CLIENT },
	{ "/psycopg2/", CLIENT },
	{ "/psycopg/", CLIENT },
	{ "/pymysql/", CLIENT },
	{ "/MySQLdb/", CLIENT },
	{ "/mysql/connector/", CLIENT },
	{ "/redis/", CLIENT },
	{ "/pymongo/", CLIENT },
	{ "/pymemcache/", CLIENT },
	{ "/kafka/", CLIENT },
	{ "/paramiko/", CLIENT },
	{ "/ldap3/", CLIENT },
	{ "/grpc/", CLIENT },
	{ "/zmq/", CLIENT },
	{ "/amqp/", CLIENT },
	{ "/pika/adapters/blocking_connection.py", CLIENT },
	{ "/jupyter_client/", CLIENT },
	{ "/smtplib.py", CLIENT },
	{ "/ftplib.py", CLIENT },
	{ "/imaplib.py", CLIENT },
	{ "/poplib.py", CLIENT },
	{ "/socket.py", CLIENT },
	{ "/ssl.py", CLIENT },
	{ "/subprocess.py", CHILD },
	{ "/multiprocessing/connection.py", CHILD },
	{ "/billiard/connection.py", CHILD },
	{ "/pexpect/", CHILD },
	{ "/socketserver.py", WORKER },
	{ "/gunicorn/workers/sync.py", WORKER },
	{ "/gunicorn/arbiter.py", CHILD },
};

static const char *what_is(const char *file)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(file, known[i].path))
			return known[i].what;
	return NULL;
}

const char *python_frames_borrow(struct python *python, const struct bp_python_frame *frames,
				 size_t nr)
{
	const char *what = NULL;
	struct py_codes codes;
	size_t looked_at = 0;

	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr && !what && looked_at < FRAMES_LOOKED_AT; i++) {
		const struct py_code *code;

		if (py_codes_next(&codes, &code))
			continue;
		what = what_is(code->file);
		/* selectors.py, and what wraps it */
		looked_at += code->kind != PY_CODE_SELECT;
	}
	return what;
}
