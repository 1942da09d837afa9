/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango dial: a phone in the terminal. Shows screens and SMS as they come, sends what is typed. How it reaches a
 * gateway is dial_way.c's business; without one, dial_offline.c plays the menu alone.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/dial_chat.h"
#include "cli/dial_offline.h"
#include "cli/dial_way.h"
#include "cli/phone_screen.h"
#include "cli/typed.h"
#include "config/config.h"
#include "core/menu_play.h"
#include "core/ussd_profile.h"
#include "io/loop.h"

#define LINE_MAX_OCTETS 640

struct dialler {
	struct loop *loop;
	struct dial_way *way;
	struct typed typed;
	char code[32];
	const struct ussd_profile *profile;	/* NULL: the network has no habits */
	struct timer session, idle;
	int screens;			/* that came, all dialogues together */
	bool open;			/* the dialogue waits for an answer */
	bool waiting;			/* for a screen */
	bool ended;			/* no more input, or a signal */
	bool failed;			/* the last input got no screen */
};

/* ---- what is shown ---- */

static void
prompt(const struct dialler *d)
{
	bool ready = d->typed.terminal && !d->waiting && !d->ended;

	/* What is not typed at a terminal comes at once: it does not wait for somebody to call. */
	if (ready && !d->open)
		dial_way_idle(d->way);
	if (ready)
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
	if (d->typed.terminal)
		putchar('\n');
	if (d->open || d->waiting)
		dial_way_hang_up(d->way);
	else
		loop_stop(d->loop);
}

static void
set_timer(struct timer *t, int seconds)
{
	if (seconds > 0)
		timer_arm(t, (int64_t)seconds * 1000);
	else
		timer_stop(t);
}

static void
dial(struct dialler *d, const char *code)
{
	str_copy(d->code, sizeof d->code, code);
	set_timer(&d->session, d->profile != NULL ? d->profile->session_s : 0);
	timer_stop(&d->idle);
	d->waiting = true;
	d->open = false;
	printf("  dialling %s\n", code);
	fflush(stdout);
	dial_way_dial(d->way, code);
}

static void
take_line(struct dialler *d, const char *line)
{
	if (play_is_code(line))
		dial(d, line);
	else if (!d->open)
		dial(d, d->code);
	else if (line[0] == '\0') {
		if (d->typed.terminal)
			puts("  Type your answer and press Enter. A code like *120*384# dials it; Ctrl-D hangs up.");
		prompt(d);
		want_line(d);
	} else {
		if (!d->typed.terminal)
			printf("  > %s\n", line);
		d->waiting = true;
		timer_stop(&d->idle);
		dial_way_type(d->way, line);
	}
}

/* One line at a time: what follows waits until its screen has come. */
static void
want_line(struct dialler *d)
{
	char line[LINE_MAX_OCTETS];

	if (d->ended || d->waiting)
		return;
	if (!typed_line(&d->typed, line, sizeof line)) {
		typed_read(&d->typed);
		return;
	}
	take_line(d, line);
	mem_wipe(line, sizeof line);
}

static void
on_typed(void *arg)
{
	want_line(arg);
}

static void
on_typed_over(void *arg)
{
	leave(arg);
}

/* ---- what comes ---- */

/* The phone shows no more, and the gateway is told as networks do. Goes on when it was. */
static void
network_ends(struct dialler *d, const char *why)
{
	printf("%s  the network ended the call: %s\n", d->typed.terminal ? "\r\033[K" : "", why);
	set_timer(&d->session, 0);
	set_timer(&d->idle, 0);
	d->open = false;
	d->waiting = true;
	dial_way_hang_up(d->way);
}

static void
on_session_over(void *arg)
{
	network_ends(arg, "it lasted too long");
}

static void
on_idle(void *arg)
{
	network_ends(arg, "no answer was typed in time");
}

static bool
is_lost(struct dialler *d)
{
	d->screens++;
	return d->profile != NULL && d->profile->drop_after > 0 && d->screens % d->profile->drop_after == 0;
}

static void
on_screen(void *arg, const char *text, bool open)
{
	struct dialler *d = arg;

	d->waiting = d->failed = false;
	d->open = open;
	if (is_lost(d)) {
		network_ends(d, "the connection broke");
		return;
	}
	set_timer(&d->idle, open && d->profile != NULL ? d->profile->idle_s : 0);
	if (!open)
		set_timer(&d->session, 0);
	phone_screen('+', text);
	phone_screen_size(text, d->profile != NULL ? d->profile->septets : dial_way_septets(d->way));
	prompt(d);
	want_line(d);
}

static void
on_failed(void *arg, const char *why)
{
	struct dialler *d = arg;

	d->waiting = d->open = false;
	d->failed = true;
	set_timer(&d->session, 0);
	set_timer(&d->idle, 0);
	printf("  no screen: %s\n", why);
	prompt(d);
	want_line(d);
}

