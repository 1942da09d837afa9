/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See config_options.h: the options of the main file, and what is said of any option. Binds and tenants have files of
 * their own. Order matters in one way: what a row names (binds, by the tenants' channels) stands above it.
 */
#include "config/config_options.h"

#include <inttypes.h>
#include <string.h>

#include "config/config_options_rows.h"
#include "core/money.h"

static const char *const currency_words[] = { "ZAR", NULL };
static const char *const give_back_words[] = { "CANCELLED", "TIMEOUT", "ERROR", NULL };

static const char *const role_words[] = { "look", "act", "approve", NULL };	/* bits as enum operator_role */
static const struct option operator_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(operator_settings, who.name, 1),
	    .help = "Who it is, as it stands in the audit. Two people never share one." },
	{ "token_sha256_file", OPTION_HASH, REQUIRED, IN(operator_settings, token_sha256),
	    .help = "The SHA-256 of the operator's token, as \"isango keygen --token\" makes it; the token itself is not "
	    "kept." },
	{ "roles", OPTION_FLAGS, REQUIRED, IN(operator_settings, who.roles), .words = role_words,
	    .help = "What he may do: look at phones and payments, act on them, approve what another one asked for." },
	{ "tenants", OPTION_NAMES, REQUIRED, ITEMS(operator_settings, tenants), RANGE(1, OPERATOR_TENANTS),
	    COUNT(operator_settings, tenants_n),
	    .help = "Names of the tenants that he sees; [\"all\"] is every one." },
};
static const struct option_group operator_group = GROUP("operators[].", operator_rows, .list = LIST_OPERATORS,
    .size = sizeof(struct operator_settings));

static const struct option listen_tls_rows[] = {
	{ "cert_file", OPTION_FILE, REQUIRED, TEXT(settings, listen_tls.cert_file, 1),
	    .help = "Its certificate in PEM, followed by those that lead to an authority." },
	{ "key_file", OPTION_FILE, REQUIRED, TEXT(settings, listen_tls.key_file, 1),
	    .help = "The private key of it in PEM, without a passphrase; kept like any secret." },
};
static const struct option_group listen_tls_group = GROUP("listen.tls.", listen_tls_rows,
    .present = offsetof(struct settings, has_listen_tls));

static const char *const proxy_header_words[] = { "X-Forwarded-For", "Forwarded", NULL };	/* enum forwarded_form */
static const struct option listen_rows[] = {
	{ "channels", OPTION_ADDRESS, "0.0.0.0:8080", TEXT(settings, listen_channels, 1),
	    .help = "Where channels and integrators are heard. Port 0 takes any free one and logs "
	    "it." },
	{ "admin", OPTION_ADDRESS, "127.0.0.1:8081", TEXT(settings, listen_admin, 1),
	    .help = "Where metrics and health are asked for. Port 0 takes any free one and logs "
	    "it." },
	{ "operators", OPTION_ADDRESS, OPTIONAL, TEXT(settings, listen_operators, 1),
	    .help = "Where operators are heard (isango operator). An address of this machine alone, such as "
	    "127.0.0.1:8082: tokens travel in clear, so a TLS proxy or ssh must bring others there. Left out, nobody "
	    "is heard." },
	{ "tls", OPTION_GROUP, OPTIONAL, .group = &listen_tls_group,
	    .help = "Makes listen.channels speak TLS (1.2 and up) and nothing else. Both files are read again on SIGHUP "
	    "and within 10 seconds after they changed; what does not fit together leaves the certificate in force." },
	{ "proxies", OPTION_NETS, OPTIONAL, ITEMS(settings, listen_proxies), RANGE(1, NETS_MAX),
	    COUNT(settings, listen_proxies_n),
	    .help = "The addresses of reverse proxies and load balancers in front of listen.channels. Only from these, and "
	    "only in proxy_header, is it believed who the client is." },
	{ "proxy_header", OPTION_WORD, "X-Forwarded-For", IN(settings, listen_proxy_header), .words = proxy_header_words,
	    .help = "The header to which each of the proxies adds the address that it was called from. The other one is "
	    "never looked at: a proxy that does not know it would pass on whatever its client wrote there." },
};
static const struct option_group listen_group = GROUP("listen.", listen_rows, INLINE);

