/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango dial: a phone in the terminal. Shows screens and SMS as they come, sends what is typed.
 * How it reaches a gateway is dial_way.c's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/dial_way.h"
#include "config/config.h"
#include "io/loop.h"

#define COLUMNS 44			/* of a screen's text; longer lines are folded */
#define LINE_MAX_OCTETS 640

struct dialler {
	struct loop *loop;
	struct dial_way *way;
	struct event *input;		/* NULL: a plain file, which is always readable */
	struct deferred read_file;
	struct buf typed;		/* read and not used yet */
	char code[32];
	bool terminal;
	bool open;			/* the dialogue waits for an answer */
	bool waiting;			/* for a screen */
	bool ended;			/* no more input, or a signal */
	bool failed;			/* the last input got no screen */
};

/* ---- what is shown ---- */

static size_t
columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Where the line that begins here ends: at a newline, else at the last space that fits, else where the room ends. */
static size_t
line_length(const char *text)
{
	size_t len = strcspn(text, "\n"), best = 0, at = 0;

	if (columns(text, len) <= COLUMNS)
		return len;
	while (columns(text, at) < COLUMNS || ((unsigned char)text[at] & 0xc0) == 0x80) {
		if (text[at] == ' ')
			best = at;
		at++;
	}
	return text[at] == ' ' ? at : best > 0 ? best : at;
}

static void
print_rule(char corner)
{
	printf("  %c", corner);
	for (int i = 0; i < COLUMNS + 2; i++)
		putchar('-');
	printf("%c\n", corner);
}

