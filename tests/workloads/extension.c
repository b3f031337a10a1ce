// SPDX-License-Identifier: GPL-2.0-or-later
/* extension.c - a module of CPython whose functions call back into Python: extension.call(function). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

__attribute__((noinline)) static PyObject *calls_python(PyObject *function)
{
	PyObject *result = PyObject_CallObject(function, NULL);

	if (!result)
		PyErr_Print();
	return result; /* no tail call: the frame stays */
}

static PyObject *extension_call(PyObject *self, PyObject *function)
{
	PyObject *result = calls_python(function);

	(void)self;
	if (result && result == function)
		Py_DECREF(result);
	return result;
}

static PyMethodDef methods[] = { { "call", extension_call, METH_O, "" }, { NULL, NULL, 0, NULL } };
static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "extension", NULL, -1, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit_extension(void);
PyMODINIT_FUNC PyInit_extension(void)
{
	return PyModule_Create(&module);
}