static const struct option http_rows[] = {
	{ "connections", OPTION_INT, "1000", RANGE(10, 15000), IN(settings, http_connections),
	    .help = "Connections held at once on each listener." },
	{ "body_max", OPTION_INT, "65536", RANGE(1024, 1048576), IN(settings, http_body_max),
	    .help = "Octets of a request's body." },
	{ "header_s", OPTION_INT, "10", RANGE(1, 60), IN(settings, http_header_s),
	    .help = "Seconds within which a request must have arrived whole, and TLS begun." },
	{ "access_log", OPTION_BOOL, "true", IN(settings, http_access_log),
	    .help = "A line of the log, at level info, for each request to listen.channels: from where, method, path, "
	    "status, octets, milliseconds. Queries, bodies, headers and the secret parts of paths are not in it." },
	{ "phone_per_minute", OPTION_INT, "120", RANGE(0, 100000), IN(settings, http_phone_per_minute),
	    .help = "Requests of one phone to one tenant over HTTP in a minute, and at once; more are answered 429. 0: any "
	    "number." },
	{ "phones_max", OPTION_INT, "100000", RANGE(100, 10000000), IN(settings, http_phones_max),
	    .help = "Phones that are counted for that, about 200 octets each; the one heard longest ago makes room." },
};
static const struct option_group http_group = GROUP("http.", http_rows, INLINE);

static const struct option callbacks_rows[] = {
	{ "connections", OPTION_INT, "32", RANGE(1, 1000), IN(settings, callback_connections),
	    .help = "Callbacks to integrators under way at once; one integrator has a quarter of them at most." },
	{ "timeout_ms", OPTION_INT, "10000", RANGE(100, 60000), IN(settings, callback_timeout_ms),
	    .help = "Milliseconds that one of them may take." },
};
static const struct option_group callbacks_group = GROUP("callbacks.", callbacks_rows, INLINE);

static const struct option documents_rows[] = {
	{ "at_once", OPTION_INT, "8", RANGE(1, 200), IN(settings, documents_at_once),
	    .help = "Documents that a process carries from chats to wallet cores at once; more are asked to be sent again." },
	{ "file_max_mb", OPTION_INT, "16", RANGE(1, 100), IN(settings, document_file_max_mb),
	    .help = "Megabytes of one that is a file of pages (PDF) at most. Pictures have 5, as the networks send no longer ones." },
	{ "timeout_s", OPTION_INT, "40", RANGE(5, 45), IN(settings, document_timeout_s),
	    .help = "Seconds that one may take from its network to the wallet core." },
	{ "hosts", OPTION_HOSTS, OPTIONAL, ITEMS(settings, document_hosts), RANGE(1, NETS_MAX),
	    COUNT(settings, document_hosts_n),
	    .help = "Hosts, and blocks of addresses, that documents may be fetched from although they are internal, and over "
	    "http too where the URL names them. All others must be https, and of the public internet." },
	{ "ratify_days", OPTION_INT, "3", RANGE(1, 30), IN(settings, document_ratify_days),
	    .help = "Days that the wallet core may take to check them; then the customer is told to call." },
};
static const struct option_group documents_group = GROUP("documents.", documents_rows, INLINE);

static const struct option providers_rows[] = {
	{ "connections", OPTION_INT, "32", RANGE(1, 1000), IN(settings, provider_connections),
	    .help = "Connections to one provider's host at once." },
	{ "waiting", OPTION_INT, "2000", RANGE(10, 100000), IN(settings, provider_waiting),
	    .help = "Calls to all providers that may be under way or wait for a connection; more are tried later." },
};
static const struct option_group providers_group = GROUP("providers.", providers_rows, INLINE);

