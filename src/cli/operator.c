/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango operator: asks a running gateway for an operator's act, over its operators' listener. What acts there are, and
 * what they need, is core/operator.c's table.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/json_table.h"
#include "config/config.h"
#include "config/file.h"
#include "core/operator.h"
#include "io/http_client.h"
#include "io/loop.h"

#define TOKEN_OCTETS 256
#define ANSWER_MS 60000			/* the gateway answers within half of it */
#define ANSWER_OCTETS (1 << 20)
#define EXIT_UNKNOWN 3			/* perhaps done */

struct asking {
	const char *file, *url, *token_file, *reason;
	bool json;
	char base[128];			/* "http://127.0.0.1:8082" */
	char token[TOKEN_OCTETS];
	struct loop *loop;
	int code;
};

static void
say_refusal(const struct http_result *r, const json_t *j)
{
	const char *words = json_string_value(json_object_get(j, "words"));

	fprintf(stderr, "isango operator: %s\n", words != NULL ? words : "the answer cannot be read; is this the operators' "
	    "listener of a gateway?");
	if (r->status == 500)
		fprintf(stderr, "It is not known whether it was done: look before you ask again.\n");
}

static void
on_answer(void *arg, uint64_t op, const struct http_result *r)
{
	struct asking *a = arg;
	json_t *j = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	struct buf text = { 0 };

	(void)op;
	a->code = r->end == HTTP_UNKNOWN || r->status == 500 ? EXIT_UNKNOWN : EXIT_FAILURE;
	if (r->end != HTTP_ANSWERED)
		fprintf(stderr, "isango operator: %s: %s%s\n", a->base, r->why, r->end == HTTP_UNKNOWN ?
		    "; it is not known whether it was done: look before you ask again" :
		    "; nothing was asked. Does the gateway run, and does listen.operators say so?");
	else if (r->status != 200 && r->status != 202)
		say_refusal(r, j);
	else if (json_is_object(j)) {
		a->code = EXIT_SUCCESS;
		if (a->json)
			printf("%.*s\n", (int)r->len, r->body);
		else {
			json_table_print(j, &text);
			fputs(buf_str(&text), stdout);
		}
		if (r->status == 202)
			fprintf(stderr, "Nothing is changed yet: another operator must approve it within 24 hours.\n");
	} else
		say_refusal(r, j);
	json_decref(j);
	buf_clear(&text);
	loop_stop(a->loop);
}

static int
request(struct asking *a, const char *method, const char *path, const struct buf *body)
{
	struct http_client_options o = { .connections = 1, .waiting = 1, .answer_max = ANSWER_OCTETS };
	char url[512], header[TOKEN_OCTETS + 32];
	struct http_out out = { .method = method, .url = url, .headers = { header, "Content-Type: application/json" },
		.body = body->p, .len = body->len, .timeout_ms = ANSWER_MS };
	struct http_client *http;

	if (!str_format(url, sizeof url, "%s/operator/v1%s", a->base, path)) {
		fprintf(stderr, "isango operator: the address is too long\n");
		return EXIT_FAILURE;
	}
	str_format(header, sizeof header, "Authorization: Bearer %s", a->token);
	a->loop = loop_new();
	http = http_client_new(a->loop, &o);
	http_client_request(http, &out, 1, on_answer, a);
	loop_run(a->loop);
	http_client_free(http);
	loop_free(a->loop);
	mem_wipe(header, sizeof header);
	mem_wipe(a->token, sizeof a->token);
	return a->code;
}

/* ---- where, and who ---- */

static bool
read_token(struct asking *a)
{
	struct buf text = { 0 };
	char why[256];
	bool ok;

	if (a->token_file == NULL)
		a->token_file = getenv("ISANGO_TOKEN_FILE");
	if (a->token_file == NULL) {
		fprintf(stderr, "isango operator: say who you are: --token-file FILE, or ISANGO_TOKEN_FILE\n");
		return false;
	}
	ok = file_read_secret(a->token_file, TOKEN_OCTETS - 1, &text, why, sizeof why);
	if (!ok)
		fprintf(stderr, "isango operator: %s\n", why);
	else if (!(ok = str_copyn(a->token, sizeof a->token, buf_str(&text), strcspn(buf_str(&text), "\r\n")) &&
	    a->token[0] != '\0'))
		fprintf(stderr, "isango operator: %s holds no token\n", a->token_file);
	if (text.p != NULL)
		mem_wipe(text.p, text.len);
	buf_clear(&text);
	return ok;
}

static bool
find_gateway(struct asking *a)
{
	struct buf problems = { 0 };
	struct settings *s;
	bool ok = false;

	if (a->url != NULL) {
		ok = str_copy(a->base, sizeof a->base, a->url);
		if (ok && a->base[0] != '\0' && a->base[strlen(a->base) - 1] == '/')
			a->base[strlen(a->base) - 1] = '\0';
		return ok;
	}
	s = config_read(a->file, &problems);
	if (problems.len > 0)
		fprintf(stderr, "%sisango operator: nothing was asked; `isango check -c %s` tells more\n",
		    buf_str(&problems), a->file);
	else if (s->listen_operators[0] == '\0')
		fprintf(stderr, "isango operator: %s hears no operators; set listen.operators\n", a->file);
	else
		ok = str_format(a->base, sizeof a->base, "http://%s", s->listen_operators);
	settings_free(s);
	buf_clear(&problems);
	return ok;
}

