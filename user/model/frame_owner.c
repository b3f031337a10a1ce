// SPDX-License-Identifier: GPL-2.0-or-later
/* frame_owner.c - by which names of files and functions it is known whose a frame is. */
#include "model/frame_owner.h"

#include <string.h>

#include "base/strings.h"

static bool starts_with_one(const char *text, const char *const *starts, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (starts_with(text, starts[i]))
			return true;
	return false;
}

#define STARTS_WITH_ONE(text, starts) \
	starts_with_one(text, starts, sizeof(starts) / sizeof((starts)[0]))

/* -- native code -- */

bool module_is_libc(const char *module)
{
	static const char *const names[] = { "libc.", "libc-", "libpthread", "ld-" };

	return STARTS_WITH_ONE(base_name(module), names);
}

static bool is_python(const char *module)
{
	static const char *const names[] = { "python", "libpython" };

	return STARTS_WITH_ONE(base_name(module), names);
}

/*
 * A static program has the C library's functions in its own file. Names with two
 * underscores are the implementation's; sccp is where musl's system calls wait.
 */
static bool is_libc_function(const char *fn)
{
	static const char *const starts[] = { "__", "_IO_", "_start", "pthread_", "_dl_" };
	/* clang-format off */
	static const char *const functions[] = {
		"accept", "accept4", "calloc", "clock_nanosleep", "close", "connect",
		"epoll_pwait", "epoll_wait", "fclose", "fdatasync", "fflush", "fgets", "fopen",
		"fread", "free", "fsync", "fwrite", "getaddrinfo", "getdelim", "getline",
		"getpwnam", "malloc", "memchr", "memcmp", "memcpy", "memmove", "memset",
		"mq_timedreceive", "mq_timedsend", "msgrcv", "msgsnd", "msync", "munmap",
		"nanosleep", "open", "open64", "openat", "pause", "pclose", "poll", "popen",
		"posix_spawn", "posix_spawnp", "ppoll", "pread", "pread64", "printf", "pselect",
		"pwrite", "pwrite64", "qsort", "read", "readv", "realloc", "recv", "recvfrom",
		"recvmsg", "sccp", "select", "sem_timedwait", "sem_wait", "semop", "semtimedop",
		"send", "sendfile", "sendmsg", "sendto", "sigtimedwait", "sigwait", "sleep",
		"snprintf", "strchr", "strcmp", "strlen", "strstr", "syscall", "system", "usleep",
		"vfork", "vfprintf", "vsnprintf", "wait", "wait4", "waitid", "waitpid", "write",
		"writev",
	};
	/* clang-format on */

	if (STARTS_WITH_ONE(fn, starts))
		return true;
	fn += strspn(fn, "_");
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(fn, functions[i]) == 0)
			return true;
	return false;
}

/* Of languages whose libraries are compiled into the program: by the names of their functions. */
static bool is_library_function(const char *fn)
{
	static const char *const starts[] = {
		"std::",	"boost::",	   "asio::",	     "__gnu_cxx::", "__cxxabiv1::",
		"operator new", "operator delete", "core::",	     "alloc::",	    "tokio::",
		"mio::",	"futures::",	   "futures_util::", "__rust_",	    "runtime.",
		"syscall.",	"internal/",	   "time.Sleep",     "caml_",	    "camlStdlib_",
		"camlUnix_",	"camlLwt_",
	};

	/* "<tokio::task::Core<T> as core::ops::Drop>::drop" */
	fn += *fn == '<';
	return STARTS_WITH_ONE(fn, starts);
}

/* And by where their sources were, when that is known. */
static bool is_library_source(const char *file)
{
	static const char *const places[] = {
		"/usr/include/",    "/usr/local/include/", "/include/c++/",
		"/include/boost/",  "/include/asio/",	   "/rustc/",
		"/rustlib/src/",    "/.cargo/registry/",   "/.cargo/git/",
		"/go/src/runtime/", "/go/pkg/mod/",	   "/.opam/",
		"/.nimble/pkgs",
	};
	/* what languages bring along as sources; nobody's own are there */
	static const char *const installed[] = { "/usr/lib/", "/usr/share/" };

	if (STARTS_WITH_ONE(file, installed))
		return true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strstr(file, places[i]))
			return true;
	return false;
}

