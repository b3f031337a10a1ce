/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self.h - what this process itself takes, as process_* of Prometheus' clients. */
#ifndef BLOCKPROF_WEB_SELF_H
#define BLOCKPROF_WEB_SELF_H

#include "web/exposition.h"

void self_write(const struct exposition *to);

#endif
