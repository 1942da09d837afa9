/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define BROKEN_MOST 30			/* more of them say nothing new */
#define SAY_EVERY_S 10
#define LOOK_NS 50000000
#define SEED_SECONDS 60			/* a run that never ends is one that fails */

/* Seen by all processes. */
struct board {
	_Atomic uint64_t next, broken;
	struct place {
		uint64_t doing;
		bool is_doing;
		struct sim_sums sums;
		pid_t pid;
	} place[JOBS_MAX];
};

static void
say_broken(struct board *b, uint64_t seed, const char *problem)
{
	atomic_fetch_add(&b->broken, 1);
	printf("seed %" PRIu64 ": %s\n  replay: scripts/simulate --seed %" PRIu64 "\n", seed, problem, seed);
	fflush(stdout);
}

static void
work(struct board *b, struct place *p, uint64_t to, const struct sim_files *f)
{
	char problem[400];
	uint64_t seed;

	while (atomic_load(&b->broken) < BROKEN_MOST && (seed = atomic_fetch_add(&b->next, 1)) <= to) {
		p->doing = seed;
		p->is_doing = true;
		alarm(SEED_SECONDS);
		if (!sim_seed_play(seed, f, false, &p->sums, problem))
			say_broken(b, seed, problem);
		p->is_doing = false;
	}
}

static void
start(struct board *b, struct place *p, uint64_t to, const struct sim_files *f)
{
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) < 0)
		fatalx("sim: no process: %d", errno);
	if (pid == 0) {
		work(b, p, to, f);
		exit(0);	/* not _exit: a sanitizer looks for leaks */
	}
	p->pid = pid;		/* the child sees this memory too, and would write its 0 */
}

/* One that died in a seed is replaced: the other seeds are played all the same. false: it is done. */
static bool
ended(struct board *b, struct place *p, int status)
{
	char problem[80];

	p->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	if (WIFSIGNALED(status))
		str_format(problem, sizeof problem, "died of signal %d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? ": it does not end" : "");
	else
		str_format(problem, sizeof problem, "died with status %d", WEXITSTATUS(status));
	if (!p->is_doing) {
		printf("sim: a process %s after its last seed\n", problem);
		atomic_fetch_add(&b->broken, 1);
		return false;
	}
	p->is_doing = false;
	p->sums.runs++;
	say_broken(b, p->doing, problem);
	return true;
}

static struct sim_sums
sum(const struct board *b, int jobs)
{
	struct sim_sums s = { 0 };

	for (int i = 0; i < jobs; i++) {
		const struct sim_sums *p = &b->place[i].sums;

		s.runs += p->runs;
		s.crashes += p->crashes;
		s.calls += p->calls;
		s.accepted += p->accepted;
		s.persons += p->persons;
	}
	s.broken = atomic_load(&b->broken);
	return s;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
watch(struct board *b, uint64_t from, uint64_t to, int jobs, const struct sim_files *f)
{
	static const struct timespec moment = { .tv_nsec = LOOK_NS };
	double begun = seconds(), say_at = begun + SAY_EVERY_S;
	int running = jobs, status;
	pid_t pid;

	while (running > 0) {
		if ((pid = waitpid(-1, &status, WNOHANG)) == 0)
			nanosleep(&moment, NULL);
		for (int i = 0; pid > 0 && i < jobs; i++)
			if (b->place[i].pid == pid) {
				if (ended(b, &b->place[i], status))
					start(b, &b->place[i], to, f);
				else
					running--;
			}
		if (seconds() >= say_at) {
			struct sim_sums s = sum(b, jobs);

			say_at += SAY_EVERY_S;
			fprintf(stderr, "sim: %" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " broken, %.0f a second\n",
			    s.runs, to - from + 1, s.broken, (double)s.runs / (seconds() - begun));
		}
	}
}

bool
sim_jobs_run(uint64_t from, uint64_t to, int jobs, const struct sim_files *f)
{
	struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double begun = seconds();
	struct sim_sums s;

	if (b == MAP_FAILED)
		fatalx("sim: no memory");
	atomic_store(&b->next, from);
	for (int i = 0; i < jobs; i++)
		start(b, &b->place[i], to, f);
	watch(b, from, to, jobs, f);
	s = sum(b, jobs);
	printf("sim: %" PRIu64 " seeds, %" PRIu64 " broken; %.1f s, %" PRIu64 " calls, %" PRIu64 " crashes, %" PRIu64
	    " payments confirmed, %" PRIu64 " left to a person\n", s.runs, s.broken, seconds() - begun, s.calls,
	    s.crashes, s.accepted, s.persons);
	munmap(b, sizeof *b);
	return s.broken == 0;
}
