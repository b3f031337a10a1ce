# SPDX-License-Identifier: GPL-2.0-or-later
#
# make [all]         ./blockprof
# make test          unit and e2e (needs root), all of it: scripts/test
# make unit e2e cases hostile faults matrix fuzz compare soak fleet vm service bench format format-check layers bpf-arm64 clean
# make man           scripts/blockprof-json.5 of scripts/blockprof.schema.json
# make install uninstall   PREFIX=/usr/local DESTDIR=
#
# CC=gcc|clang CFLAGS='-O2 -g' V=1   as usual
# SAN=1                AddressSanitizer and UBSan, in .output/san
# FUZZ_SECONDS=20      each of the fuzz targets, FUZZ="elf cfi": these only
# OUTPUT=dir           build there, the program too, and leave ./blockprof alone
# VERSION=1.2.3        else the last git tag, else 0.1.0

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CLANG_FORMAT ?= clang-format
PKG_CONFIG ?= pkg-config
PROTOC_C ?= protoc-c
PYTHON ?= python3
NODE ?= node
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
ifneq ($(SAN),)
OUTPUT ?= .output/san
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifneq ($(FUZZER),)
SAN_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
else
OUTPUT ?= .output
endif
PROGRAM := $(if $(filter .output,$(OUTPUT)),blockprof,$(OUTPUT)/blockprof)
ifndef VERSION
VERSION := $(or $(patsubst v%,%,$(shell git describe --tags --match 'v[0-9]*' 2>/dev/null)),0.1.0)
endif

# Names the kernel's sources and clang's -target use for this machine, by uname -m.
MACHINE := $(shell uname -m)
BPF_ARCH := $(if $(filter aarch64,$(MACHINE)),arm64,x86)
BPF_VMLINUX := $(if $(filter aarch64,$(MACHINE)),arm64,x86_64)

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-8s %s\n'
MAKEFLAGS += --no-print-directory
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all test unit unit-programs html-tests html-browser e2e cases hostile faults matrix fuzz fuzz-programs soak fleet vm service bench format format-check layers \
	bpf-arm64 man install \
	uninstall clean FORCE

all: $(PROGRAM)

# --- What is needed ---------------------------------------------------------------------------

PACKAGES := libbpf libelf libdw liblzma jansson libseccomp zlib libcap ncursesw libsystemd libpcre2-8 \
	libprotobuf-c libevent
NO_BUILD := clean uninstall format format-check layers man
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)

BPFTOOL ?= scripts/bpftool

MISSING := $(if $(shell $(BPFTOOL) version 2>/dev/null),,bpftool) \
	$(foreach tool,$(CC) $(CLANG) $(PKG_CONFIG) $(PROTOC_C),$(if $(shell command -v $(tool)),,$(tool)))
ifneq ($(strip $(MISSING)),)
$(error cannot build: $(strip $(MISSING)) not found; run scripts/setup)
endif
MISSING := $(foreach package,$(PACKAGES),$(if \
	$(shell $(PKG_CONFIG) --exists $(package) || echo no),$(package)))
ifneq ($(strip $(MISSING)),)
$(error cannot build: no development files of $(strip $(MISSING)); run scripts/setup)
endif
ifneq ($(shell $(PKG_CONFIG) --atleast-version=1.0 libbpf || echo no),)
$(error cannot build: libbpf $(shell $(PKG_CONFIG) --modversion libbpf) is too old, 1.0 is needed)
endif

LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -liberty -lpthread
BPF_LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags libbpf)
endif

# --- The kernel side --------------------------------------------------------------------------