static const struct option redis_rows[] = {
	{ "url", OPTION_REDIS, "redis://127.0.0.1:6379/0", TEXT(settings, redis_url, 1),
	    .help = "Which Redis." },
	{ "password_file", OPTION_SECRET, OPTIONAL, TEXT(settings, redis_password, 1),
	    .help = "Its password, if it has one." },
	{ "connections", OPTION_INT, "4", RANGE(1, 64), IN(settings, redis_connections),
	    .help = "Connections of a process." },
	{ "timeout_ms", OPTION_INT, "2000", RANGE(50, 30000), IN(settings, redis_timeout_ms),
	    .help = "Milliseconds after which the outcome of a command is unknown." },
	{ "may_lose_money", OPTION_BOOL, "false", IN(settings, redis_may_lose_money),
	    .help = "Starts even where Redis may evict keys or does not keep them on disk. For "
	    "tests only." },
	{ "replicas", OPTION_INT, "0", RANGE(0, 5), IN(settings, redis_replicas),
	    .help = "How many replicas must have a write before it counts. Redis is then asked for "
	    "min-replicas-to-write of at least as many at start." },
	{ "memory_floor_percent", OPTION_INT, "10", RANGE(0, 90), IN(settings, redis_memory_floor_percent),
	    .help = "No new payments while less than this much of Redis' maxmemory is free. Payments "
	    "begun still end. 0: no floor." },
	{ "data_dir", OPTION_FOLDER, OPTIONAL, TEXT(settings, redis_data_dir, 1),
	    .help = "The folder where Redis keeps its files, if it is on this machine: its free space is watched." },
	{ "disk_floor_mb", OPTION_INT, "512", RANGE(0, 1048576), IN(settings, redis_disk_floor_mb),
	    .help = "No new payments while fewer megabytes are free there. 0: no floor." },
};
static const struct option_group redis_group = GROUP("redis.", redis_rows, INLINE);

static const struct option limit_rows[] = {
	{ "amount", OPTION_MONEY, "24000.00", RANGE(0, MONEY_MAX), IN(settings, limit_amount),
	    .help = "What one phone may be sent in tokens in a calendar month, over all tenants." },
	{ "currency", OPTION_TEXT, "ZAR", TEXT(settings, currency, 3), .words = currency_words,
	    .help = "The currency of all amounts." },
	{ "give_back", OPTION_FLAGS, "[\"CANCELLED\", \"TIMEOUT\", \"ERROR\"]", IN(settings,
	    give_back),
	    .words = give_back_words,
	    .help = "States of a withdrawal that give its amount back to the month." },
};
static const struct option_group limit_group = GROUP("token_limit.", limit_rows, INLINE);

