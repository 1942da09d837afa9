/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango-sandbox: what stands on the other side of the gateway, for the demo and the tests: a
 * wallet core, an SMSC with a USSD gateway, aggregators, and phones. One process, one loop,
 * nothing kept. Not for real money or real phones.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "core/money.h"
#include "io/http_client.h"
#include "sandbox/aggregator.h"
#include "sandbox/auth.h"
#include "sandbox/bank.h"
#include "sandbox/bench.h"
#include "sandbox/box.h"
#include "sandbox/callbacks.h"
#include "sandbox/control.h"
#include "sandbox/core_api.h"
#include "sandbox/core_json.h"
#include "sandbox/faults.h"
#include "sandbox/graph.h"
#include "sandbox/phone.h"
#include "sandbox/sms_provider.h"
#include "sandbox/smsc.h"

#define SECRET_MAX 600
#define TICK_MS 200

enum option_id {
	OPT_LISTEN_CORE, OPT_LISTEN_SMPP, OPT_LISTEN_CONTROL, OPT_STATE, OPT_PROFILE, OPT_SEED,
	    OPT_SYSTEM_ID, OPT_PASSWORD,
	OPT_PASSWORD_FILE, OPT_CORE_IDENTITY, OPT_CORE_PASSWORD_FILE, OPT_AT_URL, OPT_AT_EVENT_URL,
	    OPT_AT_KEY_FILE, OPT_AGGREGATOR, OPT_AGGREGATOR_KEY, OPT_AGGREGATOR_PROOF,
	OPT_LISTEN_GRAPH, OPT_WHATSAPP_URL, OPT_WHATSAPP_TOKEN_FILE, OPT_WHATSAPP_SECRET_FILE,
	    OPT_WHATSAPP_VERIFY_FILE, OPT_WHATSAPP_NUMBER_ID,
	OPT_CALLBACK_KEY_FILE, OPT_LISTEN_SMS, OPT_SMS_SECRET_FILE, OPT_SMS_KEY_FILE, OPT_TRANSFER_FEE, OPT_JWT_LIFE_S, OPT_SET, OPTIONS
};

