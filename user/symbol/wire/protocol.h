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

#include <stddef.h>
#include <stdint.h>

#define ANSWER_NAME_BYTES  512 /* of a function, with a NUL */
#define ANSWER_LINES_MAX   32
#define ANSWER_TEXT_BYTES  16384
#define REQUEST_TEXT_BYTES 512

enum request_kind {
	REQUEST_SYMBOL = 1, /* the function at an offset of a file */
	REQUEST_DEFINED, /* which functions of these names a file has */
	REQUEST_WORD, /* the word that stands behind a text in a file, and begins with a digit */
	REQUEST_MAP_READ, /* the next part of a perf map, of which the open file comes along */
	REQUEST_MAP_NAME, /* the name that a perf map has for an address */
	REQUEST_OBJECTS, /* the contents of variables of these names that a file exports */
	REQUEST_LOCAL_OBJECTS, /* the same, of all that it names */
	/* see unwind_packet.h */
	REQUEST_MAPPINGS,
	REQUEST_CFI,
	REQUEST_UNWIND,
	REQUEST_IDENTITY, /* a number that is the same for files of equal content */
	REQUEST_LINKS, /* what a file calls those that belong to it */
	REQUEST_ATTACH, /* here is one that belongs to it */
	REQUEST_CFI_DEBUG, /* see unwind_packet.h */
	REQUEST_ADDRESSES, /* where a file has sections and symbols of these names */
	REQUEST_LOCAL_ADDRESSES, /* the same, of all that it names */
};

struct request {
	uint32_t kind; /* enum request_kind */
	uint32_t file; /* never used again for another file; ATTACH: the one that it belongs to */
	uint64_t sequence; /* from 1: 0 is the symbolizer's word that it is ready */
	/* In the file; MAP_NAME: the address; IDENTITY: a secret; ATTACH: which it is, enum debug_file. */
	uint64_t offset;
	uint32_t is_return; /* offset is a return address: the call before it is meant */
	uint32_t text_bytes;
	uint64_t space; /* MAPPINGS, CFI, UNWIND: number of the reading of maps */
	uint32_t payload_bytes; /* that follow in the packet */
	uint32_t without_lines; /* SYMBOL: debug information is not to be looked into */
	/* DEFINED, OBJECTS, ADDRESSES: names, each ended by a NUL. WORD: the text */
	char text[REQUEST_TEXT_BYTES];
};

/* Sent up to the end of text. */
struct answer {
	uint64_t sequence; /* of the request */
	int32_t error; /* 0, -ESTALE, or why the file cannot be used; ATTACH: -ENOKEY: another one */
	uint32_t after_call;
	uint32_t wants; /* SYMBOL, ATTACH: files that are missing, enum debug_file */
	uint32_t incomplete; /* SYMBOL: there is debug information that could not be used */
	uint64_t vaddr; /* SYMBOL, ADDRESSES: of the offset, as objdump shows it */
	uint64_t defined; /* DEFINED: a bit a name; IDENTITY: the number, 0: none */
	uint64_t symbol_offset; /* from the start of the function */
	uint64_t cut; /* MAP_READ: lines left out of this map so far */
	uint32_t more; /* MAP_READ: there is another part */
	uint32_t nr_lines;
	/*
	 * SYMBOL: in each of the functions at the offset, of which all but the last
	 * are inlined in the next; 0: not known. OBJECTS: how many bytes of each name.
	 */
	uint32_t lines[ANSWER_LINES_MAX];
	uint32_t text_bytes; /* with the NUL that ends each string */
	/*
	 * SYMBOL: for each of lines, the function and its source file, "" where it is
	 * not known. WORD, MAP_NAME: the word or name, or nothing. OBJECTS: their
	 * contents. ADDRESSES: eight bytes each, as linked, 0: there is none; nothing
	 * where no code is at the offset. LINKS: build id, name of the debug file, build id and name of the
	 * file that this one shares with others; "" each where there is none, ids in
	 * hexadecimal.
	 */
	char text[ANSWER_TEXT_BYTES];
};

#define ANSWER_HEADER_BYTES offsetof(struct answer, text)

#endif
