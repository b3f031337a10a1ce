/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocol.h - what goes over the socket between blockprof and its symbolizer.
 *
 * Packets: one request, one answer. A request may carry the open file it is
 * about; the symbolizer keeps files until it needs the room, and answers
 * -ESTALE when it does not have the one that is meant. Answers come from a
 * process that parses hostile files: every field is checked.
 */
#ifndef BLOCKPROF_SYMBOL_WIRE_PROTOCOL_H
#define BLOCKPROF_SYMBOL_WIRE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/wire/native_frame.h"

#define REQUEST_TEXT_BYTES   512
#define REQUEST_NAMES_MAX    64
#define ANSWER_NAME_BYTES    512 /* of a function, with a NUL */
#define ANSWER_LINES_MAX     32
#define ANSWER_TEXT_BYTES    16384
#define ANSWER_VERSION_BYTES 64
#define ANSWER_OBJECTS_MAX   32
#define ANSWER_OBJECTS_BYTES 16384
#define ANSWER_ADDRESSES_MAX 8
#define ANSWER_ID_BYTES	     129 /* of a build id in hexadecimal, with a NUL */
#define ANSWER_LINK_BYTES    256
#define UNWIND_FRAMES_MAX    256

enum request_kind {
	/* About a file, which comes along unless it is kept. */
	REQUEST_SYMBOL = 1, /* the functions at an offset */
	REQUEST_DEFINED, /* which functions of these names it has */
	REQUEST_LINKS, /* what it calls its debug files; it never comes along */
	REQUEST_ATTACH, /* here is one of its debug files */
	/* About a file that comes along each time, and is not kept. */
	REQUEST_VERSION, /* the word that stands behind a text, and begins with a digit */
	REQUEST_OBJECTS, /* the contents of variables of these names */
	REQUEST_ADDRESSES, /* where it has sections and symbols of these names */
	REQUEST_IDENTITY, /* a number that is the same for files of equal content */
	/* About a perf map. */
	REQUEST_MAP_READ, /* the next part of it, which comes along */
	REQUEST_MAP_NAME, /* the name that it has for an address */
	/*
	 * About one reading of one process's maps, which has a number of its own. Behind
	 * the request is what is in unwind_payload.h.
	 */
	REQUEST_MAPPINGS, /* the mappings, in several packets where there are many */
	REQUEST_CFI, /* the file of a mapping; file 0: it has none that can be read */
	REQUEST_CFI_DEBUG, /* file has got its debug file now, if there is one */
	REQUEST_UNWIND, /* the frames of a stack */
};

/* Strings, one behind the other, each ended by a NUL. */
struct request_text {
	uint32_t bytes;
	char v[REQUEST_TEXT_BYTES];
};

struct request {
	uint32_t kind; /* enum request_kind */
	uint32_t file; /* never used again for another one; of ATTACH the one that it belongs to */
	uint64_t sequence; /* from 1: an answer with 0 comes first, when the symbolizer is ready */
	uint32_t payload_bytes; /* that follow in the packet */
	uint32_t unused;
	uint64_t ticket; /* the file comes along by the other socket, under this; 0: it does not */
	union {
		struct {
			uint64_t offset; /* in the file */
			uint32_t
				is_return; /* it is a return address: the call before it is meant */
			uint32_t without_lines; /* debug information is not to be looked into */
		} symbol;
		struct {
			struct request_text names;
		} defined;
		struct {
			uint32_t which; /* enum debug_file */
		} attach;
		struct {
			struct request_text before; /* one string */
		} version;
		struct {
			uint32_t local; /* else only what the file exports */
			struct request_text names; /* at most ANSWER_OBJECTS_MAX */
		} objects;
		struct {
			uint64_t offset; /* of a mapping of code */
			uint32_t local; /* likewise */
			struct request_text names; /* at most ANSWER_ADDRESSES_MAX */
		} addresses;
		struct {
			uint64_t secret;
		} identity;
		struct {
			uint64_t addr;
		} map_name;
		struct {
			uint64_t space; /* number of the reading of maps */
			uint64_t sent; /* how many mappings came before */
		} mappings;
		struct {
			uint64_t space;
			uint64_t start; /* of the mapping */
		} cfi;
		struct {
			uint64_t space;
		} unwind;
	};
};