static const struct {
	const char *name, *value, *help;
	const char *otherwise;		/* default, or NULL */
} rows[OPTIONS] = {
	[OPT_LISTEN_CORE] = { "listen-core", "ADDRESS", "wallet core", "127.0.0.1:0" },
	[OPT_LISTEN_SMPP] = { "listen-smpp", "ADDRESS", "SMSC and USSD gateway", "127.0.0.1:0" },
	[OPT_LISTEN_CONTROL] = { "listen-control", "ADDRESS", "control and phones", "127.0.0.1:0" },
	[OPT_STATE] = { "state", "FILE", "write the ports there as JSON once all listen", NULL },
	[OPT_PROFILE] = { "profile", "NAME", "friendly or hostile", "friendly" },
	[OPT_SEED] = { "seed", "N", "of all randomness", "1" },
	[OPT_SYSTEM_ID] = { "system-id", "NAME", "of the SMPP account", "isango" },
	[OPT_PASSWORD] = { "password", "WORD", "of the SMPP account", NULL },
	[OPT_PASSWORD_FILE] = { "password-file", "FILE", "the same from a file", NULL },
	[OPT_CORE_IDENTITY] = { "core-identity", "NAME", "the tenant's user at the wallet core",
	    "acme-gateway" },
	[OPT_CORE_PASSWORD_FILE] = { "core-password-file", "FILE", "its password", NULL },
	[OPT_AT_URL] = { "at-url", "URL", "--aggregator africastalking=URL", NULL },
	[OPT_AT_EVENT_URL] = { "at-event-url", "URL",
	    "where it posts the end of a dialogue; else the same", NULL },
	[OPT_AT_KEY_FILE] = { "at-key-file", "FILE", "--aggregator-key africastalking=FILE", NULL },
	[OPT_AGGREGATOR] = { "aggregator", "DIALECT=URL", "one that sends USSD there; any number", NULL },
	[OPT_AGGREGATOR_KEY] = { "aggregator-key", "DIALECT=FILE", "what it proves itself with", NULL },
	[OPT_AGGREGATOR_PROOF] = { "aggregator-proof", "DIALECT=HOW",
	    "url, header, basic or hmac, perhaps :NAME of it", NULL },
	[OPT_LISTEN_GRAPH] = { "listen-graph", "ADDRESS", "WhatsApp's Graph API", "127.0.0.1:0" },
	[OPT_WHATSAPP_URL] = { "whatsapp-url", "URL", "where WhatsApp's webhooks go", NULL },
	[OPT_WHATSAPP_TOKEN_FILE] = { "whatsapp-token-file", "FILE", "the access token to be shown", NULL },
	[OPT_WHATSAPP_SECRET_FILE] = { "whatsapp-secret-file", "FILE", "signs the webhooks", NULL },
	[OPT_WHATSAPP_VERIFY_FILE] = { "whatsapp-verify-file", "FILE", "the verify token", NULL },
	[OPT_WHATSAPP_NUMBER_ID] = { "whatsapp-number-id", "ID", "of the number customers write to", "106540352242922" },
	[OPT_CALLBACK_KEY_FILE] = { "callback-key-file", "FILE", "signs callbacks", NULL },
	[OPT_LISTEN_SMS] = { "listen-sms", "ADDRESS", "SMS providers over HTTP", "127.0.0.1:0" },
	[OPT_SMS_SECRET_FILE] = { "sms-secret-file", "FILE", "password of the account \"wallet\" at each of them", NULL },
	[OPT_SMS_KEY_FILE] = { "sms-key-file", "FILE", "the key that they give in ?key=", NULL },
	[OPT_TRANSFER_FEE] = { "transfer-fee", "AMOUNT", "of each transfer, \"1.00\"", NULL },
	[OPT_JWT_LIFE_S] = { "jwt-life-s", "SECONDS", "life of a JWT", NULL },
	[OPT_SET] = { "set", "NAME=N", "a switch; may be given many times", NULL },
};

#define PAIRS_MAX 64

struct pair {				/* of an option that is given once for each dialect */
	enum option_id option;
	const char *text;		/* "DIALECT=VALUE" */
};

