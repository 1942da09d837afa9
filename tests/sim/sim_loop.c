/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_loop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
sim_loop_init(struct sim_loop *l, uint64_t seed, int64_t now)
{
	*l = (struct sim_loop){ .now = now, .rng.s = seed };
	rng_next(&l->rng);
}

static void
event_free(struct sim_event *e)
{
	if (e->drop != NULL)
		e->drop(e);
	free(e);
}

void
sim_loop_clear(struct sim_loop *l)
{
	for (size_t i = 0; i < l->n; i++)
		event_free(l->heap[i]);
	free(l->heap);
	l->heap = NULL;
	l->n = l->cap = 0;
}

void *
sim_event_new(size_t size, void *world, sim_run *run)
{
	struct sim_event *e = xcalloc(1, size);

	e->world = world;
	e->run = run;
	return e;
}

static bool
earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct sim_loop *l, struct sim_event *e)
{
	size_t i;

	e->order = ++l->order;
	if (l->n == l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 256;
		l->heap = xrealloc(l->heap, l->cap, sizeof(struct sim_event *));
	}
	for (i = l->n++; i > 0 && earlier(e, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		l->heap[i] = l->heap[(i - 1) / 2];
	l->heap[i] = e;
}

void
sim_loop_add(struct sim_loop *l, void *event, int64_t at)
{
	struct sim_event *e = event;

	e->at = at < l->now ? l->now : at;
	push(l, e);
}

void
sim_loop_again(void *event, int64_t at)
{
	((struct sim_event *)event)->at = at;
}

static struct sim_event *
pop(struct sim_loop *l)
{
	struct sim_event *first = l->heap[0], *last = l->heap[--l->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < l->n) {
		if (child + 1 < l->n && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (earlier(last, l->heap[child]))
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = last;
	return first;
}

bool
sim_loop_step(struct sim_loop *l, int64_t until)
{
	struct sim_event *e;

	if (l->n == 0 || l->heap[0]->at > until)
		return false;
	e = pop(l);
	l->now = e->at;
	e->run(e);
	if (e->at > l->now)
		push(l, e);
	else
		event_free(e);
	return true;
}

int64_t
sim_loop_next(const struct sim_loop *l)
{
	return l->n > 0 ? l->heap[0]->at : INT64_MAX;
}

uint64_t
sim_below(struct sim_loop *l, uint64_t n)
{
	return rng_below(&l->rng, n);
}

bool
sim_chance(struct sim_loop *l, unsigned permille)
{
	return permille > 0 && rng_below(&l->rng, 1000) < permille;
}

int64_t
sim_between(struct sim_loop *l, int64_t from, int64_t to)
{
	return from + (int64_t)rng_below(&l->rng, (uint64_t)(to - from + 1));
}

void
sim_trace(const struct sim_loop *l, const char *fmt, ...)
{
	va_list ap;
	int64_t s = l->now / 1000 % 86400;

	if (!l->trace)
		return;
	printf("%d+%02d:%02d:%02d.%03d ", (int)(l->now / 86400000 % 1000), (int)(s / 3600), (int)(s / 60 % 60),
	    (int)(s % 60), (int)(l->now % 1000));
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}