# features is loaded on its own, before the rest: it finds out what this kernel can do.
BPF_SOURCES := $(sort $(wildcard bpf/*.bpf.c))
BPF_OBJECTS := $(BPF_SOURCES:%.c=$(OUTPUT)/%.o)
LINKED_BPF_OBJECTS := $(filter-out %/features.bpf.o,$(BPF_OBJECTS))
SKELETONS := $(OUTPUT)/skel/blockprof.skel.h $(if \
	$(wildcard bpf/features.bpf.c),$(OUTPUT)/skel/features.skel.h)
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Wno-unused-function \
	-Werror -I. $(BPF_LIB_CFLAGS)

$(BPF_OBJECTS): $(OUTPUT)/%.bpf.o: %.bpf.c $(OUTPUT)/config
	$(say) BPF $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -D__TARGET_ARCH_$(BPF_ARCH) -Ivmlinux/$(BPF_VMLINUX) -MMD -MP -c $< -o $@

$(OUTPUT)/blockprof.bpf.o: $(LINKED_BPF_OBJECTS) $(OUTPUT)/sources
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $(LINKED_BPF_OBJECTS)

$(OUTPUT)/skel/features.skel.h: $(OUTPUT)/bpf/features.bpf.o
$(OUTPUT)/skel/blockprof.skel.h: $(OUTPUT)/blockprof.bpf.o
$(SKELETONS):
	$(say) SKEL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< >$@

# Compiled only: a check that nothing of the kernel side is tied to x86-64.
ARM64_OBJECTS := $(BPF_SOURCES:%.c=$(OUTPUT)/arm64/%.o)
$(ARM64_OBJECTS): $(OUTPUT)/arm64/%.bpf.o: %.bpf.c $(OUTPUT)/config
	$(say) BPF $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -D__TARGET_ARCH_arm64 -Ivmlinux/arm64 -MMD -MP -c $< -o $@

bpf-arm64: $(ARM64_OBJECTS)

# --- The user side ----------------------------------------------------------------------------

SOURCES := $(sort $(shell find user -name "*.c"))
OBJECTS := $(SOURCES:%.c=$(OUTPUT)/%.o)
PROTO_SOURCES := $(sort $(shell find user -name "*.proto"))
PROTO_C := $(addprefix $(OUTPUT)/proto/,$(notdir $(PROTO_SOURCES:.proto=.pb-c.c)))
PROTO_OBJECTS := $(PROTO_C:.c=.o)
LIBRARY_OBJECTS := $(filter-out $(OUTPUT)/user/main.o,$(OBJECTS)) $(PROTO_OBJECTS)
LIBRARY := $(OUTPUT)/libblockprof.a
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(OUTPUT)/%.o)
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(OUTPUT)/%)
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(OUTPUT)/%.o)
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(OUTPUT)/%)

C_FLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. -Iuser -I$(OUTPUT)/skel -I$(OUTPUT)/proto -I$(OUTPUT)/html -pthread $(SAN_FLAGS)

# Only what asks for the version is compiled again when that changes.
VERSIONED := $(patsubst %.c,$(OUTPUT)/%.o,$(shell grep -ls BLOCKPROF_VERSION $(SOURCES) $(UNIT_SOURCES)))
$(VERSIONED): VERSION_FLAG := -DBLOCKPROF_VERSION='"$(VERSION)"'
$(VERSIONED): $(OUTPUT)/version

# The page of the format html, made of its parts without any tool of JavaScript.
HTML_SOURCES := $(sort $(wildcard user/output/html/*.html user/output/html/*.css user/output/html/*.js))
HTML_PARTS := $(OUTPUT)/html/html_parts.h
# That of the service, of the same modules and some of its own.
SERVICE_SOURCES := $(sort $(wildcard user/web/page/*.html user/web/page/*.css user/web/page/*.js))
SERVICE_PAGE := $(OUTPUT)/html/service_page.h

$(HTML_PARTS): scripts/html-page $(HTML_SOURCES) $(OUTPUT)/sources
	$(say) HTML $@
	$(Q)mkdir -p $(@D)
	$(Q)scripts/html-page --header >$@

$(SERVICE_PAGE): scripts/html-page $(HTML_SOURCES) $(SERVICE_SOURCES) $(OUTPUT)/sources
	$(say) HTML $@
	$(Q)mkdir -p $(@D)
	$(Q)scripts/html-page --service >$@

$(OBJECTS) $(UNIT_OBJECTS) $(FUZZ_OBJECTS): $(OUTPUT)/%.o: %.c $(OUTPUT)/config | $(SKELETONS) $(PROTO_C) $(HTML_PARTS) $(SERVICE_PAGE)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(C_FLAGS) $(LIB_CFLAGS) $(CFLAGS) $(VERSION_FLAG) -MMD -MP -c $< -o $@

vpath %.proto $(sort $(dir $(PROTO_SOURCES)))
$(PROTO_C): $(OUTPUT)/proto/%.pb-c.c: %.proto
	$(say) PROTO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(PROTOC_C) --c_out=$(@D) --proto_path=$(<D) $<

$(PROTO_OBJECTS): %.o: %.c $(OUTPUT)/config
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) $(C_FLAGS) $(LIB_CFLAGS) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS) $(OUTPUT)/sources
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(LIBRARY_OBJECTS)

LINK = $(CC) -pthread $(SAN_FLAGS) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed

$(PROGRAM): $(OUTPUT)/user/main.o $(LIBRARY)
	$(say) LINK $@
	$(Q)$(LINK) $^ $(LIBS) -o $@

$(UNIT_PROGRAMS): %: %.o $(LIBRARY)
	$(say) LINK $@
	$(Q)$(LINK) $^ -lcmocka $(LIBS) -o $@

$(FUZZ_PROGRAMS): %: %.o $(LIBRARY)
	$(say) LINK $@
	$(Q)$(LINK) -fsanitize=fuzzer $^ $(LIBS) -o $@

# Rewritten only when the content differs: how to compile, what to link, and the version. Two makes
# may run at a time.
$(OUTPUT)/config: CONTENT = $(CC) $(CLANG) $(CPPFLAGS) $(C_FLAGS) $(CFLAGS) $(LDFLAGS) $(LIBS) $(BPF_CFLAGS)
$(OUTPUT)/sources: CONTENT = $(SOURCES) $(PROTO_SOURCES) $(BPF_SOURCES) $(HTML_SOURCES) $(SERVICE_SOURCES)
$(OUTPUT)/version: CONTENT = $(VERSION)
$(OUTPUT)/config $(OUTPUT)/sources $(OUTPUT)/version: FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$; printf '%s\n' '$(subst ','\'',$(CONTENT))' >$$new; \
		cmp -s $$new $@ && rm $$new || mv $$new $@
FORCE:

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(ARM64_OBJECTS:.o=.d)

# --- Tests ------------------------------------------------------------------------------------

test: unit e2e

unit-programs: $(UNIT_PROGRAMS)

unit: unit-programs
	$(Q)scripts/unit $(UNIT_PROGRAMS)

# The sums of the html page, in Node.js.
html-tests:
	$(Q)$(NODE) tests/html/run.mjs

# The page in a real Chromium: HTML="tests/html/browser/views.mjs" for some.
HTML ?= $(addprefix tests/html/browser/,views.mjs hostile.mjs reports.mjs service.mjs)
html-browser: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) PYTHON=$(PYTHON) $(NODE) tests/html/run.mjs $(HTML)

e2e: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/e2e/run.py $(E2E)

# Programs whose truth is known, a line each: CASES="-k NAME".
cases: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/cases/run.py $(CASES)

# Each call that can fail does so once, at each place: FAULTS="-c watch -k mmap", FAULTS="--sample 60".
FAULTS_PRELOAD := $(OUTPUT)/tests/faults/preload.so
$(FAULTS_PRELOAD): tests/faults/preload.c tests/faults/table.h
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. $(CFLAGS) -fPIC -shared -fvisibility=hidden $< -o $@

faults: $(PROGRAM) $(FAULTS_PRELOAD)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) FAULTS_PRELOAD=$(abspath $(FAULTS_PRELOAD)) \
		$(PYTHON) tests/faults/run.py $(FAULTS)

# Neighbours that mean harm, beside honest servers: HOSTILE="--seconds 3600", HOSTILE="-k forks".
hostile: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/hostile/run.py $(HOSTILE)

matrix: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/e2e/run.py --matrix $(MATRIX)

# Stacks against those of gdb, py-spy and the programs' own: COMPARE="-n 10 node".
compare: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/compare/compare.py $(COMPARE)

# libFuzzer is clang's. A build of its own: all of it counts its edges.
fuzz:
	$(Q)$(MAKE) CC=$(CLANG) FUZZER=1 OUTPUT=.output/fuzz fuzz-programs
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTHON) tests/fuzz/run.py .output/fuzz $(FUZZ)

fuzz-programs: $(FUZZ_PROGRAMS)

soak: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/e2e/soak.py $(SOAK)

# Servers that are not in Debian, with the files of scripts/fleet; fetched, which takes minutes: FLEET="-k clickhouse".
fleet: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/fleet/run.py $(FLEET)

vm: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/vm/test_kernels.py $(VM)

# The unit under a real systemd.
service: $(PROGRAM)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) $(PYTHON) tests/vm/test_service.py $(SERVICE)

BENCH_STACKS := $(OUTPUT)/tests/bench/stacks
$(BENCH_STACKS): tests/bench/stacks.c $(LIBRARY)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(C_FLAGS) $(LIB_CFLAGS) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed $^ $(LIBS) -o $@

bench: $(PROGRAM) $(BENCH_STACKS)
	$(Q)BLOCKPROF=$(abspath $(PROGRAM)) STACKS=$(abspath $(BENCH_STACKS)) CC=$(CC) \
		$(PYTHON) tests/bench/bench.py $(BENCH)

FORMATTED = $(sort $(shell find bpf user vmlinux tests -name '*.[ch]'))
format-check: layers
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

# Which folder includes which.
layers:
	$(Q)scripts/layers

format:
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)

# The page is part of the source: an installation needs no Python.
man:
	$(Q)$(PYTHON) scripts/json-man >scripts/blockprof-json.5.new
	$(Q)mv scripts/blockprof-json.5.new scripts/blockprof-json.5

# --- Install ----------------------------------------------------------------------------------

BIN := $(DESTDIR)$(PREFIX)/bin
MAN5 := $(DESTDIR)$(PREFIX)/share/man/man5
MAN8 := $(DESTDIR)$(PREFIX)/share/man/man8
COMPLETIONS := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd/system
SYSUSERS := $(DESTDIR)$(PREFIX)/lib/sysusers.d
DEFAULTS := $(DESTDIR)/etc/default
SHARE := $(DESTDIR)$(PREFIX)/share/blockprof
FLEET_FILES := $(sort $(wildcard scripts/fleet/*))

# What the administrator wrote into the file of options stays.
install: $(PROGRAM)
	$(Q)install -d $(BIN) $(MAN5) $(MAN8) $(COMPLETIONS) $(UNITS) $(SYSUSERS) $(DEFAULTS) $(SHARE)/fleet
	$(Q)install -m 755 $(PROGRAM) $(BIN)/blockprof
	$(Q)rm -f $(DESTDIR)$(PREFIX)/sbin/blockprof # of before, which PATH has first
	$(Q)install -m 644 scripts/blockprof-json.5 $(MAN5)/blockprof-json.5
	$(Q)install -m 644 scripts/blockprof.8 $(MAN8)/blockprof.8
	$(Q)install -m 644 scripts/blockprof.bash $(COMPLETIONS)/blockprof
	$(Q)sed 's,^ExecStart=/usr/local/,ExecStart=$(PREFIX)/,' scripts/blockprof.service >$(UNITS)/blockprof.service
	$(Q)chmod 644 $(UNITS)/blockprof.service
	$(Q)install -m 644 scripts/blockprof.socket $(UNITS)/blockprof.socket
	$(Q)install -m 644 scripts/blockprof.sysusers $(SYSUSERS)/blockprof.conf
	$(Q)install -m 644 $(FLEET_FILES) $(SHARE)/fleet
	$(Q)[ -e $(DEFAULTS)/blockprof ] || install -m 644 scripts/blockprof.default $(DEFAULTS)/blockprof

uninstall:
	$(Q)rm -f $(BIN)/blockprof $(MAN5)/blockprof-json.5 $(MAN8)/blockprof.8 $(COMPLETIONS)/blockprof $(UNITS)/blockprof.service \
		$(UNITS)/blockprof.socket $(SYSUSERS)/blockprof.conf $(FLEET_FILES:scripts/fleet/%=$(SHARE)/fleet/%)
	$(Q)rmdir --ignore-fail-on-non-empty $(wildcard $(SHARE)/fleet $(SHARE)) 2>/dev/null || true
	$(Q)! cmp -s scripts/blockprof.default $(DEFAULTS)/blockprof || rm $(DEFAULTS)/blockprof

clean:
	$(Q)rm -rf $(OUTPUT) $(PROGRAM)
