/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bus_name.h - whom a D-Bus call is for that a thread waits for the reply of. */
#ifndef BLOCKPROF_CAPTURE_BUS_NAME_H
#define BLOCKPROF_CAPTURE_BUS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

struct memory;

/* Is this socket, by the path at its other end, one of a message bus? */
bool bus_is(const struct bp_object *object);
/* The destination of the message that the stack from sp on leads to. false: there is none. */
bool bus_destination(const struct memory *memory, uint64_t sp, char *name, size_t size);
/* That of a message as it is sent (D-Bus Specification, "Message Protocol"), of which so many bytes are there. */
bool bus_message_destination(const unsigned char *message, size_t bytes, char *name, size_t size);

#endif
