// SPDX-License-Identifier: GPL-2.0-or-later
/* module.c - what stands in sys.modules, which a program may put anything into. */
#include "runtime/python/module.h"

#include <errno.h>

#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/type.h"

int py_module_dict(struct python *python, uint64_t interp, const char *name, uint64_t *dict)
{
	uint64_t modules, module;
	int err =
		memory_read_ptr(&python->memory, interp + python->layout.interp_modules, &modules);

	if (!err)
		err = py_dict_get(python, modules, name, &module);
	if (!err && !py_is_instance(python, module, "module"))
		err = -ENOENT;
	return err ? err : memory_read_ptr(&python->memory, module + PY_MODULE_DICT, dict);
}
