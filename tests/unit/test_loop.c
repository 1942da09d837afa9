/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: order of timers, deferral and burial. Nothing depends on how fast the machine is. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/mem.h"
#include "base/metric.h"
#include "io/loop.h"

#define TIMERS 2000
#define MANY 100000

struct mark {
	struct loop *l;
	struct timer t;
	int64_t due, ran;
	struct mark *stop, *again;
	int n, until;
};

static void
on_stop(void *arg)
{
	loop_stop(arg);
}

static void
on_mark(void *arg)
{
	struct mark *m = arg;

	m->ran = loop_now(m->l);
	m->n++;
	if (m->stop != NULL)
		timer_stop(&m->stop->t);
	if (m->again != NULL && m->n < m->until)
		timer_arm(&m->again->t, 0);
}

static int64_t last_due;
static int out_of_order;

static void
on_ordered(void *arg)
{
	struct mark *m = arg;

	out_of_order += m->due < last_due || loop_now(m->l) < m->due;
	last_due = m->due;
	m->n++;
}

static void
timers_fire_in_order_of_time(void **state)
{
	struct loop *l = loop_new();
	struct mark *m = xcalloc(TIMERS, sizeof *m);
	struct timer end;
	unsigned seed = 7;

	(void)state;
	last_due = 0;
	out_of_order = 0;
	for (int i = 0; i < TIMERS; i++) {
		m[i].l = l;
		timer_init(&m[i].t, l, on_ordered, &m[i]);
		timer_arm(&m[i].t, rand_r(&seed) % 60);
	}
	/* Every third is moved, every fifth stopped. */
	for (int i = 0; i < TIMERS; i += 3)
		timer_arm(&m[i].t, rand_r(&seed) % 60);
	for (int i = 0; i < TIMERS; i++)
		m[i].due = m[i].t.at;
	for (int i = 0; i < TIMERS; i += 5)
		timer_stop(&m[i].t);
	timer_init(&end, l, on_stop, l);
	timer_arm(&end, 100);
	loop_run(l);
	assert_int_equal(out_of_order, 0);
	for (int i = 0; i < TIMERS; i++) {
		assert_int_equal(m[i].n, i % 5 != 0);
		assert_int_equal(m[i].t.at, 0);
	}
	loop_free(l);
	free(m);
}

static void
a_timer_may_stop_its_neighbour_and_arm_itself(void **state)
{
	struct loop *l = loop_new();
	struct mark a = { .l = l }, b = { .l = l }, c = { .l = l };
	struct timer end;

	(void)state;
	timer_init(&a.t, l, on_mark, &a);
	timer_init(&b.t, l, on_mark, &b);
	timer_init(&c.t, l, on_mark, &c);
	timer_init(&end, l, on_stop, l);
	a.stop = &b;
	c.again = &c;
	c.until = 5;
	timer_arm(&a.t, 3);
	timer_arm(&b.t, 4);
	timer_arm(&c.t, 0);
	timer_arm(&end, 200);
	loop_run(l);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 0);
	assert_int_equal(c.n, 5);
	timer_stop(&b.t);	/* twice is fine */
	loop_free(l);
}

static void
a_timer_never_fires_early(void **state)
{
	struct loop *l = loop_new();
	struct mark m = { .l = l };
	struct timer end;
	int64_t before = loop_now(l);

	(void)state;
	timer_init(&m.t, l, on_mark, &m);
	timer_init(&end, l, on_stop, l);
	timer_arm(&m.t, 30);
	timer_arm(&end, 31);
	loop_run(l);
	assert_true(m.ran >= before + 30);
	loop_free(l);
}

struct step {
	struct loop *l;
	struct deferred d, other;
	char *trace;
	char letter;
	int again, fd;
	void *freed;
};

static void
on_free_letter(void *arg)
{
	struct step *s = arg;

	strcat(s->trace, "F");
	free(s->freed);
}

static void
on_letter(void *arg)
{
	struct step *s = arg;
	char letter[2] = { s->letter, '\0' };

	strcat(s->trace, letter);
	if (s->again-- > 0)
		loop_defer(s->l, &s->d, on_letter, s);
}

static void
deferral_runs_later_and_burial_after_it(void **state)
{
	char trace[32] = "";
	struct loop *l = loop_new();
	struct step a = { .l = l, .trace = trace, .letter = 'a' }, b = a, c = a, f = a;
	struct timer end;

	(void)state;
	b.letter = 'b';
	c.letter = 'c';
	f.freed = xcalloc(1, 8);
	loop_bury(l, &f.d, on_free_letter, &f);
	loop_defer(l, &a.d, on_letter, &a);
	loop_defer(l, &b.d, on_letter, &b);
	loop_defer(l, &a.d, on_letter, &a);	/* already there */
	loop_defer(l, &c.d, on_letter, &c);
	loop_undefer(&c.d);
	loop_undefer(&c.d);
	assert_string_equal(trace, "");
	timer_init(&end, l, on_stop, l);
	timer_arm(&end, 5);
	loop_run(l);
	assert_string_equal(trace, "abF");
	loop_free(l);
}

static int ran_at_once;

static void
on_defer_from_inside(void *arg)
{
	struct step *s = arg;

	/* What is deferred first runs before what is buried second, also from inside. */
	loop_defer(s->l, &s->other, on_letter, s);
	loop_bury(s->l, &s->d, on_free_letter, s);
	ran_at_once = s->trace[0] != '\0';
}

