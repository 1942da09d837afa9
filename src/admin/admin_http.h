/* SPDX-License-Identifier: Apache-2.0 */
/* The admin listener: /metrics (Prometheus), /healthz (the process lives), /readyz (what is missing, in words). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct loop;
struct admin;

struct admin_options {
	const char *address;
	/* Adds a line per thing that is missing; true when what is there is enough to serve. */
	bool (*ready)(void *arg, struct buf *missing);
	void *arg;
};

/* NULL with the reason in err. */
struct admin *admin_new(struct loop *l, const struct admin_options *o, char *err, size_t err_size);
void admin_free(struct admin *a);
int admin_port(const struct admin *a);