static void
print_line(const char *text, size_t len)
{
	fputs("  | ", stdout);
	for (size_t i = 0; i < len; i++)
		putchar((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
	printf("%*s |\n", (int)(COLUMNS - columns(text, len)), "");
}

static void
print_frame(char corner, const char *text)
{
	print_rule(corner);
	while (*text != '\0') {
		size_t len = line_length(text);

		print_line(text, len);
		text += len;
		text += *text == '\n' || *text == ' ';
	}
	print_rule(corner);
}

static void
prompt(const struct dialler *d)
{
	if (d->terminal && !d->waiting && !d->ended)
		fputs(d->open ? "  > " : "  (the call is over; Enter dials again, Ctrl-D leaves) ", stdout);
	fflush(stdout);
}

/* ---- what is typed ---- */

static void want_line(struct dialler *d);

static void
leave(struct dialler *d)
{
	if (d->ended)
		return;
	d->ended = true;
	if (d->terminal)
		putchar('\n');
	if (d->open || d->waiting)
		dial_way_hang_up(d->way);
	else
		loop_stop(d->loop);
}

static void
dial(struct dialler *d, const char *code)
{
	str_copy(d->code, sizeof d->code, code);
	d->waiting = true;
	d->open = false;
	printf("  dialling %s\n", code);
	fflush(stdout);
	dial_way_dial(d->way, code);
}

static bool
is_code(const char *line)
{
	size_t n = strlen(line);

	return n > 2 && n < sizeof ((struct dialler *)0)->code && line[0] == '*' && line[n - 1] == '#';
}

static void
take_line(struct dialler *d, const char *line)
{
	if (is_code(line))
		dial(d, line);
	else if (!d->open)
		dial(d, d->code);
	else if (line[0] == '\0') {
		if (d->terminal)
			puts("  Type your answer and press Enter. A code like *120*384# dials it; Ctrl-D hangs up.");
		prompt(d);
		want_line(d);
	} else {
		if (!d->terminal)
			printf("  > %s\n", line);
		d->waiting = true;
		dial_way_type(d->way, line);
	}
}

/* One line at a time: what follows waits until its screen has come. */
static bool
next_line(struct dialler *d)
{
	char line[LINE_MAX_OCTETS];
	char *end = d->typed.len > 0 ? memchr(d->typed.p, '\n', d->typed.len) : NULL;
	size_t n;

	if (end == NULL)
		return false;
	n = (size_t)(end - d->typed.p);
	if (!str_copyn(line, sizeof line, d->typed.p, n))
		line[0] = '\0';
	memmove(d->typed.p, end + 1, d->typed.len - n - 1);
	d->typed.len -= n + 1;
	line[strcspn(line, "\r")] = '\0';
	take_line(d, line);
	mem_wipe(line, sizeof line);
	return true;
}

static void
read_more(struct dialler *d)
{
	char text[512];
	ssize_t n = read(STDIN_FILENO, text, sizeof text);

	if (n > 0) {
		buf_add(&d->typed, text, (size_t)n);
		mem_wipe(text, sizeof text);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		leave(d);
		return;
	}
	want_line(d);
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

static void
want_line(struct dialler *d)
{
	if (d->ended || d->waiting || next_line(d))
		return;
	if (d->typed.len > LINE_MAX_OCTETS)
		buf_reset(&d->typed);
	if (d->input != NULL)
		event_add(d->input, NULL);
	else
		loop_defer(d->loop, &d->read_file, on_file, d);
}

/* ---- what comes ---- */

static void
on_screen(void *arg, const char *text, bool open)
{
	struct dialler *d = arg;

	d->waiting = d->failed = false;
	d->open = open;
	print_frame('+', text);
	prompt(d);
	want_line(d);
}

static void
on_failed(void *arg, const char *why)
{
	struct dialler *d = arg;

	d->waiting = d->open = false;
	d->failed = true;
	printf("  no screen: %s\n", why);
	prompt(d);
	want_line(d);
}

static void
on_sms(void *arg, const char *from, const char *text)
{
	struct dialler *d = arg;

	if (d->terminal)
		fputs("\r\033[K", stdout);
	printf("  SMS from %s\n", from);
	print_frame('*', text);
	prompt(d);
}

static void
on_hung_up(void *arg)
{
	loop_stop(((struct dialler *)arg)->loop);
}

static void
on_signal(void *arg, int number)
{
	(void)number;
	leave(arg);
}

/* ---- the command ---- */

static void
open_input(struct dialler *d)
{
	struct stat st;

	d->terminal = isatty(STDIN_FILENO) == 1;
	/* epoll knows no plain files. */
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return;
	d->input = event_new(loop_base(d->loop), STDIN_FILENO, EV_READ, on_input, d);
}

static int
phone(const struct dial_options *o, const char *code)
{
	struct dialler d = { .loop = loop_new() };
	struct dial_events events = { on_screen, on_failed, on_sms, on_hung_up, &d };

	loop_on_signal(d.loop, SIGINT, on_signal, &d);
	loop_on_signal(d.loop, SIGTERM, on_signal, &d);
	open_input(&d);
	d.way = dial_way_new(d.loop, o, &events);
	printf("  Phone +%s.%s\n", o->from, o->sandbox == NULL ? " Its SMS are not shown here." : "");
	dial(&d, code);
	loop_run(d.loop);
	loop_undefer(&d.read_file);
	dial_way_free(d.way);
	if (d.input != NULL)
		event_free(d.input);
	loop_free(d.loop);
	buf_clear(&d.typed);
	return d.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The listener's port is in the configuration only where it does not let the system choose. */
static bool
can_reach(const struct settings *s)
{
	const char *port = strrchr(s->listen_channels, ':');

	if (port == NULL || strcmp(port, ":0") != 0)
		return true;
	fprintf(stderr, "isango dial: listen.channels has port 0: nobody knows where the gateway is\n");
	return false;
}

static int
dial_configured(struct dial_options *o, const char *file, const char *code)
{
	struct buf problems = { 0 };
	struct settings *s = config_load(file, &problems);
	int status = EXIT_FAILURE;

	fputs(buf_str(&problems), stderr);
	o->settings = s;
	if (s != NULL && can_reach(s))
		status = phone(o, code);
	settings_free(s);
	buf_clear(&problems);
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "from", required_argument, NULL, 'f' }, { "http", no_argument, NULL, 'h' },
		{ "sandbox", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
	};
	struct dial_options o = { 0 };
	const char *file = NULL, *from = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'f')
			from = optarg;
		else if (c == 's')
			o.sandbox = optarg;
		else if (c == 'h')
			o.http = true;
		else
			return COMMAND_USAGE;
	}
	if (optind != argc - 1 || from == NULL || (file == NULL) == (o.sandbox == NULL) ||
	    (o.http && o.sandbox == NULL))
		return COMMAND_USAGE;
	if (!is_code(argv[optind]) || !phone_parse(from, "27", o.from)) {
		fprintf(stderr, "isango dial: wanted: a code like *120*384# and a number like 27821234567\n");
		return EXIT_FAILURE;
	}
	if (sodium_init() < 0)
		fatalx("no random numbers to be had");
	log_set_level(LOG_ERROR);
	return o.sandbox != NULL ? phone(&o, argv[optind]) : dial_configured(&o, file, argv[optind]);
}

const struct command command_dial = {
	.name = "dial",
	.usage = "(-c FILE | --sandbox URL [--http]) CODE --from MSISDN",
	.summary = "a phone in the terminal",
	.help =
	    "Dials CODE and shows what comes; what is typed is the customer's answer. An empty line dials again when\n"
	    "the call is over, a code like *120*384# dials that, Ctrl-D hangs up and leaves. The exit status is 1 if\n"
	    "the last input got no screen.\n"
	    "\n"
	    "  -c FILE        asks the gateway of this configuration, as an aggregator on the ussd-http channel with\n"
	    "                 that code would; SMS are not shown then\n"
	    "  --sandbox URL  the phone is one of isango-sandbox, whose control listener is there: over SMPP, with SMS\n"
	    "  --http         over the sandbox's aggregator instead\n"
	    "  --from MSISDN  the number of the phone, like 27821234567\n",
	.run = run,
};