/* What is at an offset. Sent up to the end of text. */
struct answer_symbol {
	uint64_t vaddr; /* of the offset, as objdump shows it */
	uint64_t symbol_offset; /* from the start of the function */
	uint32_t after_call;
	uint32_t wants; /* debug files that are missing, enum debug_file */
	uint32_t incomplete; /* there is debug information that could not be used */
	uint32_t nr_lines;
	/*
	 * In each of the functions at the offset, of which all but the last are inlined
	 * in the next; 0: not known.
	 */
	uint32_t lines[ANSWER_LINES_MAX];
	char build_id[ANSWER_ID_BYTES]; /* of the file; "": it has none */
	uint32_t text_bytes; /* with the NUL that ends each string */
	/* For each of lines, the function and its source file, "" where it is not known. */
	char text[ANSWER_TEXT_BYTES];
};

/* Sent up to the end of contents. */
struct answer_objects {
	uint32_t nr;
	uint32_t bytes[ANSWER_OBJECTS_MAX]; /* of each name; 0: there is no such variable */
	unsigned char contents[ANSWER_OBJECTS_BYTES]; /* one behind the other */
};

struct answer_addresses {
	uint64_t vaddr; /* of the offset, as linked */
	uint32_t nr; /* as many as there are names; 0: no code is at the offset */
	uint64_t v[ANSWER_ADDRESSES_MAX]; /* as linked; 0: there is none */
};

/* "" where there is none. */
struct answer_link {
	char id[ANSWER_ID_BYTES];
	char name[ANSWER_LINK_BYTES];
};

struct answer_map_name {
	uint64_t offset; /* from where the code starts */
	char name[ANSWER_NAME_BYTES]; /* "": none */
};

/* There with an error, too. Sent up to the last frame. */
struct answer_unwind {
	uint64_t addr;
	uint64_t lost_addr; /* with UNWIND_LOST: that is in no mapping, 0: none such */
	uint32_t flags; /* enum unwind_flags of native_frame.h */
	uint32_t file;
	uint32_t nr;
	struct native_frame frames[UNWIND_FRAMES_MAX];
};

struct answer {
	uint64_t sequence; /* of the request */
	/*
	 * 0, or why there is no answer; then nothing follows. -ESTALE: the file does not
	 * come along, and is not kept. ATTACH: -ENOKEY: that is another file. UNWIND:
	 * -ENOENT: no such reading of maps is known; -ESTALE: the file of the mapping at
	 * addr is needed; -ENOKEY: its debug file is wanted; -EINPROGRESS: not the answer
	 * yet, file is looked into now: should it be the end of the symbolizer, it is to blame.
	 */
	int32_t error;
	union {
		struct answer_symbol symbol;
		uint64_t defined; /* a bit a name */
		struct {
			struct answer_link own;
			struct answer_link shared; /* with other files */
		} links;
		char version[ANSWER_VERSION_BYTES]; /* "": none */
		struct answer_objects objects;
		struct answer_addresses addresses;
		uint64_t identity; /* 0: none */
		struct {
			uint64_t cut; /* lines left out of this map so far */
			uint32_t more; /* there is another part */
		} map_read;
		struct answer_map_name map_name;
		struct answer_unwind unwind;
	};
};

/*
 * How many bytes of an answer to a request of this kind there are to be sent, by
 * what is in it; 0: it contradicts itself, or a string in it does not end. Looks at
 * no more than bytes.
 */
size_t answer_bytes(const struct answer *answer, uint32_t kind, size_t bytes);

#endif
