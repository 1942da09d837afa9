/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a store's answers go: gateway_on_loaded() and its sisters, or a test. `now` is the wall
 * clock of Redis.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "service/ports.h"

struct store_answers {
	void *arg;
	/*
	 * v and c are borrowed during the call; with any end but STORE_DONE they are NULL and n is
	 * 0.
	 */
	void (*loaded)(void *arg, int64_t now, uint64_t op, enum store_end end,
	    const struct store_value *v, size_t n);
	void (*committed)(void *arg, int64_t now, uint64_t op, enum store_end end);
	/* Of claim and of range. */
	void (*claimed)(void *arg, int64_t now, uint64_t op, enum store_end end,
	    const struct store_claimed *c, size_t n);
};
