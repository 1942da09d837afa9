/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking connection of its own to Redis: for looks before the start, and for operators' commands. */
#pragma once
#include <stddef.h>

#include "base/mem.h"

struct redisContext;
struct redisReply;
struct redis_check;

/* Logged in and at the database of the URL, to be freed with redisFree(); NULL with the reason. */
struct redisContext *redis_ask_open(const struct redis_check *c, char *why, size_t why_size) MUST_CHECK;
/*
 * The reply of the type that was asked for, or a nil, to be freed; NULL with the reason. `what` is the command for
 * people.
 */
struct redisReply *redis_ask_expect(struct redisContext *ctx, struct redisReply *reply, const char *what, int type,
    char *why, size_t why_size) MUST_CHECK;
