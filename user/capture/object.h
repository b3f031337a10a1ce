/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.h - what the thing is that a descriptor stands for. */
#ifndef BLOCKPROF_CAPTURE_OBJECT_H
#define BLOCKPROF_CAPTURE_OBJECT_H

#include <stdbool.h>

#include "bpf/abi.h"

/* Of IPv4 or IPv6. */
bool object_is_inet(const struct bp_socket *socket);
/* A socket to who looks names up: a DNS server, or a service of this machine. */
bool object_is_resolver(const struct bp_object *object);

#endif