static enum frame_owner native_owner(const struct frame *frame)
{
	/* of code that was made at run time, and has no names, it is not known whose it is */
	static const char *const others[] = { "node", "[", "memfd:" };
	const char *module = frame->module ? frame->module : "";

	if (module_is_libc(module) || is_python(module) || strstr(module, "/lib-dynload/") ||
	    STARTS_WITH_ONE(base_name(module), others))
		return FRAME_OF_INTERPRETER;
	if (strstr(base_name(module), ".so") || is_library_function(frame->fn) ||
	    (frame->file && is_library_source(frame->file)))
		return FRAME_OF_LIBRARY;
	return is_libc_function(frame->fn) ? FRAME_OF_INTERPRETER : FRAME_OF_USER;
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

	if (frame->kind != FRAME_NATIVE || !frame->module || !is_python(frame->module))
		return false;
	/* a static function, of which a stripped file has no name */
	return strstr(frame->fn, "+0x") || STARTS_WITH_ONE(frame->fn, starts);
}

/* -- managed code -- */

/* "/lib/python3.x/" in any directory, site-packages, dist-packages, "<frozen ...>" */
static bool python_file_is_library(const char *file)
{
	static const char *const places[] = { "/lib/python3.", "/lib64/python3." };

	if (starts_with(file, "<frozen ") || strstr(file, "/site-packages/") ||
	    strstr(file, "/dist-packages/"))
		return true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *at = strstr(file, places[i]);

		if (!at)
			continue;
		at += strlen(places[i]);
		at += strspn(at, "0123456789");
		if (*at == '/' || (at[0] == 't' && at[1] == '/'))
			return true;
	}
	return false;
}

static bool js_file_is_library(const char *file)
{
	static const char *const starts[] = { "node:", "internal/" };

	return STARTS_WITH_ONE(file, starts) || strstr(file, "/node_modules/");
}

/* Code that has no source file: the program's, or what the machine that compiled it brings along. */
static enum frame_owner fileless_owner(const struct frame *frame)
{
	static const char *const packages[] = { "java.",    "javax.",  "jdk.",	    "sun.",
						"com.sun.", "System.", "Microsoft." };

	if (frame->kind == FRAME_JS)
		return starts_with(frame->fn, "RegExp:") ? FRAME_OF_USER : FRAME_OF_INTERPRETER;
	if (STARTS_WITH_ONE(frame->fn, packages))
		return FRAME_OF_LIBRARY;
	return frame->kind == FRAME_JIT && !strpbrk(frame->fn, ".:$") ? FRAME_OF_INTERPRETER
								      : FRAME_OF_USER;
}

static enum frame_owner managed_owner(const struct frame *frame)
{
	bool library;

	/* neither a name nor a file could be read */
	if (!frame->file && frame->fn[0] == '[')
		return FRAME_OF_INTERPRETER;
	if (!frame->file)
		return fileless_owner(frame);
	library = frame->kind == FRAME_PYTHON ? python_file_is_library(frame->file)
					      : js_file_is_library(frame->file);
	return library ? FRAME_OF_LIBRARY : FRAME_OF_USER;
}

bool frame_is_managed(const struct frame *frame)
{
	return frame->kind == FRAME_PYTHON || frame->kind == FRAME_JS || frame->kind == FRAME_JIT;
}

bool frame_is_own(const struct frame *frame)
{
	return frame_is_managed(frame) && managed_owner(frame) == FRAME_OF_USER;
}

enum frame_owner frame_owner(const struct frame *frame)
{
	if (frame->kind == FRAME_KERNEL)
		return FRAME_OF_KERNEL;
	return frame->kind == FRAME_NATIVE ? native_owner(frame) : managed_owner(frame);
}
