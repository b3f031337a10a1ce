// SPDX-License-Identifier: GPL-2.0-or-later
/* tornado.c - whether asyncio's loops of a process are Tornado's: its IOLoop notes which it stands upon. */
#include <errno.h>
#include <stdio.h>

#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/module.h"
#include "runtime/python/object.h"

#define TYPE_DICT     264 /* of a type: tp_dict */
#define VERSION_BYTES 32

static int module_get(struct python *python, uint64_t interp, const char *module, const char *name,
		      uint64_t *object)
{
	uint64_t dict;
	int err = py_module_dict(python, interp, module, &dict);

	return err ? err : py_dict_get(python, dict, name, object);
}

int python_tornado(struct python *python, char *name, size_t size)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	uint64_t interp, type, dict, loops, nr = 0, object;
	char version[VERSION_BYTES] = "";
	int err = py_main_interpreter(python, &interp);

	if (!err)
		err = module_get(python, interp, "tornado.ioloop", "IOLoop", &type);
	if (!err)
		err = memory_read_ptr(&python->memory, type + TYPE_DICT, &dict);
	if (!err)
		err = py_dict_get(python, dict, "_ioloop_for_asyncio", &loops);
	if (!err)
		err = py_dict_nentries(python, loops, &nr);
	if (!err && !nr)
		err = -ENOENT;
	if (err)
		return err;
	if (!module_get(python, interp, "tornado", "version", &object))
		py_str(python, object, version, sizeof(version));
	snprintf(name, size, "Tornado%s%s", version[0] ? " " : "", version);
	return 0;
}
