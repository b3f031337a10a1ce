/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.h - every runtime, a line each: runtime_NAME is defined in NAME.c beside
 * this file. They are asked in this order: the ones that know most come first,
 * programs before libraries, and what is known by habit alone is the last.
 * No guard: it is included with other meanings of RUNTIME().
 */
RUNTIME(asyncio)
RUNTIME(gevent)
RUNTIME(trio)
RUNTIME(twisted)
RUNTIME(eventlet)
RUNTIME(kombu)
RUNTIME(pika)
RUNTIME(asyncore)
RUNTIME(uvloop)
RUNTIME(node)
RUNTIME(bun)
RUNTIME(deno)
RUNTIME(redis)
RUNTIME(nginx)
RUNTIME(postgres)
RUNTIME(memcached)
RUNTIME(haproxy)
RUNTIME(go)
RUNTIME(tokio)
RUNTIME(vertx)
RUNTIME(netty)
RUNTIME(java_nio)
RUNTIME(libuv)
RUNTIME(libevent)
RUNTIME(libev)
RUNTIME(qt)
RUNTIME(glib)
RUNTIME(asio)
RUNTIME(ruby)
RUNTIME(php)
RUNTIME(perl)
RUNTIME(generic)
