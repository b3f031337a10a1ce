/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sampler.h - ticks of a cpu-clock on every CPU that run a BPF program, off until they are wanted. */
#ifndef BLOCKPROF_PROBE_SAMPLER_H
#define BLOCKPROF_PROBE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program;
struct sampler;

/* 0, or -errno: not on a single CPU. */
int sampler_new(struct sampler **out, struct bpf_program *program, uint64_t period_ns);
void sampler_free(struct sampler *sampler);
void sampler_set(struct sampler *sampler, bool on);

#endif