struct settings_of {
	const char *value[OPTIONS];
	struct rules rules;
	uint64_t seed;
	char smpp_password[SECRET_MAX], core_password[SECRET_MAX], callback_key[SECRET_MAX],
	    sms_secret[SECRET_MAX], sms_key[SECRET_MAX];
	struct pair aggregators[PAIRS_MAX];	/* url, key file, proof, in the order of the command line */
	size_t aggregators_n;
};

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("isango-sandbox: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void
usage(FILE *out)
{
	fputs("usage: isango-sandbox [--OPTION VALUE]...\n"
	    "Stands in for a wallet core, an SMSC with USSD, aggregators and phones.\n\n", out);
	for (size_t i = 0; i < OPTIONS; i++)
		fprintf(out, "  --%s %-*s %s%s%s%s\n", rows[i].name,
		    (int)(28 - strlen(rows[i].name)), rows[i].value, rows[i].help,
		    rows[i].otherwise != NULL ? " (" : "", rows[i].otherwise != NULL ?
		    rows[i].otherwise : "", rows[i].otherwise != NULL ? ")" : "");
	fputs("\nSwitches for --set and POST /control/switches, friendly and hostile:\n", out);
	for (size_t i = 0; i < rule_rows_n; i++)
		fprintf(out, "  %-22s %7lld %7lld  %s\n", rule_rows[i].name,
		    (long long)rule_rows[i].friendly, (long long)rule_rows[i].hostile,
		    rule_rows[i].help);
}

/* One line of a file, without its end. */
static void
read_secret(const char *path, char out[SECRET_MAX])
{
	FILE *f;

	out[0] = '\0';
	if (path == NULL)
		return;
	if ((f = fopen(path, "re")) == NULL || fgets(out, SECRET_MAX, f) == NULL)
		die("%s: cannot be read: %s", path, f == NULL ? strerror(errno) : "it is empty");
	fclose(f);
	out[strcspn(out, "\r\n")] = '\0';
}

static void
set_switch(struct rules *r, const char *text)
{
	const char *eq = strchr(text, '=');
	char name[64];
	int64_t *place;

	if (eq == NULL || !str_copyn(name, sizeof name, text, (size_t)(eq - text)) ||
	    (place = rules_find(r, name)) == NULL || !str_to_i64(eq + 1, 0, INT64_MAX, place))
		die("--set %s: wanted: NAME=N, see --help", text);
}

static void
note_pair(struct settings_of *s, enum option_id o, const char *text)
{
	if (s->aggregators_n == NELEM(s->aggregators) || strchr(text, '=') == NULL)
		die("--%s %s: wanted: %s, at most %d of all", rows[o].name, text, rows[o].value, PAIRS_MAX);
	s->aggregators[s->aggregators_n++] = (struct pair){ o, text };
}

static void
parse_options(int argc, char **argv, struct settings_of *s)
{
	struct option longs[OPTIONS + 2] = { { "help", no_argument, NULL, OPTIONS } };
	const char *sets[64];
	size_t sets_n = 0;
	int64_t seed;
	int o;

	for (int i = 0; i < OPTIONS; i++) {
		longs[i + 1] = (struct option){ rows[i].name, required_argument, NULL, i };
		s->value[i] = rows[i].otherwise;
	}
	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (o == OPTIONS) {
			usage(stdout);
			exit(0);
		}
		if (o == '?' || (o == OPT_SET && sets_n == NELEM(sets)))
			exit(1);
		if (o == OPT_SET)
			sets[sets_n++] = optarg;
		if (o == OPT_AGGREGATOR || o == OPT_AGGREGATOR_KEY || o == OPT_AGGREGATOR_PROOF)
			note_pair(s, o, optarg);
		s->value[o] = optarg;
	}
	if (optind < argc)
		die("unexpected \"%s\"", argv[optind]);
	if (!rules_profile(&s->rules, s->value[OPT_PROFILE]))
		die("--profile: friendly or hostile");
	if (!str_to_i64(s->value[OPT_SEED], 0, INT64_MAX, &seed))
		die("--seed: a number");
	s->seed = (uint64_t)seed;
	if (s->value[OPT_TRANSFER_FEE] != NULL && !money_parse_decimal(s->value[OPT_TRANSFER_FEE],
	    &s->rules.transfer_fee))
		die("--transfer-fee: an amount like 1.00");
	if (s->value[OPT_JWT_LIFE_S] != NULL && !str_to_i64(s->value[OPT_JWT_LIFE_S], 1, 1000000,
	    &s->rules.jwt_life_s))
		die("--jwt-life-s: seconds");
	for (size_t i = 0; i < sets_n; i++)
		set_switch(&s->rules, sets[i]);
	read_secret(s->value[OPT_PASSWORD_FILE], s->smpp_password);
	if (s->value[OPT_PASSWORD] != NULL)
		str_copy(s->smpp_password, sizeof s->smpp_password, s->value[OPT_PASSWORD]);
	read_secret(s->value[OPT_CORE_PASSWORD_FILE], s->core_password);
	read_secret(s->value[OPT_CALLBACK_KEY_FILE], s->callback_key);
	read_secret(s->value[OPT_SMS_SECRET_FILE], s->sms_secret);
	read_secret(s->value[OPT_SMS_KEY_FILE], s->sms_key);
}

void
box_violation(struct box *x, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (x->violations_n++ < BOX_VIOLATIONS)
		json_array_append_new(x->violations, json_string(text));
	log_warn(0, "violation", "what=\"%s\"", text);
}

void
box_tick(struct box *x)
{
	bank_expire(x->bank, box_now(x));
	callbacks_tick(x->callbacks);
	graph_tick(x->graph);
}