static void
burial_from_a_deferral_waits_for_what_it_deferred(void **state)
{
	char trace[32] = "";
	struct loop *l = loop_new();
	struct step a = { .l = l, .trace = trace, .letter = 'a' };
	struct timer end;

	(void)state;
	loop_defer(l, &a.d, on_defer_from_inside, &a);
	timer_init(&end, l, on_stop, l);
	timer_arm(&end, 5);
	loop_run(l);
	assert_int_equal(ran_at_once, 0);
	assert_string_equal(trace, "aF");
	loop_free(l);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void
on_for_ever(void *arg)
{
	struct step *s = arg;

	/* Not before the loop runs: what is ready at its first look is not starved. */
	if (++s->again == 10)
		assert_int_equal(write(s->fd, "x", 1), 1);
	if (s->again == MANY)
		loop_stop(s->l);
	loop_defer(s->l, &s->d, on_for_ever, s);
}

static void
endless_deferral_does_not_starve_sockets(void **state)
{
	struct loop *l = loop_new();
	struct step a = { .l = l };
	struct event *ev;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	a.fd = fd[1];
	ev = event_new(loop_base(l), fd[0], EV_READ, on_readable, l);
	event_add(ev, NULL);
	loop_defer(l, &a.d, on_for_ever, &a);
	loop_run(l);
	assert_true(a.again < MANY);
	loop_undefer(&a.d);
	event_free(ev);
	close(fd[0]);
	close(fd[1]);
	loop_free(l);
}

static void
free_runs_what_waits(void **state)
{
	char trace[32] = "";
	struct loop *l = loop_new();
	struct step a = { .l = l, .trace = trace, .letter = 'a', .again = 2 }, f = a;

	(void)state;
	f.freed = xcalloc(1, 8);
	loop_defer(l, &a.d, on_letter, &a);
	loop_bury(l, &f.d, on_free_letter, &f);
	loop_free(l);
	assert_string_equal(trace, "aFaa");
}

static int signalled;

static void
on_hup(void *arg, int number)
{
	signalled = number;
	loop_stop(arg);
}

static void
signals_come_through_the_loop(void **state)
{
	struct loop *l = loop_new();
	struct sigaction pipe_action;

	(void)state;
	loop_on_signal(l, SIGHUP, on_hup, l);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(signalled, 0);
	loop_run(l);
	assert_int_equal(signalled, SIGHUP);
	assert_int_equal(sigaction(SIGPIPE, NULL, &pipe_action), 0);
	assert_true(pipe_action.sa_handler == SIG_IGN);
	loop_free(l);
}

static void
on_block(void *arg)
{
	struct timespec ts = { 0, 60 * 1000000 };

	(void)arg;
	nanosleep(&ts, NULL);	/* what a handler must never do: the thing that is measured */
}

struct stall {
	struct loop *l;
	struct event *ev;
	struct timer t, due;
	int fd[2];
	bool stalled;
	char first;		/* what ran first after it */
};

static void
on_stall(void *arg)
{
	struct stall *s = arg;

	assert_int_equal(write(s->fd[1], "x", 1), 1);
	timer_arm(&s->due, 1);
	on_block(NULL);
	s->stalled = true;
}

static void
ran(struct stall *s, char who)
{
	if (s->stalled && s->first == '\0') {
		s->first = who;
		loop_stop(s->l);
	}
}

static void
on_stall_read(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	ran(arg, 'r');
}

static void
on_stall_timer(void *arg)
{
	ran(arg, 't');
}

static void
on_stall_guard(void *arg)
{
	ran(arg, 'g');
}

static void
the_guard_is_first_after_a_stall(void **state)
{
	struct stall s = { .l = loop_new() };

	(void)state;
	assert_int_equal(pipe(s.fd), 0);
	s.ev = event_new(loop_base(s.l), s.fd[0], EV_READ, on_stall_read, &s);
	assert_int_equal(event_add(s.ev, NULL), 0);
	timer_init(&s.t, s.l, on_stall, &s);
	timer_init(&s.due, s.l, on_stall_timer, &s);
	timer_arm(&s.t, 1);
	loop_guard(s.l, 20, on_stall_guard, &s);
	loop_run(s.l);
	assert_int_equal(s.first, 'g');
	event_free(s.ev);
	close(s.fd[0]);
	close(s.fd[1]);
	loop_free(s.l);
}

static void
lateness_is_measured(void **state)
{
	struct loop *l = loop_new();
	struct timer block, late, end;

	(void)state;
	timer_init(&block, l, on_block, NULL);
	timer_init(&late, l, on_block, NULL);
	timer_init(&end, l, on_stop, l);
	timer_arm(&block, 1);
	timer_arm(&late, 10);
	timer_arm(&end, 1300);
	metric_set(M_LOOP_LAG_MS, 0);
	loop_run(l);
	assert_true(metric_get(M_LOOP_LAG_MS) >= 40);
	loop_free(l);
}

static void
the_wall_clock_can_be_corrected(void **state)
{
	struct loop *l = loop_new();
	int64_t wall = loop_wall(l);

	(void)state;
	loop_set_wall_offset(l, 3600 * 1000);
	assert_true(loop_wall(l) >= wall + 3600 * 1000);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_of_time),
		cmocka_unit_test(a_timer_may_stop_its_neighbour_and_arm_itself),
		cmocka_unit_test(a_timer_never_fires_early),
		cmocka_unit_test(deferral_runs_later_and_burial_after_it),
		cmocka_unit_test(burial_from_a_deferral_waits_for_what_it_deferred),
		cmocka_unit_test(endless_deferral_does_not_starve_sockets),
		cmocka_unit_test(free_runs_what_waits),
		cmocka_unit_test(signals_come_through_the_loop),
		cmocka_unit_test(the_guard_is_first_after_a_stall),
		cmocka_unit_test(lateness_is_measured),
		cmocka_unit_test(the_wall_clock_can_be_corrected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
