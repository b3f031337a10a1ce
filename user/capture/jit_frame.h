/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jit_frame.h - names of perf maps, as their makers write them, into function, file and line. */
#ifndef BLOCKPROF_CAPTURE_JIT_FRAME_H
#define BLOCKPROF_CAPTURE_JIT_FRAME_H

#include "model/model.h"

#define JIT_FRAME_BYTES 512

/*
 * V8's "JS:*sell /srv/shop.js:3:18", CPython's "py::f:/srv/shop.py", HotSpot's
 * "int Shop.sell(java.lang.String)", .NET's "instance void [shop] Shop::Sell(int32)[Tier1]",
 * LuaJIT's "TRACE_3::shop.lua:2". The line is where the function begins. A name
 * that is none of these is a function of kind FRAME_JIT as it stands.
 */
struct jit_frame {
	enum frame_kind kind; /* FRAME_JS, FRAME_PYTHON or FRAME_JIT */
	char fn[JIT_FRAME_BYTES];
	char file[JIT_FRAME_BYTES]; /* "": not known */
	unsigned int line; /* 0: not known */
};

void jit_frame_split(const char *name, struct jit_frame *out);

#endif
