/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at a Redis before the gateway starts on it: can it lose what was acknowledged? Blocking,
 * with a connection of its own; only at start.
 */
#pragma once
#include <stddef.h>

#include "base/mem.h"

struct seal;

enum redis_check_end {
	REDIS_CHECK_FINE,
	REDIS_CHECK_NOTED,		/* fine, but something is worth saying */
	REDIS_CHECK_RISKY,	/* may evict, does not persist, or does not say */
	REDIS_CHECK_UNFIT	/* out of reach, too old, a replica, or with the data of another key file */
};

struct redis_check {
	const char *url;
	const char *password;		/* or NULL */
	int timeout_ms;
	const struct seal *seal;	/* NULL: the data's keys are not compared */
	int replicas;			/* that must have each commit: then it must refuse to write without them */
};

/*
 * With a seal, the first start on an empty Redis leaves the fingerprint of the keys that name
 * records ("isango:names"), and later starts must have the same: under other names every limit and
 * every open intent would seem not to exist.
 */
enum redis_check_end redis_check(const struct redis_check *c, char *why,
    size_t why_size) MUST_CHECK;
