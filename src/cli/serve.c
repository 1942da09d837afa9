/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango serve: wires the layers together on one loop, and takes them apart in the right order. The order of a stop:
 * listeners, claims, what is under way (for drain_s at most), unbind, then the rest.
 */
#include "cli/serve.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "admin/admin_http.h"
#include "admin/operator_http.h"
#include "base/log.h"
#include "base/str.h"
#include "channels/edge.h"
#include "channels/integrator_tell.h"
#include "cli/command.h"
#include "cli/redis_fit.h"
#include "config/config.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/redis.h"
#include "io/tls_server.h"
#include "service/gateway.h"
#include "store/redis_health.h"
#include "store/redis_history.h"
#include "store/redis_processes.h"
#include "store/redis_store.h"
#include "wallet/documents.h"
#include "wallet/wallet_client.h"

#define TICK_MS 20
#define UNBIND_MS 1500
#define RELEASE_MS 500		/* for Redis to hear that the links are free; else their lease ends by itself */
#define GUARD_MS 50
#define COMMANDS_MAX 20000
#define WAIT_PART 4		/* of redis.timeout_ms, for replicas: they hold up what comes behind them */
#define CALLS_MAX 4000
#define ANSWER_OCTETS (2 << 20)
#define HTTP_ANSWER_S 40
#define HEADER_OCTETS 16384
#define OTHER_FILES 1024	/* descriptors of everything but http.connections */
#define TLS_POLL_MS 5000		/* twice the same before files are read: within 10 s */

/* ---- readiness ---- */

/* A tenant whose wallet core is away is named; that one alone does not take the others' customers away from us. */
static bool
cores_ready(const struct server *s, struct buf *missing)
{
	const char *why;
	int ready_n = 0;

	for (int i = 0; i < s->settings->tenants_n; i++)
		if (wallet_client_ready(s->cores[i].client, &why))
			ready_n++;
		else
			buf_addf(missing, "wallet core of %s: %s\n", s->settings->tenants[i].name, why);
	return ready_n > 0 || s->settings->tenants_n == 0;
}

static bool
ready(void *arg, struct buf *missing)
{
	struct server *s = arg;
	const char *why;
	bool ok = cores_ready(s, missing);
	size_t cores = missing->len;

	if (s->draining)
		buf_add_str(missing, "stopping\n");
	if (!redis_ready(s->redis))
		buf_addf(missing, "redis: no connection to %s\n", s->settings->redis_url);
	if (!edge_ready(s->edge, &why))
		buf_addf(missing, "bind %s: no link is bound\n", why);
	ok = ok && missing->len == cores && redis_history_known(s->history);
	/* Worth saying, but no reason to send customers to another process: it is the same there. */
	redis_history_missing(s->history, missing);
	redis_health_missing(s->health, missing);
	edge_channels_missing(s->edge, missing);
	return ok;
}

/* ---- the end ---- */

static void
on_unbound(void *arg)
{
	struct server *s = arg;

	s->releasing = true;
	s->release_until = loop_now(s->loop) + RELEASE_MS;
	gateway_release_links(s->gw, loop_wall(s->loop));
}

static const char *
last_words(const struct server *s)
{
	return gateway_text(s->gw, 0, "error.session_lost");
}

static void
go_on_draining(struct server *s)
{
	bool over = loop_now(s->loop) >= s->drain_until;

	if (s->releasing && (!gateway_holds_links(s->gw) || loop_now(s->loop) >= s->release_until))
		loop_stop(s->loop);
	if (s->unbinding || (!over && (gateway_busy(s->gw) > 0 || http_server_held(s->http) > 0 ||
	    (s->operators != NULL && operator_http_held(s->operators) > 0))))
		return;
	s->unbinding = true;
	log_info(0, "stop", "busy=%u held=%u", gateway_busy(s->gw), http_server_held(s->http));
	edge_end_dialogues(s->edge, last_words(s));
	edge_drain(s->edge, UNBIND_MS, on_unbound, s);
}

static void
on_guard(void *arg)
{
	gateway_guard_links(((struct server *)arg)->gw);
}

static void
on_tick(void *arg)
{
	struct server *s = arg;

	gateway_tick(s->gw, loop_wall(s->loop));
	if (s->draining)
		go_on_draining(s);
	timer_arm(&s->tick, TICK_MS);
}

static void
on_stop(void *arg, int signal)
{
	struct server *s = arg;

	if (s->draining) {
		loop_stop(s->loop);
		return;
	}
	log_info(0, "stopping", "signal=%d seconds=%d", signal, s->settings->drain_s);
	s->draining = true;
	s->drain_until = loop_now(s->loop) + (int64_t)s->settings->drain_s * 1000 - UNBIND_MS;
	http_server_stop_accepting(s->http);
	if (s->operators != NULL)
		operator_http_stop_accepting(s->operators);
	gateway_drain(s->gw);
}

/* ---- the beginning ---- */