static void
box_init(struct box *x, const struct settings_of *s)
{
	struct http_client_options h = { .connections = 64, .waiting = 40000, .answer_max = 65536 };

	x->loop = loop_new();
	x->rules = s->rules;
	x->rng.s = s->seed;
	x->violations = json_array();
	x->http = http_client_new(x->loop, &h);
	x->bank = bank_new(&x->rules, rng_next(&x->rng));
	x->auth = auth_new(BOX_TENANT, rng_next(&x->rng));
	x->faults = faults_new();
	x->callbacks = callbacks_new(x, s->callback_key);
	x->phones = phones_new(x);
	bank_on_status(x->bank, callbacks_status, x->callbacks);
	if (s->core_password[0] == '\0')
		log_warn(0, "no tenant user",
		    "why=\"--core-password-file was not given: nobody can log in\"");
	else if (!auth_add(x->auth, s->value[OPT_CORE_IDENTITY], s->core_password, 0))
		fatalx("the tenant's user exists already");
}

static void
set_aggregator(struct box *x, const char *dialect, const struct aggregator_options *o)
{
	const char *why;

	if (!aggregators_set(x->aggregators, dialect, o, &why))
		die("aggregator %s: %s", dialect, why);
}

static void
set_pair(struct box *x, const struct pair *p)
{
	const char *eq = strchr(p->text, '=');
	char dialect[32], proof[32], key[SECRET_MAX];
	struct aggregator_options o = { .url = p->option == OPT_AGGREGATOR ? eq + 1 : NULL };

	str_copyn(dialect, sizeof dialect, p->text, (size_t)(eq - p->text));
	if (p->option == OPT_AGGREGATOR_KEY) {
		read_secret(eq + 1, key);
		o.key = key;
	} else if (p->option == OPT_AGGREGATOR_PROOF) {
		const char *colon = strchr(eq, ':');

		str_copyn(proof, sizeof proof, eq + 1, colon != NULL ? (size_t)(colon - eq - 1) : strlen(eq + 1));
		o.proof = proof;
		o.name = colon != NULL ? colon + 1 : NULL;
	}
	set_aggregator(x, dialect, &o);
	mem_wipe(key, sizeof key);
}

static void
make_aggregators(struct box *x, const struct settings_of *s)
{
	struct aggregator_options at = { .url = s->value[OPT_AT_URL], .event_url = s->value[OPT_AT_EVENT_URL] };
	char key[SECRET_MAX];

	x->aggregators = aggregators_new(x);
	read_secret(s->value[OPT_AT_KEY_FILE], key);
	at.key = key;
	if (at.url != NULL)
		set_aggregator(x, "africastalking", &at);
	/* First where they are, then all else about them. */
	for (int other = 0; other < 2; other++)
		for (size_t i = 0; i < s->aggregators_n; i++)
			if ((s->aggregators[i].option != OPT_AGGREGATOR) == other)
				set_pair(x, &s->aggregators[i]);
	mem_wipe(key, sizeof key);
}

static void
make_graph(struct box *x, const struct settings_of *s)
{
	char token[SECRET_MAX], secret[SECRET_MAX], verify[SECRET_MAX], err[200];
	struct graph_options o = { .address = s->value[OPT_LISTEN_GRAPH], .url = s->value[OPT_WHATSAPP_URL],
		.token = token, .secret = secret, .verify_token = verify, .number_id = s->value[OPT_WHATSAPP_NUMBER_ID] };

	read_secret(s->value[OPT_WHATSAPP_TOKEN_FILE], token);
	read_secret(s->value[OPT_WHATSAPP_SECRET_FILE], secret);
	read_secret(s->value[OPT_WHATSAPP_VERIFY_FILE], verify);
	if ((x->graph = graph_new(x, &o, err, sizeof err)) == NULL)
		die("%s", err);
	mem_wipe(token, sizeof token);
	mem_wipe(secret, sizeof secret);
	mem_wipe(verify, sizeof verify);
}