static void
on_sms(void *arg, const char *from, const char *text)
{
	struct dialler *d = arg;

	if (d->typed.terminal)
		fputs("\r\033[K", stdout);
	printf("  SMS from %s\n", from);
	phone_screen('*', text);
	prompt(d);
}

static void
on_called_up(void *arg, const char *text)
{
	struct dialler *d = arg;

	set_timer(&d->session, d->profile != NULL ? d->profile->session_s : 0);
	fputs("\r\033[K  the phone is called up\n", stdout);
	on_screen(d, text, true);
}

static void
on_hung_up(void *arg)
{
	struct dialler *d = arg;

	if (d->ended) {
		loop_stop(d->loop);
		return;
	}
	d->waiting = false;
	prompt(d);
	want_line(d);
}

static void
on_signal(void *arg, int number)
{
	(void)number;
	leave(arg);
}

/* ---- the command ---- */

static int
phone(const struct dial_options *o, const struct ussd_profile *profile, const char *code)
{
	struct dialler d = { .loop = loop_new(), .profile = profile };
	struct dial_events events = { on_screen, on_failed, on_sms, on_called_up, on_hung_up, &d };

	loop_on_signal(d.loop, SIGINT, on_signal, &d);
	loop_on_signal(d.loop, SIGTERM, on_signal, &d);
	typed_open(&d.typed, d.loop, LINE_MAX_OCTETS, on_typed, on_typed_over, &d);
	timer_init(&d.session, d.loop, on_session_over, &d);
	timer_init(&d.idle, d.loop, on_idle, &d);
	d.way = dial_way_new(d.loop, o, &events);
	printf("  Phone +%s.%s\n", o->from, o->sandbox == NULL ? " Its SMS are not shown here." : "");
	dial(&d, code);
	loop_run(d.loop);
	timer_stop(&d.session);
	timer_stop(&d.idle);
	dial_way_free(d.way);
	typed_close(&d.typed);
	loop_free(d.loop);
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
dial_configured(struct dial_options *o, const char *file, const struct ussd_profile *profile, const char *code)
{
	struct buf problems = { 0 };
	struct settings *s = config_load(file, &problems);
	int status = EXIT_FAILURE;

	fputs(buf_str(&problems), stderr);
	o->settings = s;
	if (s != NULL && can_reach(s))
		status = phone(o, profile, code);
	settings_free(s);
	buf_clear(&problems);
	return status;
}

static int
list_profiles(void)
{
	for (size_t i = 0; i < ussd_profiles_n; i++) {
		const struct ussd_profile *p = &ussd_profiles[i];

		printf("%-15s %3d septets, %3d s", p->name, p->septets, p->session_s);
		if (p->idle_s > 0)
			printf(", %d s for an answer", p->idle_s);
		printf("\n    %s\n", p->help);
	}
	return EXIT_SUCCESS;
}

struct choice {				/* of the command line */
	struct dial_options way;
	struct dial_offline offline;
	const char *from, *code, *profile_name;
	const struct ussd_profile *profile;
	bool is_offline, is_chat, lists;
};

static bool
read_option(struct choice *x, int c)
{
	static const char letters[] = "cfsmtlkapnv";
	const char **const into[] = { &x->offline.config, &x->from, &x->way.sandbox, &x->offline.menu,
	    &x->offline.tenant,
		&x->offline.language, &x->offline.keys, &x->offline.answers, &x->profile_name, &x->way.channel, &x->way.via };
	const char *at = strchr(letters, c);

	if (c == 'h')
		x->way.via = "http";
	else if (c == 'o')
		x->is_offline = true;
	else if (c == 'w')
		x->is_chat = true;
	else if (c == 'L')
		x->lists = true;
	else if (at != NULL && c != '\0')
		*into[at - letters] = optarg;
	else
		return false;
	return true;
}

static bool
fits(const struct choice *x)
{
	const struct dial_offline *o = &x->offline;
	bool scripted = o->menu != NULL || o->tenant != NULL || o->language != NULL || o->keys != NULL ||
	    o->answers != NULL;

	if (x->is_offline)
		return !x->is_chat && o->config != NULL && x->way.sandbox == NULL && x->way.via == NULL && x->way.channel == NULL;
	if (x->is_chat)
		return x->way.sandbox != NULL && x->from != NULL && x->code == NULL && o->config == NULL && !scripted &&
		    x->way.via == NULL && x->way.channel == NULL && x->profile_name == NULL;
	return x->code != NULL && x->from != NULL && (o->config == NULL) != (x->way.sandbox == NULL) && !scripted &&
	    (x->way.via == NULL || x->way.sandbox != NULL) && (x->way.channel == NULL || o->config != NULL);
}

/* false after saying why not. */
static bool
understand(struct choice *x)
{
	if ((x->code != NULL && !play_is_code(x->code)) ||
	    (x->from != NULL && !phone_parse(x->from, "27", x->way.from))) {
		fprintf(stderr, "isango dial: wanted: a code like *120*384# and a number like 27821234567\n");
		return false;
	}
	if (x->profile_name == NULL)
		return true;
	x->profile = ussd_profile_find(x->profile_name);
	if (x->profile == NULL)
		fprintf(stderr, "isango dial: there is no profile \"%s\"; --profiles lists them\n", x->profile_name);
	else if (x->profile->repeats && x->way.sandbox != NULL)
		fprintf(stderr, "isango dial: the sandbox's networks repeat nothing; use -c\n");
	else
		return true;
	return false;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "answers", required_argument, NULL, 'a' }, { "channel", required_argument, NULL, 'n' },
		{ "from", required_argument, NULL, 'f' },
		{ "http", no_argument, NULL, 'h' }, { "keys", required_argument, NULL, 'k' },
		{ "language", required_argument, NULL, 'l' }, { "menu", required_argument, NULL, 'm' },
		{ "offline", no_argument, NULL, 'o' }, { "profile", required_argument, NULL, 'p' },
		{ "profiles", no_argument, NULL, 'L' }, { "sandbox", required_argument, NULL, 's' },
		{ "tenant", required_argument, NULL, 't' }, { "via", required_argument, NULL, 'v' },
		{ "whatsapp", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 },
	};
	struct choice x = { .from = NULL };
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		if (!read_option(&x, c))
			return COMMAND_USAGE;
	if (x.lists && optind == argc)
		return list_profiles();
	if (optind + 1 == argc)
		x.code = argv[optind++];
	if (optind != argc || !fits(&x))
		return COMMAND_USAGE;
	if (!understand(&x))
		return EXIT_FAILURE;
	if (sodium_init() < 0)
		fatalx("no random numbers to be had");
	log_set_level(LOG_ERROR);
	x.way.twice = x.profile != NULL && x.profile->repeats;
	x.offline.from = x.way.from;
	x.offline.code = x.code;
	x.offline.profile = x.profile;
	if (x.is_chat)
		return dial_chat(x.way.sandbox, x.way.from);
	if (x.is_offline)
		return dial_offline(&x.offline);
	return x.way.sandbox != NULL ? phone(&x.way, x.profile, x.code) :
	    dial_configured(&x.way, x.offline.config, x.profile, x.code);
}

