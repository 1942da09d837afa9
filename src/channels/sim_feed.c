/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's file of changed SIMs (sim_changes_file): looked at every few seconds; what was added to it is read,
 * and all of it when another file is there under its name. Each process reads all, which changes nothing the second
 * time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "channels/edge_parts.h"
#include "core/sim_line.h"

#define LOOK_MS 5000
#define MORE_MS 500		/* between pieces of a large file: the store has other work */
#define PIECE 16384

struct sim_feed {
	struct edge *edge;
	struct timer timer;
	dev_t dev;
	ino_t ino;
	off_t at;		/* read as far as here: the beginning of a line */
};

static void
take_line(struct sim_feed *f, const char *line, size_t n)
{
	static struct log_limit limit;
	char phone[PHONE_MAX];
	int64_t at_ms;
	unsigned held;

	switch (sim_line_read(line, n, phone, &at_ms)) {
	case SIM_LINE_GOOD:
		gateway_sim_changed(f->edge->gw, loop_wall(f->edge->loop), phone, at_ms);
		break;
	case SIM_LINE_BAD:
		metric_add(M_SIM_LINES_BAD, 1);
		if (!log_limited(&limit, &held))
			log_warn(0, "sim change not understood", "octets=%zu more=%u", n, held);
		break;
	case SIM_LINE_EMPTY:
		break;
	}
}

/* Whole lines only: the last one may be being written. One that fills a piece is none. */
static size_t
take_lines(struct sim_feed *f, const char *p, size_t n)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(p + used, '\n', n - used)) != NULL) {
		take_line(f, p + used, (size_t)(end - p) - used);
		used = (size_t)(end - p) + 1;
	}
	if (used == 0 && n == PIECE) {
		take_line(f, p, n);
		used = n;
	}
	return used;
}

static bool
open_feed(struct sim_feed *f, int *fd)
{
	static struct log_limit limit;
	struct stat st;
	unsigned held;

	*fd = open(f->edge->settings->sim_changes_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 || fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		metric_add(M_SIM_FEED_UNREAD, 1);
		if (!log_limited(&limit, &held))
			log_warn(0, "sim changes cannot be read", "why=\"%s\" more=%u", strerror(errno), held);
		if (*fd >= 0)
			close(*fd);
		return false;
	}
	if (st.st_dev != f->dev || st.st_ino != f->ino || st.st_size < f->at)
		f->at = 0;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	return true;
}

static void
on_look(void *arg)
{
	struct sim_feed *f = arg;
	char piece[PIECE];
	ssize_t n = 0;
	int fd;

	if (f->edge->gw != NULL && open_feed(f, &fd)) {
		n = pread(fd, piece, sizeof piece, f->at);
		close(fd);
		if (n > 0)
			f->at += (off_t)take_lines(f, piece, (size_t)n);
		mem_wipe(piece, sizeof piece);
	}
	timer_arm(&f->timer, n == PIECE ? MORE_MS : LOOK_MS);
}

struct sim_feed *
sim_feed_new(struct edge *e)
{
	struct sim_feed *f = xcalloc(1, sizeof *f);

	f->edge = e;
	timer_init(&f->timer, e->loop, on_look, f);
	timer_arm(&f->timer, 0);
	return f;
}

void
sim_feed_free(struct sim_feed *f)
{
	if (f == NULL)
		return;
	timer_stop(&f->timer);
	free(f);
}