static bool
open_store(struct server *s)
{
	struct redis_options o = {
		.url = s->settings->redis_url,
		.password = s->settings->redis_password[0] != '\0' ? s->settings->redis_password : NULL,
		.connections = s->settings->redis_connections,
		.timeout_ms = s->settings->redis_timeout_ms, .waiting = COMMANDS_MAX,
	};
	struct store_answers answers = { s, serve_on_loaded, serve_on_committed, serve_on_claimed };
	struct redis_health_options health = {
		.floors = { s->settings->redis_memory_floor_percent, s->settings->redis_disk_floor_mb },
		.data_dir = s->settings->redis_data_dir, .on_change = serve_on_health, .arg = s,
	};
	char err[256] = "";

	if (!seal_init(&s->seal, (const unsigned char (*)[SEAL_KEY])s->settings->sealing_keys,
	        s->settings->sealing_key_ids, (size_t)s->settings->sealing_keys_n)) {
		fprintf(stderr, "isango serve: two sealing keys have the same id\n");
		return false;
	}
	if (!redis_fit(s->settings, &s->seal))
		return false;
	s->redis = redis_new(s->loop, &o, err, sizeof err);
	if (s->redis == NULL) {
		fprintf(stderr, "isango serve: redis %s: %s\n", s->settings->redis_url, err);
		return false;
	}
	s->store = redis_store_new(s->loop, s->redis, &s->seal, &answers);
	if (s->settings->redis_replicas > 0)
		redis_store_replicas(s->store, o.connections, s->settings->redis_replicas, o.timeout_ms / WAIT_PART);
	s->history = redis_history_new(s->loop, s->redis, o.connections, serve_on_history, s);
	s->health = redis_health_new(s->loop, s->redis, &health);
	return true;
}

static void
open_cores(struct server *s)
{
	s->cores = xcalloc((size_t)s->settings->tenants_n, sizeof *s->cores);
	for (int i = 0; i < s->settings->tenants_n; i++) {
		const struct tenant_settings *t = &s->settings->tenants[i];
		struct http_client_options o = {
			.connections = t->wallet.connections + 1, .waiting = CALLS_MAX, .answer_max = ANSWER_OCTETS,
		};

		s->cores[i].http = http_client_new(s->loop, &o);
		s->cores[i].client = wallet_client_new(s->loop, s->cores[i].http, t);
	}
}

static void
open_gateway(struct server *s)
{
	struct gateway_options o = {
		.settings = s->settings, .ports = &s->ports, .contents = s->contents,
	};
	unsigned char mark[8];

	randombytes_buf(mark, sizeof mark);
	str_hex(mark, sizeof mark, o.process);
	s->gw = gateway_new(&o);
	free(s->contents);
	s->contents = NULL;
	gateway_on_history(s->gw, loop_wall(s->loop), false);	/* until Redis was looked at */
	s->processes = redis_processes_new(s->loop, s->redis, o.process, serve_on_processes, s);
}

static void
open_tls(struct server *s, char *err, size_t size)
{
	struct tls_server_options o = {
		.cert_file = s->settings->listen_tls.cert_file, .key_file = s->settings->listen_tls.key_file,
		.poll_ms = TLS_POLL_MS,
	};

	if (s->settings->has_listen_tls)
		s->tls = tls_server_new(s->loop, &o, err, size);
}

static void
on_hangup(void *arg, int signal)
{
	struct server *s = arg;

	if (s->tls != NULL)
		tls_server_reload(s->tls);
	serve_on_hangup(s, signal);
}

static bool
open_listeners(struct server *s)
{
	struct http_server_options channels = {
		.name = "channels", .address = s->settings->listen_channels,
		.connections = s->settings->http_connections, .body_max = s->settings->http_body_max,
		.header_max = HEADER_OCTETS, .arrive_s = s->settings->http_header_s, .idle_s = 75,
		.answer_s = HTTP_ANSWER_S, .access_log = s->settings->http_access_log, .show_path = edge_show_path,
		.proxies = {
			(const char (*)[FORWARDED_ADDRESS])s->settings->listen_proxies, s->settings->listen_proxies_n,
			s->settings->listen_proxy_header,
		},
		.handler = edge_http, .arg = s->edge,
	};
	struct admin_options admin = { s->settings->listen_admin, ready, s };
	char err[256] = "";

	open_tls(s, err, sizeof err);
	channels.tls = s->tls;
	if (err[0] == '\0')
		s->http = http_server_new(s->loop, &channels, err, sizeof err);
	if (s->http != NULL)
		s->admin = admin_new(s->loop, &admin, err, sizeof err);
	if (s->admin != NULL && s->settings->listen_operators[0] != '\0')
		s->operators = operator_http_new(s->loop, s->settings, err, sizeof err);
	if (err[0] != '\0')
		fprintf(stderr, "isango serve: %s\n", err);
	return err[0] == '\0';
}

/* Ports that were chosen by the system, for scripts; whole or not at all. */
static bool
write_ports(const struct server *s, const char *file)
{
	char part[4096];
	FILE *f;

	if (file == NULL)
		return true;
	if (!str_format(part, sizeof part, "%s.part", file) || (f = fopen(part, "w")) == NULL) {
		fprintf(stderr, "isango serve: %s: %s\n", file, strerror(errno));
		return false;
	}
	fprintf(f, "{\"channels\":%d,\"admin\":%d,\"operators\":%d}\n", http_server_port(s->http), admin_port(s->admin),
	    s->operators != NULL ? operator_http_port(s->operators) : 0);
	return fclose(f) == 0 && rename(part, file) == 0;
}