static const struct option root_rows[] = {
	{ "listen", OPTION_GROUP, "{}", .group = &listen_group, .help = "Where isango listens." },
	{ "http", OPTION_GROUP, "{}", .group = &http_group, .help = "Bounds of the listeners." },
	{ "redis", OPTION_GROUP, "{}", .group = &redis_group, .help = "Where all state is kept." },
	{ "public_url", OPTION_URL, OPTIONAL, TEXT(settings, public_url, 1),
	    .help = "Where wallet cores reach listen.channels, without a path; for their callbacks. https, as a rule of "
	    "what stands in front." },
	{ "callbacks", OPTION_GROUP, "{}", .group = &callbacks_group,
	    .help = "Bounds of the callbacks to integrators." },
	{ "documents", OPTION_GROUP, "{}", .group = &documents_group,
	    .help = "Documents (KYC) that customers send in chats." },
	{ "providers", OPTION_GROUP, "{}", .group = &providers_group,
	    .help = "Bounds of the calls to those who send messages for us over HTTP." },
	{ "sealing_key_file", OPTION_KEYS, REQUIRED, ITEMS(settings, sealing_keys), RANGE(1, 8),
	    COUNT(settings, sealing_keys_n), ALSO(settings, sealing_key_ids),
	    .help = "The keys that seal what Redis keeps, as isango keygen writes them. The first "
	    "seals, all of them open." },
	{ "timezone", OPTION_ZONE, "Africa/Johannesburg", TEXT(settings, timezone, 1),
	    .help = "The time zone of the limit's month and of times on screens." },
	{ "token_limit", OPTION_GROUP, "{}", .group = &limit_group,
	    .help = "The monthly limit of a phone." },
	{ "turn_budget_ms", OPTION_INT, "5000", RANGE(500, 60000), IN(settings, turn_budget_ms),
	    .help = "Milliseconds after which a screen says that the result follows." },
	{ "max_turns", OPTION_INT, "4096", RANGE(1, 100000), IN(settings, max_turns),
	    .help = "Turns in progress at once; more are asked to try again." },
	{ "resume_grace_s", OPTION_INT, "1800", RANGE(0, 86400), IN(settings, resume_grace_s),
	    .help = "Seconds that a dropped dialogue can be gone on with, where its menu has no resume_s." },
	{ "versions_kept", OPTION_INT, "5", RANGE(1, 100), IN(settings, versions_kept),
	    .help = "Versions of each tenant's menus and texts, published last, that are kept although no dialogue is on "
	    "them: isango publish can go back to them." },
	{ "versions_loaded", OPTION_INT, "16", RANGE(1, 1000), IN(settings, versions_loaded),
	    .help = "Versions that a process keeps in memory beside those that dialogues begin on; others are loaded again "
	    "when somebody on them comes back." },
	{ "message_tries", OPTION_INT, "8", RANGE(1, 100), IN(settings, message_tries),
	    .help = "Attempts to send one message." },
	{ "drain_s", OPTION_INT, "8", RANGE(1, 60), IN(settings, drain_s),
	    .help = "Seconds that SIGTERM leaves for what is under way." },
	{ "menus", OPTION_FOLDER, "menus", TEXT(settings, menus_dir, 1), .reloadable = true,
	    .help = "The folder of menus." },
	{ "templates", OPTION_FOLDER, "templates", TEXT(settings, templates_dir, 1),
	    .reloadable = true,
	    .help = "The folder of texts, one LANGUAGE.json each." },
	{ "sim_changes_file", OPTION_FILE, OPTIONAL, TEXT(settings, sim_changes_file, 1),
	    .help = "A file to which the operator's changes of SIMs are added, one on a line as "
	    "\"27821234567 2026-03-24T10:00:00Z\"; read again every 5 seconds: see CHANGED SIM." },
	{ "binds", OPTION_LIST, "[]", RANGE(0, 64), .group = &options_bind,
	    .help = "Links to SMSCs." },
	{ "tenants", OPTION_TENANTS, "tenants.d", RANGE(1, 256), .group = &options_tenant,
	    .help = "The folder of tenants, one NAME.json each." },
	{ "operators", OPTION_LIST, "[]", RANGE(0, 256), .group = &operator_group,
	    .help = "People who look after payments and phones." },
};
const struct option_group options_root = GROUP("", root_rows, INLINE);

static const char *const type_names[] = {
	[OPTION_TEXT] = "a text",
	    [OPTION_NAME] = "a name of letters, digits, \"-\", \"_\" and \".\"",
	[OPTION_CODE] = "a service code such as \"*120*384#\"",
	    [OPTION_ADDRESS] = "a numeric address and port such as \"127.0.0.1:8080\"",
	[OPTION_URL] = "an address that begins with http:// or https://",
	[OPTION_REDIS] = "a URL redis://HOST:PORT/DATABASE or unix:///PATH",
	    [OPTION_ZONE] = "a time zone that this machine knows",
	[OPTION_FOLDER] = "a folder, relative to the file that names it",
	[OPTION_FILE] = "a file, relative to the file that names it",
	    [OPTION_INT] = "a whole number",
	[OPTION_ID] = "a whole number", [OPTION_MONEY] = "an amount in quotes such as \"50.00\"",
	[OPTION_BOOL] = "true or false", [OPTION_WORD] = "", [OPTION_FLAGS] = "a list of any of",
	[OPTION_NATURALS] = "a list of whole numbers",
	[OPTION_SPAN] = "two whole numbers [least, most]", [OPTION_TEXTS] = "a list of texts",
	[OPTION_NAMES] = "a list of names",
	[OPTION_CODES] = "a list of service codes such as \"*120*384#\"",
	[OPTION_NUMBERS] = "a list of numbers such as \"30384\" or \"27830000384\"",
	[OPTION_NETS] = "a list of addresses or blocks such as \"10.0.0.0/8\"",
	[OPTION_HOSTS] = "a list of hosts, addresses or blocks such as \"10.0.0.0/8\"",
	[OPTION_IDS] = "a list of positive whole numbers",
	    [OPTION_SECRET] = "the name of a file that holds a text",
	[OPTION_KEYS] = "the name of a file of keys",
	    [OPTION_KEY] = "the name of a file of one key",
	[OPTION_HASH] = "the name of a file of 64 hexadecimal digits",
	    [OPTION_STATUS] = "a number above 0 such as 69 or \"0x45\"",
	[OPTION_BIND] = "the name of a bind",
	[OPTION_ROUTE] = "a list of channels of this tenant", [OPTION_GROUP] = "an object { ... }",
	[OPTION_LIST] = "a list of objects [ { ... } ]",
	    [OPTION_TENANTS] = "a folder, relative to the file that names it",
};

