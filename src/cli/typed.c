/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/typed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/mem.h"
#include "base/str.h"

static void
read_more(struct typed *t)
{
	char text[512];
	ssize_t n = read(STDIN_FILENO, text, sizeof text);

	if (n > 0) {
		buf_add(&t->text, text, (size_t)n);
		mem_wipe(text, sizeof text);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		t->over(t->arg);
		return;
	}
	t->more(t->arg);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_more(arg);
}

static void
on_file(void *arg)
{
	read_more(arg);
}

void
typed_open(struct typed *t, struct loop *l, size_t line_max, void (*more)(void *), void (*over)(void *), void *arg)
{
	struct stat st;

	*t = (struct typed){ .loop = l, .line_max = line_max, .more = more, .over = over, .arg = arg };
	t->terminal = isatty(STDIN_FILENO) == 1;
	/* epoll knows no plain files. */
	if (fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode))
		t->input = event_new(loop_base(l), STDIN_FILENO, EV_READ, on_input, t);
}

void
typed_close(struct typed *t)
{
	loop_undefer(&t->read_file);
	if (t->input != NULL)
		event_free(t->input);
	buf_clear(&t->text);
}

bool
typed_line(struct typed *t, char *line, size_t size)
{
	char *end = t->text.len > 0 ? memchr(t->text.p, '\n', t->text.len) : NULL;
	size_t n;

	if (end == NULL)
		return false;
	n = (size_t)(end - t->text.p);
	if (!str_copyn(line, size, t->text.p, n))
		line[0] = '\0';
	memmove(t->text.p, end + 1, t->text.len - n - 1);
	t->text.len -= n + 1;
	line[strcspn(line, "\r")] = '\0';
	return true;
}

void
typed_read(struct typed *t)
{
	if (t->text.len > t->line_max)
		buf_reset(&t->text);
	if (t->input != NULL)
		event_add(t->input, NULL);
	else
		loop_defer(t->loop, &t->read_file, on_file, t);
}
