/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.h - what a call waited for, and what the thing is that a descriptor stands for. */
#ifndef BLOCKPROF_CAPTURE_OBJECT_H
#define BLOCKPROF_CAPTURE_OBJECT_H

#include <stdbool.h>

#include "bpf/abi.h"

struct stack;

/* What the call waited for: of two descriptors the one that the kernel's frames show; stack may be NULL. */
const struct bp_object *capture_object(const struct bp_capture *capture, const struct stack *stack);
/* Was that something to read from? */
bool capture_reads(const struct bp_capture *capture, const struct stack *stack);

/* Of IPv4 or IPv6. */
bool object_is_inet(const struct bp_socket *socket);
/* "127.0.0.1:80", "[::1]:80"; caller frees; NULL: no memory, or no such family. */
char *object_address(int family, const unsigned char *addr, unsigned int port);
/* A socket to who looks names up: a DNS server, or a service of this machine. */
bool object_is_resolver(const struct bp_object *object);

#endif
