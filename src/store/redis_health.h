/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks every two seconds at the room that Redis has left, and says when it is short of it and when not any more
 * (core/floors.h). What cannot be asked says nothing: then nothing can be paid anyhow.
 */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "core/floors.h"

struct loop;
struct redis;
struct redis_health;

struct redis_health_options {
	struct floors floors;
	const char *data_dir;		/* "": not on this machine */
	void (*on_change)(void *arg, bool is_short);	/* first, that it is not, is not said */
	void *arg;
};

struct redis_health *redis_health_new(struct loop *l, struct redis *r, const struct redis_health_options *o);
void redis_health_free(struct redis_health *h);		/* after redis_free() */
/* Adds a line that says what it is short of; nothing if it is not. */
void redis_health_missing(const struct redis_health *h, struct buf *b);
