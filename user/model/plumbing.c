// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plumbing.c - how one call of Python leads to the next. The interpreter has
 * several ways for that, and takes others as a line gets warm (PEP 659), so that
 * they neither tell two places apart nor say anything of one.
 */
#include <string.h>

#include "base/strings.h"
#include "model/model.h"

static bool is_interpreter(const char *module)
{
	const char *name = base_name(module);

	return starts_with(name, "python") || starts_with(name, "libpython");
}

bool frame_is_plumbing(const struct frame *frame)
{
	/* Objects/call.c, methodobject.c, descrobject.c, typeobject.c, genobject.c; Python/ceval.c */
	static const char *const starts[] = {
		"PyObject_Call",	"_PyObject_Call",	"PyObject_Vectorcall",
		"_PyObject_Vectorcall", "_PyObject_MakeTpCall", "_PyObject_FastCall",
		"PyVectorcall_",	"_PyVectorcall_",	"vectorcall_",
		"_PyFunction_",		"function_code_",	"call_function",
		"call_method",		"method_vectorcall",	"cfunction_call",
		"cfunction_vectorcall", "_PyMethodDef_",	"_PyMethodDescr_",
		"_PyCFunction_",	"do_call_core",		"slot_tp_call",
		"_PyEval_Vector",	"_PyEval_EvalCode",	"PyEval_EvalCode",
		"gen_send_ex",		"gen_iternext",		"PyGen_am_send",
		"PyIter_Send",		"_PyGen_Send",
	};

	if (frame->kind != FRAME_NATIVE || !frame->module || !is_interpreter(frame->module))
		return false;
	/* a function that has no name, as the file has no symbols of what is static */
	if (strstr(frame->fn, "+0x"))
		return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (starts_with(frame->fn, starts[i]))
			return true;
	return false;
}
