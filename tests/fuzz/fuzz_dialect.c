/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of USSD over HTTP, of the dialect that the first octet picks: "a POST /session/1/start?x=y", header lines,
 * an empty line, the body. What is a turn is whole and can be answered in the dialect's form, whatever it repeats of
 * the request; what is refused has a reason. Reading twice gives the same.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/dialect.h"
#include "core/phone.h"
#include "io/http_request.h"
#include "tests/fuzz/fuzz.h"

static struct evhttp_connection *connection;

static const struct {
	const char *name;
	enum evhttp_cmd_type type;
} methods[] = {
	{ "GET ", EVHTTP_REQ_GET }, { "PUT ", EVHTTP_REQ_PUT }, { "POST ", EVHTTP_REQ_POST },
	{ "DELETE ", EVHTTP_REQ_DELETE },
};

static void
add_headers(struct evhttp_request *ev, char *lines)
{
	char *line, *value;

	while ((line = strsep(&lines, "\n")) != NULL)
		if ((value = strchr(line, ':')) != NULL) {
			*value++ = '\0';
			value += strspn(value, " ");
			(void)evhttp_add_header(ev->input_headers, line, value);
		}
}

/* "POST /session..." and what follows, up to the body. */
static struct evhttp_request *
request(char *head)
{
	struct evhttp_request *ev = evhttp_request_new(NULL, NULL);
	char *lines = head, *line = strsep(&lines, "\n");

	must(ev != NULL);
	ev->evcon = connection;
	ev->type = EVHTTP_REQ_POST;
	ev->major = ev->minor = 1;
	for (size_t i = 0; i < NELEM(methods); i++)
		if (str_starts(line, methods[i].name)) {
			ev->type = methods[i].type;
			line += strlen(methods[i].name);
			break;
		}
	ev->uri = strdup(line);
	must(ev->uri != NULL);
	add_headers(ev, lines);
	return ev;
}

static void
check_xml(const char *s, size_t n)
{
	size_t open = 0, shut = 0;

	must(str_starts(s, "<request>") && n > 20 && strcmp(s + n - 10, "</request>") == 0);
	for (size_t i = 0; i < n; i++) {
		must((unsigned char)s[i] >= ' ');
		open += s[i] == '<';
		shut += s[i] == '>';
	}
	must(open == shut && (open == 4 || open == 6 || open == 7));
}

static void
check_answer(const struct dialect *d, const struct dialect_site *site, const struct dialect_in *in, bool end)
{
	struct reply r = { "A <b> & \"c\"\n1. D\xc3\xa9", end };
	struct buf b = { 0 };
	json_t *o;

	d->write(site, &in->way, &r, &b);
	must(b.len > strlen("CON "));
	if (d->json) {
		o = json_loads(buf_str(&b), JSON_REJECT_DUPLICATES, NULL);
		must(json_is_object(o) && json_object_size(o) > 0);
		json_decref(o);
	} else if (d->type != NULL) {
		check_xml(buf_str(&b), b.len);
	} else {
		must(str_starts(buf_str(&b), end ? "END " : "CON ") && strcmp(b.p + 4, r.text) == 0);
	}
	buf_clear(&b);
}

static void
check(const struct dialect *d, const struct dialect_site *site, enum dialect_said said, const struct dialect_in *in)
{
	struct buf b = { 0 };

	if (said == DIALECT_BAD) {
		must(in->problem != NULL && utf8_valid(in->problem, strlen(in->problem)));
		if (d->complain != NULL)
			d->complain(in->problem, &b);
	} else if (said != DIALECT_NO_PATH && said != DIALECT_NO_METHOD) {
		must(in->problem == NULL);
		if (d->acknowledge != NULL)
			d->acknowledge(site, &in->way, &b);
	}
	if (said == DIALECT_TURN || said == DIALECT_OVER) {
		if (said == DIALECT_OVER && d->end_without_phone)
			must(in->turn.phone[0] == '\0' && in->turn.dialogue[0] != '\0');
		else
			must(phone_valid(in->turn.phone) && in->turn.service_code[0] != '\0');
		must((said == DIALECT_OVER) == (in->turn.kind == TURN_ABORT));
		must(in->turn.text != NULL && utf8_valid(in->turn.text, strlen(in->turn.text)));
		must(in->turn.kind == TURN_INPUT || in->turn.text[0] == '\0');
	}
	if (said == DIALECT_TURN) {
		check_answer(d, site, in, false);
		check_answer(d, site, in, true);
	}
	buf_clear(&b);
}

static void
read_twice(const struct dialect *d, const struct channel_settings *c, const struct http_req *http)
{
	struct dialect_site site = { c, "27", "https://gw.example" };
	struct dialect_req req = { site, http, "", NULL }, again;
	struct dialect_in in = { 0 }, second = { 0 };
	json_t *body, *body2;
	enum dialect_said said;

	/* The path is what follows the channel's name. */
	req.rest = strcmp(http_req_path(http), "/") == 0 ? "" : http_req_path(http);
	again = req;
	said = dialect_read(d, &req, &in, &body);
	check(d, &site, said, &in);
	must(dialect_read(d, &again, &second, &body2) == said);
	must(strcmp(in.turn.phone, second.turn.phone) == 0 && strcmp(in.turn.key, second.turn.key) == 0);
	json_decref(body);
	json_decref(body2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channel_settings c = { .name = "ch", .key = "k<&", .service_codes = { "*120*384#" },
	    .service_codes_n = 1,
		.takes_imsi = true };
	const uint8_t *cut = memmem(data, size, "\n\n", 2), *end = data + size;
	struct evhttp_request *ev;
	struct http_req r;
	char *head;

	if (size < 3 || data[0] < 'a' || data[0] >= 'a' + HTTP_DIALECTS)
		return 0;
	if (connection == NULL)
		connection = evhttp_connection_base_new(event_base_new(), NULL, "192.0.2.1", 80);
	must(connection != NULL);
	str_copy(c.dialect, sizeof c.dialect, http_dialects[data[0] - 'a'].name);
	head = strndup((const char *)data + 2, cut != NULL && cut > data + 2 ? (size_t)(cut - data) - 2 : size - 2);
	must(head != NULL);
	ev = request(head);
	if (cut != NULL)
		must(evbuffer_add(ev->input_buffer, cut + 2, (size_t)(end - cut) - 2) == 0);
	http_req_init(&r);
	if (http_req_read(&r, ev).status == 0)
		read_twice(dialect_of(&c), &c, &r);
	http_req_reset(&r);
	http_req_clear(&r);
	evhttp_request_free(ev);
	free(head);
	return 0;
}
