/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: libevent does the waiting, everything cheap is ours. All timers are in one binary heap
 * behind one libevent timer, all deferrals and burials in two lists behind one event that is
 * activated: using them allocates nothing and cannot fail. It knows nothing of sockets.
 *
 * Invariants: heap[t->slot] == t for each armed timer; wake_at is never later than the first timer.
 */
#include "io/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

#define LAG_EVERY_MS 1000
#define LONGEST_MS ((int64_t)365 * 24 * 3600 * 1000)
#define FIRST_TIMERS 64
#define LAST_ROUNDS 1000	/* of deferrals that defer again while the loop is being freed */

struct on_signal {
	struct list node;
	struct event *ev;
	void (*fn)(void *arg, int signal);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *wake;		/* for the first timer */
	struct event *turn;		/* for deferred and morgue */
	struct event *guard;		/* NULL: none */
	void (*guard_fn)(void *arg);
	void *guard_arg;
	struct list deferred, morgue, signals;
	struct timer **heap;
	uint32_t timers, timers_max;
	int64_t wake_at;		/* when `wake` fires; 0: not armed */
	int64_t now;
	int64_t wall_offset;
	int64_t worst_lag;		/* of this second */
	struct timer lag;
	bool running;
	bool now_known;			/* in this turn; never outside loop_run() */
	bool in_turn;			/* the lists are being run */
	bool stop;
};

int64_t
loop_now(const struct loop *l)
{
	/* Read at first use, so that a turn that needs no time costs no look at the clock. */
	struct loop *own = (struct loop *)(uintptr_t)l;
	struct timespec ts;

	if (!own->now_known) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		own->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
		own->now_known = own->running;
	}
	return own->now;
}

int64_t
loop_wall(const struct loop *l)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + l->wall_offset;
}

void
loop_set_wall_offset(struct loop *l, int64_t ms)
{
	l->wall_offset = ms;
}

static void
heap_put(struct loop *l, uint32_t slot, struct timer *t)
{
	l->heap[slot] = t;
	t->slot = slot;
}