const struct command command_dial = {
	.name = "dial",
	.usage = "(-c FILE [--channel NAME] | --sandbox URL [--http | --via DIALECT]) [--profile NAME]\n"
	    "           CODE --from MSISDN\n"
	    "       isango dial -c FILE --offline [--menu NAME] [--tenant NAME] [--language LANGUAGE]\n"
	    "           [--profile NAME] [--keys KEYS] [--answers ANSWERS] [CODE] [--from MSISDN]\n"
	    "       isango dial --whatsapp --sandbox URL --from MSISDN\n"
	    "       isango dial --profiles",
	.summary = "a phone in the terminal",
	.help =
	    "Dials CODE and shows what comes, with the room that it takes; what is typed is the customer's answer. An\n"
	    "empty line dials again when the call is over, a code like *120*384# dials that, Ctrl-D hangs up and leaves.\n"
	    "The exit status is 1 if the last input got no screen.\n"
	    "\n"
	    "  -c FILE          asks the gateway of this configuration, as the provider of the ussd-http channel with\n"
	    "                   that code would, in its dialect; SMS are not shown then\n"
	    "  --channel NAME   that channel, where several have the code\n"
	    "  --sandbox URL    the phone is one of isango-sandbox, whose control listener is there: over SMPP,\n"
	    "                   with SMS; while no call is open it may be called up\n"
	    "  --http           over the sandbox's aggregator instead, as Africa's Talking\n"
	    "  --via DIALECT    as another provider that the sandbox stands in for: hubtel, infobip, json and so on\n"
	    "  --from MSISDN    the number of the phone, like 27821234567\n"
	    "  --profile NAME   the network's habits: size of a screen, time, broken connections, repeated inputs\n"
	    "  --profiles       lists them\n"
	    "\n"
	    "With --whatsapp it is that customer's WhatsApp chat instead, through the sandbox: buttons and rows are shown with\n"
	    "numbers, a number taps, anything else is written, and \"/photo FILE\" sends a picture or a document. The exit\n"
	    "status is 1 if the last input had no answer.\n"
	    "\n"
	    "With --offline the menu of the configuration is played alone: no gateway, no wallet core, nothing is paid.\n"
	    "What the wallet core would answer is asked for: an outcome, perhaps with variables, as isango-test(5) says;\n"
	    "an empty line is the first one. \"@ wait 90s\" lets time pass, \"@ drop\" breaks the connection.\n"
	    "\n"
	    "  --menu NAME      another menu than the tenant's own\n"
	    "  --tenant NAME    of the configuration; else the first one that has the menu\n"
	    "  --language L     that the customer chose before; none: has not chosen\n"
	    "  --keys KEYS      types these, with spaces between, and leaves: \"2 0821234567 50\"\n"
	    "  --answers ANS    answers calls with these: \"customer.find=found send.check=short\"; a variable follows\n"
	    "                   a comma. Other calls get their first outcome with --keys, else they are asked for\n",
	.run = run,
};
