/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many processes work on one Redis, so that a bound of the whole installation can be shared by them. Each says its
 * name now and then; one that died counts a moment longer. Where Redis does not answer the last number stays. Decides
 * nothing: who holds a link, or carries on a payment, is settled by leases.
 */
#pragma once

struct loop;
struct redis;
struct redis_processes;

/* Whenever the number is another one; 1 until Redis has answered. */
typedef void redis_processes_change(void *arg, int processes);
/* Borrows all but `name`. */
struct redis_processes *redis_processes_new(struct loop *l, struct redis *r, const char *name,
    redis_processes_change *on_change, void *arg);
void redis_processes_free(struct redis_processes *p);	/* after redis_free() */
