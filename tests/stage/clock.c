/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: a wall clock that a test moves for all processes of its stage at once, Redis too. The file that
 * ISANGO_CLOCK names holds how many ms it is ahead, in the machine's own octets; it is mapped, so a move is seen
 * everywhere at the same moment. What measures how long something took (CLOCK_MONOTONIC, CLOCK_BOOTTIME) stays as it
 * is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

static void
take_file(void)
{
	const char *file = getenv("ISANGO_CLOCK");
	int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		abort();
	page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		abort();
	ahead = page;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int code = (int)syscall(SYS_clock_gettime, id, ts);

	if (code != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return code;
	if (ahead == NULL)
		take_file();
	ts->tv_sec += *ahead / 1000;
	ts->tv_nsec += *ahead % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;
	int code = clock_gettime(CLOCK_REALTIME, &ts);

	(void)zone;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return code;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