static void
add_words(const char *const *words, struct buf *out)
{
	const char *separator = "";

	for (; *words != NULL; words++) {
		if (**words == '\0')
			continue;
		buf_addf(out, "%s\"%s\"", separator, *words);
		separator = words[1] != NULL && words[2] == NULL ? " or " : ", ";
	}
}

static void
add_range(const struct option *o, struct buf *out)
{
	char least[MONEY_TEXT], most[MONEY_TEXT];

	switch (o->type) {
	case OPTION_INT:
	case OPTION_SPAN:
		buf_addf(out, " from %" PRId64 " to %" PRId64, o->min, o->max);
		break;
	case OPTION_ID:
		buf_addf(out, " from %" PRId64, o->min);
		if (o->max < INT64_MAX)
			buf_addf(out, " to %" PRId64, o->max);
		break;
	case OPTION_MONEY:
		buf_addf(out, " from %s to %s", money_decimal(o->min, least), money_decimal(o->max,
		    most));
		break;
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_SECRET:
		if (o->min > 0)
			buf_addf(out, " of %" PRId64 " to %" PRId64 " octets", o->min, o->max);
		else
			buf_addf(out, " of at most %" PRId64 " octets", o->max);
		break;
	case OPTION_TEXTS:
	case OPTION_NAMES:
	case OPTION_CODES:
	case OPTION_NUMBERS:
	case OPTION_NETS:
	case OPTION_HOSTS:
	case OPTION_IDS:
	case OPTION_NATURALS:
	case OPTION_ROUTE:
	case OPTION_LIST:
		buf_addf(out, ", %" PRId64 " to %" PRId64 " of them", o->min, o->max);
		break;
	default:
		break;
	}
}

void
option_expects(const struct option *o, struct buf *out)
{
	if (o->type == OPTION_TEXT && o->words != NULL) {
		add_words(o->words, out);
		return;
	}
	buf_add_str(out, type_names[o->type]);
	if (o->words != NULL) {
		if (o->type != OPTION_WORD)
			buf_add_char(out, ' ');
		add_words(o->words, out);
	} else {
		add_range(o, out);
	}
}

/* "Only for "ussd-smpp" or "sms-smpp"." */
static void
add_kinds(unsigned kinds, bool needed, struct buf *out)
{
	const char *some[NELEM(options_channel_kinds)] = { NULL };
	size_t n = 0;

	for (unsigned i = 0; options_channel_kinds[i] != NULL; i++)
		if (kinds & KIND(i))
			some[n++] = options_channel_kinds[i];
	buf_add_str(out, needed ? " Needed by, and only for, " : " Only for ");
	add_words(some, out);
	buf_add_char(out, '.');
}

void
option_describe(const struct option *o, struct buf *out)
{
	size_t start = out->len;

	option_expects(o, out);
	if (out->p[start] >= 'a' && out->p[start] <= 'z')
		out->p[start] = (char)(out->p[start] - 'a' + 'A');
	if (o->fallback == NULL)
		buf_add_str(out, "; required");
	else if (o->fallback[0] != '\0' && o->type != OPTION_GROUP)
		buf_addf(out, "; default %s", o->fallback);
	buf_addf(out, ". %s", o->help);
	if (o->only != 0)
		add_kinds(o->only, o->needed != 0, out);
	if (o->reloadable)
		buf_add_str(out, " Read again on SIGHUP.");
}

static void
each(const struct option_group *g, void (*fn)(void *, const struct option_group *,
    const struct option *), void *arg)
{
	for (size_t i = 0; i < g->n; i++) {
		fn(arg, g, &g->options[i]);
		if (g->options[i].group != NULL)
			each(g->options[i].group, fn, arg);
	}
}

void
options_each(void (*fn)(void *arg, const struct option_group *g, const struct option *o), void *arg)
{
	each(&options_root, fn, arg);
}