static void
box_listen(struct box *x, const struct settings_of *s)
{
	struct smsc_options so = { .address = s->value[OPT_LISTEN_SMPP],
	    .system_id = s->value[OPT_SYSTEM_ID], .password = s->smpp_password };
	struct sms_providers_options po = { .address = s->value[OPT_LISTEN_SMS], .secret = s->sms_secret,
	    .key = s->sms_key };
	char err[200];

	if (strlen(s->value[OPT_SYSTEM_ID]) > 15 || strlen(s->smpp_password) > 8)
		die("SMPP allows 15 octets of system id and 8 of password");
	if ((x->core = core_new(x, s->value[OPT_LISTEN_CORE], err, sizeof err)) == NULL ||
	    (x->smsc = smsc_new(x, &so, err, sizeof err)) == NULL ||
	    (x->sms = sms_providers_new(x, &po, err, sizeof err)) == NULL ||
	    (x->control = control_new(x, s->value[OPT_LISTEN_CONTROL], err, sizeof err)) == NULL)
		die("%s", err);
	make_aggregators(x, s);
	make_graph(x, s);
}

/* Written beside and moved, so that whoever waits for it never reads half of it. */
static void
write_state(const struct box *x, const char *path)
{
	char beside[4096];
	json_t *j;
	int fd;

	if (path == NULL)
		return;
	j = json_pack("{s:i,s:i,s:i,s:i,s:i,s:i}", "sms_port", sms_providers_port(x->sms),
	    "core_port", core_port(x->core), "graph_port", graph_port(x->graph), "smpp_port",
	    smsc_port(x->smsc), "control_port", control_port(x->control), "pid", (int)getpid());
	if (!str_format(beside, sizeof beside, "%s.new", path) ||
	    (fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		die("%s: cannot be written: %s", path, strerror(errno));
	if (json_dumpfd(j, fd, JSON_COMPACT) != 0 || close(fd) != 0 || rename(beside, path) != 0)
		die("%s: cannot be written: %s", path, strerror(errno));
	json_decref(j);
}

struct ticker {
	struct box *x;
	struct timer timer;
};

static void
on_tick(void *arg)
{
	struct ticker *t = arg;

	box_tick(t->x);
	timer_arm(&t->timer, TICK_MS);
}

static void
on_signal(void *arg, int sig)
{
	(void)sig;
	loop_stop(arg);
}

static void
box_free(struct box *x)
{
	bench_free(x);
	/* Dialogues first: what completes after them finds nobody who would send anything more. */
	phones_free(x->phones);
	http_client_free(x->http);
	graph_free(x->graph);
	control_free(x->control);
	aggregators_free(x->aggregators);
	sms_providers_free(x->sms);
	smsc_free(x->smsc);
	core_free(x->core);
	callbacks_free(x->callbacks);
	faults_free(x->faults);
	auth_free(x->auth);
	bank_free(x->bank);
	loop_free(x->loop);
	json_decref(x->violations);
}

int
main(int argc, char **argv)
{
	static struct settings_of s;
	static struct box x;
	struct ticker t = { .x = &x };

	if (sodium_init() < 0)
		die("libsodium cannot be used");
	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv, &s);
	box_init(&x, &s);
	box_listen(&x, &s);
	mem_wipe(&s.smpp_password, sizeof s.smpp_password);
	mem_wipe(&s.core_password, sizeof s.core_password);
	timer_init(&t.timer, x.loop, on_tick, &t);
	timer_arm(&t.timer, TICK_MS);
	loop_on_signal(x.loop, SIGTERM, on_signal, x.loop);
	loop_on_signal(x.loop, SIGINT, on_signal, x.loop);
	write_state(&x, s.value[OPT_STATE]);
	log_info(0, "sandbox ready", "core=%d smpp=%d control=%d", core_port(x.core),
	    smsc_port(x.smsc), control_port(x.control));
	loop_run(x.loop);
	timer_stop(&t.timer);
	box_free(&x);
	return 0;
}