/* ---- the acts ---- */

static void
print_act(const struct operator_act *a)
{
	char line[128], roles[64];
	size_t n = (size_t)snprintf(line, sizeof line, "  %s", a->name);

	for (size_t i = 0; i < NELEM(a->arg) && a->arg[i].name != NULL && n < sizeof line; i++)
		n += (size_t)snprintf(line + n, sizeof line - n, a->arg[i].optional ? " [%s]" : " %s",
		    operator_arg_kind_name(a->arg[i].kind));
	operator_act_roles(a, roles, sizeof roles);
	printf("%-34s  %s. Role: %s.%s%s\n", line, a->help, roles, a->reason ? " Needs --reason." : "",
	    a->second ? " Another operator must approve." : "");
}

static int
list_acts(void)
{
	printf("Acts, as isango operator ... TENANT ACT [ARGUMENT ...]:\n\n");
	for (int i = 0; i < OPERATOR_ACTS; i++)
		print_act(&operator_acts[i]);
	return EXIT_SUCCESS;
}

static int
ask(struct asking *a, const char *tenant, const char *name, char **args, int n)
{
	const struct operator_act *act = operator_act_find(name);
	const char *value[OPERATOR_ARGS] = { NULL };
	struct buf json = { 0 };
	char problem[256], path[128];
	int code = EXIT_FAILURE;

	if (act == NULL) {
		fprintf(stderr, "isango operator: there is no act \"%s\"; `isango operator acts` lists them\n", name);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < n; i++) {
		if (i >= OPERATOR_ARGS || act->arg[i].name == NULL) {
			fprintf(stderr, "isango operator: %s takes no \"%s\"; `isango operator acts` tells what it takes\n",
			    name, args[i]);
			return EXIT_FAILURE;
		}
		value[i] = args[i];
	}
	if (act->reason && a->reason == NULL) {
		fprintf(stderr, "isango operator: %s needs a reason: --reason TEXT\n", name);
		return EXIT_FAILURE;
	}
	if (!operator_order_print(act, value, a->reason, &json, problem, sizeof problem))
		fprintf(stderr, "isango operator: %s\n", problem);
	else if (!str_format(path, sizeof path, "/%s/%s", tenant, name))
		fprintf(stderr, "isango operator: the tenant's name is too long\n");
	else if (find_gateway(a) && read_token(a))
		code = request(a, "POST", path, &json);
	buf_clear(&json);
	return code;
}

static int
who_am_i(struct asking *a)
{
	struct buf none = { 0 };

	return find_gateway(a) && read_token(a) ? request(a, "GET", "", &none) : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' }, { "reason", required_argument, NULL, 'r' },
		{ "token-file", required_argument, NULL, 't' }, { "url", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	struct asking a = { .file = NULL };
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			a.file = optarg;
		else if (c == 'j')
			a.json = true;
		else if (c == 'r')
			a.reason = optarg;
		else if (c == 't')
			a.token_file = optarg;
		else if (c == 'u')
			a.url = optarg;
		else
			return COMMAND_USAGE;
	}
	if (optind + 1 == argc && strcmp(argv[optind], "acts") == 0)
		return list_acts();
	if ((a.file == NULL) == (a.url == NULL))
		return COMMAND_USAGE;
	if (optind + 1 == argc && strcmp(argv[optind], "me") == 0)
		return who_am_i(&a);
	if (optind + 2 > argc)
		return COMMAND_USAGE;
	return ask(&a, argv[optind], argv[optind + 1], argv + optind + 2, argc - optind - 2);
}

const struct command command_operator = {
	.name = "operator",
	.usage = "acts | (-c FILE | --url URL) [--token-file FILE] [--json] (me | TENANT ACT [ARGUMENT ...] [--reason TEXT])",
	.summary = "look after payments and phones in a running gateway",
	.help =
	    "Asks the gateway whose configuration is FILE, or which hears operators at URL. What is asked for, by whom and\n"
	    "why stands in the gateway's audit. Phones are shown masked; names, tokens and texts are not shown.\n"
	    "\n"
	    "  acts               what can be asked for, and what it needs\n"
	    "  me                 what you may do, and at which tenants\n"
	    "  --token-file FILE  your token (or set ISANGO_TOKEN_FILE); `isango keygen --token FILE` makes one\n"
	    "  --reason TEXT      why; acts that change something want it\n"
	    "  --url URL          where the gateway hears operators: http://127.0.0.1:8082, or https:// of a proxy before it\n"
	    "  --json             the answer as it came, for scripts\n"
	    "\n"
	    "Exit status: 0 done or asked for, 1 refused, 3 not known whether it was done.\n",
	.run = run,
};
