/* SPDX-License-Identifier: Apache-2.0 */
/* The listener of the channels: that its certificate and key are one pair, and that nobody who is no proxy is believed. */
#include "config/file.h"
#include "config/reader.h"
#include "io/tls_server.h"

#define KEY_FILE_MAX 65536

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

static void
check_pair(struct reader *r, const struct listen_tls_settings *t, const json_t *tls)
{
	const json_t *key_file = json_object_get(tls, "key_file");
	struct buf key = { 0 };
	char why[1024];

	if (!file_read_secret(t->key_file, KEY_FILE_MAX, &key, why, sizeof why))
		SAY(r, key_file, "key_file: %s", why);
	else if (!tls_server_check(t->cert_file, t->key_file, why, sizeof why))
		SAY(r, key_file, "listen.tls: %s; cert_file must begin with the certificate of the key in key_file", why);
	buf_clear(&key);
}

void
reader_check_listen(struct reader *r, const json_t *root)
{
	const struct settings *s = r->settings;
	const json_t *listen = json_object_get(root, "listen");

	if (s->listen_tls.cert_file[0] != '\0' && s->listen_tls.key_file[0] != '\0')
		check_pair(r, &s->listen_tls, json_object_get(listen, "tls"));
	if (s->listen_proxies_n == 0 && json_object_get(listen, "proxy_header") != NULL)
		SAY(r, json_object_get(listen, "proxy_header"),
		    "proxy_header: nobody's is looked at without listen.proxies; name the proxies, or leave it out");
}