/* Finds the place of t, beginning at a free slot. */
static void
heap_sift(struct loop *l, uint32_t slot, struct timer *t)
{
	uint32_t child;

	while (slot > 0 && l->heap[(slot - 1) / 2]->at > t->at) {
		heap_put(l, slot, l->heap[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	for (; (child = 2 * slot + 1) < l->timers; slot = child) {
		if (child + 1 < l->timers && l->heap[child + 1]->at < l->heap[child]->at)
			child++;
		if (l->heap[child]->at >= t->at)
			break;
		heap_put(l, slot, l->heap[child]);
	}
	heap_put(l, slot, t);
}

static void
wake_for_first(struct loop *l)
{
	int64_t ms;
	struct timeval tv;

	if (l->timers == 0 || (l->wake_at != 0 && l->wake_at <= l->heap[0]->at))
		return;
	l->wake_at = l->heap[0]->at;
	ms = l->wake_at - loop_now(l);
	if (ms < 0)
		ms = 0;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	if (event_add(l->wake, &tv) != 0)
		fatalx("loop: event_add failed");
}

void
timer_init(struct timer *t, struct loop *l, void (*fn)(void *), void *arg)
{
	*t = (struct timer){ .loop = l, .fn = fn, .arg = arg };
}

void
timer_stop(struct timer *t)
{
	struct loop *l = t->loop;
	struct timer *last;

	if (t->at == 0)
		return;
	t->at = 0;
	last = l->heap[--l->timers];
	if (last != t)
		heap_sift(l, t->slot, last);
}

void
timer_arm(struct timer *t, int64_t after_ms)
{
	struct loop *l = t->loop;
	bool fresh = t->at == 0;

	/* At least 1 ms: a timer that arms itself must not run again in the same work-off. */
	if (after_ms < 1)
		after_ms = 1;
	if (after_ms > LONGEST_MS)
		after_ms = LONGEST_MS;
	t->at = loop_now(l) + after_ms;
	if (fresh) {
		if (l->timers == l->timers_max) {
			l->timers_max = l->timers_max > 0 ? 2 * l->timers_max : FIRST_TIMERS;
			l->heap = xrealloc(l->heap, l->timers_max, sizeof(struct timer *));
		}
		t->slot = l->timers++;
	}
	heap_sift(l, t->slot, t);
	wake_for_first(l);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->wake_at = 0;
	l->now_known = false;
	while (l->timers > 0 && l->heap[0]->at <= loop_now(l)) {
		struct timer *t = l->heap[0];
		int64_t late = l->now - t->at;

		if (late > l->worst_lag)
			l->worst_lag = late;
		timer_stop(t);
		t->fn(t->arg);
	}
	wake_for_first(l);
}

static void
on_lag(void *arg)
{
	struct loop *l = arg;

	metric_set(M_LOOP_LAG_MS, l->worst_lag);
	l->worst_lag = 0;
	timer_arm(&l->lag, LAG_EVERY_MS);
}

/* Moves all of `from` into the empty `to`. */
static void
list_take(struct list *to, struct list *from)
{
	list_init(to);
	if (list_empty(from))
		return;
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	list_init(from);
}

static void
run_all(struct list *batch)
{
	while (!list_empty(batch)) {
		struct deferred *d = LIST_OF(batch->next, struct deferred, node);
		void (*fn)(void *) = d->fn;
		void *arg = d->arg;

		list_remove(&d->node);
		d->queued = false;
		fn(arg);	/* may free d */
	}
}

static void
run_lists(struct loop *l)
{
	struct list batch, dead;

	/* Both taken first: whatever was deferred before a burial is then run before it. */
	list_take(&batch, &l->deferred);
	list_take(&dead, &l->morgue);
	run_all(&batch);
	run_all(&dead);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	const struct timeval at_once = { 0, 0 };

	(void)fd;
	(void)what;
	l->now_known = false;
	l->in_turn = true;
	run_lists(l);
	l->in_turn = false;
	/* By timer: event_active() would run again before libevent looks at the sockets. */
	if ((!list_empty(&l->deferred) || !list_empty(&l->morgue)) &&
	    event_add(l->turn, &at_once) != 0)
		fatalx("loop: event_add failed");
}

static void
enqueue(struct loop *l, struct list *to, struct deferred *d, void (*fn)(void *), void *arg)
{
	if (d->queued)
		return;
	d->fn = fn;
	d->arg = arg;
	d->queued = true;
	if (!l->in_turn && list_empty(&l->deferred) && list_empty(&l->morgue))
		event_active(l->turn, EV_TIMEOUT, 0);
	list_add_tail(to, &d->node);
}

void
loop_defer(struct loop *l, struct deferred *d, void (*fn)(void *), void *arg)
{
	enqueue(l, &l->deferred, d, fn, arg);
}

void
loop_undefer(struct deferred *d)
{
	if (!d->queued)
		return;
	list_remove(&d->node);
	d->queued = false;
}

void
loop_bury(struct loop *l, struct deferred *d, void (*fn)(void *), void *arg)
{
	enqueue(l, &l->morgue, d, fn, arg);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct on_signal *s = arg;

	(void)what;
	s->fn(s->arg, (int)number);
}

void
loop_on_signal(struct loop *l, int number, void (*fn)(void *arg, int signal), void *arg)
{
	struct on_signal *s = xcalloc(1, sizeof *s);

	s->fn = fn;
	s->arg = arg;
	s->ev = evsignal_new(l->base, number, on_signal, s);
	if (s->ev == NULL || event_add(s->ev, NULL) != 0)
		fatalx("loop: no handler for signal %d", number);
	list_add_tail(&l->signals, &s->node);
}

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->now_known = false;
	l->guard_fn(l->guard_arg);
}

void
loop_guard(struct loop *l, int64_t every_ms, void (*fn)(void *arg), void *arg)
{
	const struct timeval every = { every_ms / 1000, every_ms % 1000 * 1000 };

	l->guard_fn = fn;
	l->guard_arg = arg;
	l->guard = event_new(l->base, -1, EV_PERSIST, on_guard, l);
	if (l->guard == NULL || event_priority_set(l->guard, 0) != 0 || event_add(l->guard, &every) != 0)
		fatalx("loop: no guard");
}

/* libevent complains once per failed accept(2): a million lines a second without descriptors. */
static void
on_libevent_log(int severity, const char *text)
{
	static struct log_limit limit;
	char quoted[256];
	unsigned held;

	if (severity < EVENT_LOG_WARN || log_limited(&limit, &held))
		return;
	log_warn(0, "libevent", "held=%u text=\"%s\"", held,
	    log_quote(text, strlen(text), quoted, sizeof quoted));
}

static void
on_libevent_fatal(int err)
{
	fatalx("libevent gave up: %s", strerror(err));
}

struct loop *
loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof *l);
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	event_set_log_callback(on_libevent_log);
	event_set_fatal_callback(on_libevent_fatal);
	list_init(&l->deferred);
	list_init(&l->morgue);
	list_init(&l->signals);
	l->base = event_base_new();
	/* Two: the guard's, and that of all else. */
	if (l->base == NULL || event_base_priority_init(l->base, 2) != 0)
		fatalx("loop: no event base: %s", strerror(errno));
	l->wake = event_new(l->base, -1, 0, on_wake, l);
	l->turn = event_new(l->base, -1, 0, on_turn, l);
	if (l->wake == NULL || l->turn == NULL)
		fatalx("loop: out of memory");
	timer_init(&l->lag, l, on_lag, l);
	timer_arm(&l->lag, LAG_EVERY_MS);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	for (int i = 0; !list_empty(&l->deferred) || !list_empty(&l->morgue); i++) {
		if (i == LAST_ROUNDS)
			fatalx("loop: a deferral that never ends");
		run_lists(l);
	}
	while (!list_empty(&l->signals)) {
		struct on_signal *s = LIST_OF(l->signals.next, struct on_signal, node);

		list_remove(&s->node);
		event_free(s->ev);
		free(s);
	}
	if (l->guard != NULL)
		event_free(l->guard);
	event_free(l->wake);
	event_free(l->turn);
	event_base_free(l->base);
	free(l->heap);
	free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

void
loop_run(struct loop *l)
{
	l->running = true;
	while (!l->stop) {
		l->now_known = false;
		if (event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			fatalx("loop: event_base_loop failed");
	}
	l->stop = l->running = l->now_known = false;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
	event_base_loopbreak(l->base);
}
