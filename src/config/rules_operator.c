/* SPDX-License-Identifier: Apache-2.0 */
/* Operators: whose tokens and names must be told apart, which tenants they see, and where they are heard. */
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"
#include "config/reader.h"
#include "io/net.h"

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

static int
find_tenant(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (strcmp(s->tenants[i].name, name) == 0)
			return i;
	return -1;
}

static void
resolve_tenants(struct reader *r, struct operator_settings *o, const json_t *node)
{
	const json_t *names = json_object_get(node, "tenants");

	for (int i = 0; i < o->tenants_n; i++) {
		int tenant = find_tenant(r->settings, o->tenants[i]);

		if (strcmp(o->tenants[i], "all") == 0)
			o->who.all_tenants = true;
		else if (tenant >= 0)
			o->who.tenants[o->who.tenants_n++] = tenant;
		else
			SAY(r, json_array_get(names, (size_t)i),
			    "tenants: there is no tenant \"%s\"; \"all\" stands for every one", o->tenants[i]);
	}
}

void
reader_check_operator(struct reader *r, struct operator_settings *o, const json_t *node)
{
	for (int i = 0; i < r->settings->operators_n - 1; i++) {
		const struct operator_settings *other = &r->settings->operators[i];

		/* One person under two names could approve what he asked for. */
		if (str_equal_fold(other->who.name, o->who.name))
			SAY(r, json_object_get(node, "name"), "there are two operators called \"%s\"", o->who.name);
		if (memcmp(other->token_sha256, o->token_sha256, sizeof o->token_sha256) == 0)
			SAY(r, json_object_get(node, "token_sha256_file"),
			    "token_sha256_file: operator \"%s\" has the same token", other->who.name);
	}
	resolve_tenants(r, o, node);
}

static bool
is_loopback(const char *address)
{
	struct sockaddr_storage ss;
	socklen_t len;
	char err[128];

	if (!net_parse(address, &ss, &len, err, sizeof err))
		return true;		/* that was said already */
	if (ss.ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)&ss)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)&ss)->sin6_addr);
}

void
reader_check_operators(struct reader *r, const json_t *root)
{
	const struct settings *s = r->settings;
	const json_t *listen = json_object_get(json_object_get(root, "listen"), "operators");

	if (s->listen_operators[0] != '\0' && !is_loopback(s->listen_operators))
		SAY(r, listen, "listen.operators: %s can be reached from other machines, and tokens travel in clear; take an "
		    "address of this machine alone, such as \"127.0.0.1:8082\"", s->listen_operators);
	if (s->operators_n > 0 && s->listen_operators[0] == '\0')
		SAY(r, json_object_get(root, "operators"),
		    "operators: nobody hears them; set listen.operators, such as to "
		    "\"127.0.0.1:8082\"");
}