static void
close_all(struct server *s)
{
	if (s->http != NULL) {
		edge_answer_open(s->edge, last_words(s));
		http_server_free(s->http);
	}
	tls_server_free(s->tls);
	admin_free(s->admin);
	operator_http_free(s->operators);
	edge_free(s->edge);
	if (s->gw != NULL)
		gateway_free(s->gw);
	s->gw = NULL;
	for (int i = 0; s->cores != NULL && i < s->settings->tenants_n; i++) {
		wallet_client_free(s->cores[i].client);
		http_client_free(s->cores[i].http);
	}
	free(s->cores);
	documents_free(s->documents);
	integrator_tells_free(s->tells);
	if (s->redis != NULL)
		redis_free(s->redis);
	if (s->store != NULL)
		redis_store_free(s->store);
	redis_history_free(s->history);
	redis_health_free(s->health);
	redis_processes_free(s->processes);
	loop_free(s->loop);
	seal_wipe(&s->seal);
	serve_close_contents(s);
	settings_free(s->settings);
}

static bool
load(struct server *s)
{
	struct buf problems = { 0 };

	s->settings = config_load(s->file, &problems);
	if (problems.len > 0)
		fprintf(stderr, "%sisango serve: not started; `isango check -c %s` shows the same\n",
		    buf_str(&problems), s->file);
	buf_clear(&problems);
	return s->settings != NULL;
}

/* What a shell or systemd allows at first is made for programs with a handful of files. */
static void
allow_files(const struct settings *s)
{
	rlim_t wanted = (rlim_t)s->http_connections + OTHER_FILES;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted)
		return;
	files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted)
		log_warn(0, "few descriptors", "allowed=%llu wanted=%llu", (unsigned long long)files.rlim_cur,
		    (unsigned long long)wanted);
}

static int
serve(struct server *s, const char *ports_file)
{
	sigset_t all;
	bool ok;

	signal(SIGHUP, SIG_IGN);	/* until there is something to reload */
	if (sodium_init() < 0 || !load(s)) {
		settings_free(s->settings);
		return EXIT_FAILURE;
	}
	allow_files(s->settings);
	setenv("TZ", s->settings->timezone, 1);
	tzset();
	serve_set_ports(s);
	serve_set_content_ports(s);
	s->loop = loop_new();
	ok = open_store(s) && serve_open_contents(s);
	if (ok) {
		open_cores(s);
		s->documents = documents_new(s->loop, s->settings);
		s->tells = integrator_tells_new(s->loop, s->settings, serve_on_told, s);
		s->edge = edge_new(s->loop, s->settings);
		open_gateway(s);
		ok = open_listeners(s) && write_ports(s, ports_file);
	}
	if (ok) {
		edge_attach(s->edge, s->gw, s->http);
		if (s->operators != NULL)
			operator_http_attach(s->operators, s->gw);
		timer_init(&s->tick, s->loop, on_tick, s);
		timer_arm(&s->tick, TICK_MS);
		loop_guard(s->loop, GUARD_MS, on_guard, s);
		loop_on_signal(s->loop, SIGTERM, on_stop, s);
		loop_on_signal(s->loop, SIGINT, on_stop, s);
		loop_on_signal(s->loop, SIGHUP, on_hangup, s);
		loop_on_signal(s->loop, SIGCHLD, serve_on_child, s);
		log_info(0, "serving", "channels=%d admin=%d tenants=%d", http_server_port(s->http),
		    admin_port(s->admin), s->settings->tenants_n);
		loop_run(s->loop);
		timer_stop(&s->tick);
		/* It is ending already; a signal that comes once more must not cut that short. */
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
	}
	close_all(s);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "log-level", required_argument, NULL, 'l' }, { "ports", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct server s = { 0 };
	const char *ports_file = NULL;
	enum log_level level = LOG_INFO;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			s.file = optarg;
		else if (c == 'p')
			ports_file = optarg;
		else if (c != 'l' || !log_level_parse(optarg, &level))
			return COMMAND_USAGE;
	}
	if (s.file == NULL || optind != argc)
		return COMMAND_USAGE;
	log_set_level(level);
	return serve(&s, ports_file);
}

const struct command command_serve = {
	.name = "serve",
	.usage = "-c FILE [--log-level debug|info|warn|error] [--ports FILE]",
	.summary = "run the gateway in the foreground",
	.help =
	    "Serves the channels that the configuration names until SIGTERM or SIGINT; then it answers what it\n"
	    "holds, unbinds and exits. SIGHUP has a child run `isango publish`, and takes the\n"
	    "certificate of listen.tls anew. The log goes to standard error.\n"
	    "\n"
	    "  -c FILE            the configuration, see isango.conf(5)\n"
	    "  --log-level LEVEL  debug, info (default), warn or error\n"
	    "  --ports FILE       writes the ports that are listened on, as JSON, once all is open\n",
	.run = run,
};
