/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table against its readers, the manual and the sample; mistakes against what is said of
 * them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "config/config.h"
#include "config/file.h"
#include "config/config_options.h"
#include "core/pin_write.h"

#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define MANUAL "man/isango.conf.5"
#define ENTRY ".TP\n.B "

/* An operator, and the end of "listen" with and without a place where they are heard. */
#define ANN "{ \"name\": \"ann\", \"token_sha256_file\": \"payroll.key.sha256\", \"roles\": [\"look\"], " \
	"\"tenants\": [\"all\"] }"
#define ADMIN "\"admin\": \"127.0.0.1:8081\" }"
#define HEARD "\"admin\": \"127.0.0.1:8081\", \"operators\": \"127.0.0.1:8082\" },\n\"operators\": "

static char folder[256];

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[512];
	FILE *f;

	assert_true(str_format(path, sizeof path, "%s/%s", folder, name));
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
copy_file(const char *from, const char *name)
{
	struct buf text = { 0 };

	assert_true(file_read(from, 1 << 20, &text));
	write_file(name, buf_str(&text), 0644);
	buf_clear(&text);
}

/* A folder with the sample and the secrets that it names. */
static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];

	(void)state;
	assert_true(str_format(folder, sizeof folder, "%s/config-XXXXXX", tmp != NULL ?
	    tmp : "/tmp"));
	assert_non_null(mkdtemp(folder));
	assert_true(str_format(path, sizeof path, "%s/tenants.d", folder));
	assert_int_equal(mkdir(path, 0700), 0);
	copy_file("etc/isango.json", "isango.json");
	copy_file("etc/tenants.d/acme.json", "tenants.d/acme.json");
	write_file("sealing.key", "# two keys\n7 " HEX_A "\n3 " HEX_B "\n", 0600);
	write_file("mno.password", "secret08\r\n", 0640);
	write_file("acme.password", "password", 0600);
	write_file("acme.pin.key", "9 " HEX_B "\n", 0600);
	write_file("acme-at.key", "0123456789abcdef\n", 0600);
	write_file("payroll.key.sha256", HEX_A "\n", 0600);
	write_file("other.sha256", HEX_B "\n", 0600);
	return 0;
}

static int
tear_down(void **state)
{
	char command[512];

	(void)state;
	assert_true(str_format(command, sizeof command, "rm -rf '%s'", folder));
	return system(command);
}

/* The file with one change: `from` must stand in it exactly once. */
static void
change(const char *name, const char *from, const char *to)
{
	struct buf old = { 0 }, new = { 0 };
	const char *at;
	char path[512];

	assert_true(str_format(path, sizeof path, "%s/%s", folder, name));
	assert_true(file_read(path, 1 << 20, &old));
	at = strstr(buf_str(&old), from);
	assert_non_null(at);
	assert_null(strstr(at + 1, from));
	buf_add(&new, old.p, (size_t)(at - old.p));
	buf_add_str(&new, to);
	buf_add_str(&new, at + strlen(from));
	write_file(name, buf_str(&new), 0644);
	buf_clear(&old);
	buf_clear(&new);
}

static struct settings *
load(struct buf *problems)
{
	char path[512];

	assert_true(str_format(path, sizeof path, "%s/isango.json", folder));
	return config_load(path, problems);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

/* The line of the file on which `text` stands. */
static int
line_of(const char *name, const char *text)
{
	struct buf all = { 0 };
	const char *at;
	char path[512];
	int line = 1;

	assert_true(str_format(path, sizeof path, "%s/%s", folder, name));
	assert_true(file_read(path, 1 << 20, &all));
	at = strstr(buf_str(&all), text);
	assert_non_null(at);
	for (const char *p = all.p; p < at; p++)
		line += *p == '\n';
	buf_clear(&all);
	return line;
}

/* Exactly `n` problems, and among them one on the line where `place` stands that says `what`. */
static void
assert_problems(size_t n, const char *name, const char *place, const char *what)
{
	struct buf problems = { 0 };
	const char *line, *end;
	char start[128];
	bool found = false;

	assert_true(str_format(start, sizeof start, "/%s:%d: ", name, line_of(name, place)));
	assert_null(load(&problems));
	for (line = buf_str(&problems); (line = strstr(line, start)) != NULL &&
	    !found; line = end) {
		end = strchr(line, '\n');
		found = strstr(line, what) != NULL && strstr(line, what) < end;
	}
	if (count(buf_str(&problems), "\n") != n || !found)
		fail_msg("expected %zu problems, one of them %s%s, got:\n%s", n, start, what,
		    buf_str(&problems));
	assert_null(strstr(buf_str(&problems), "secret08"));
	assert_null(strstr(buf_str(&problems), HEX_A));
	buf_clear(&problems);
}

static void
test_sample(void **state)
{
	struct buf problems = { 0 };
	struct settings *s = load(&problems);
	const struct tenant_settings *t;
	unsigned char key[32];
	char path[512];

	(void)state;
	assert_string_equal(buf_str(&problems), "");
	assert_non_null(s);
	assert_string_equal(s->listen_channels, "0.0.0.0:8080");
	assert_int_equal(s->limit_amount, 2400000);
	assert_string_equal(s->currency, "ZAR");
	assert_int_equal(s->give_back, GIVE_BACK_CANCELLED | GIVE_BACK_TIMEOUT | GIVE_BACK_ERROR);
	assert_int_equal(s->sealing_keys_n, 2);
	assert_int_equal(s->sealing_key_ids[0], 7);
	assert_int_equal(s->sealing_key_ids[1], 3);
	assert_true(str_unhex(HEX_A, 64, key, sizeof key));
	assert_memory_equal(s->sealing_keys[0], key, sizeof key);
	assert_int_equal(s->turn_budget_ms, 5000);
	assert_false(s->redis_may_lose_money);
	assert_true(str_format(path, sizeof path, "%s/../menus", folder));
	assert_string_equal(s->menus_dir, path);

	assert_int_equal(s->binds_n, 1);
	assert_string_equal(s->binds[0].password, "secret08");
	assert_int_equal(s->binds[0].mode, BIND_TRANSCEIVER);
	assert_int_equal(s->binds[0].reconnect_min_s, 1);
	assert_int_equal(s->binds[0].reconnect_max_s, 60);
	assert_int_equal(s->binds[0].source_ton, -1);
	assert_true(s->binds[0].has_ussd);
	assert_true(s->binds[0].ussd.end_bit);
	assert_int_equal(s->binds[0].ussd.turn_identity, TURN_ITS_SEQUENCE);
	assert_int_equal(s->binds[0].ussd.max_septets, 182);

	assert_int_equal(s->tenants_n, 1);
	t = &s->tenants[0];
	assert_string_equal(t->wallet.password, "password");
	assert_int_equal(t->wallet.tenant_id, 5987);
	assert_true(t->wallet.acts_as_customer);
	assert_int_equal(t->wallet.token_sms, TOKEN_SMS_GATEWAY);
	assert_int_equal(t->wallet.pin_key_id, 9);
	assert_true(str_unhex(HEX_B, 64, key, sizeof key));
	assert_memory_equal(t->wallet.pin_key, key, sizeof key);
	assert_int_equal(t->languages_n, 7);
	assert_string_equal(t->languages[1], "zu");
	assert_int_equal(t->kinds_n, 2);
	assert_int_equal(t->kinds[0].step, 5000);
	assert_string_equal(t->kinds[1].name, "kind.ZA_PNP_CASH");
	assert_int_equal(t->routes_n[MSG_TOKEN], 1);
	assert_int_equal(t->routes[MSG_TOKEN][0], 2);
	assert_int_equal(t->integrators_n, 1);
	assert_int_equal(t->integrators[0].wallets[0], 100001);
	assert_int_equal(t->integrators[0].day_amount, 5000000);

	assert_int_equal(s->channels_n, 4);
	assert_int_equal(s->channels[0].bind, 0);
	assert_int_equal(s->channels[0].max_septets, 182);
	assert_int_equal(s->channels[1].bind, -1);
	assert_int_equal(s->channels[1].max_septets, 160);
	assert_string_equal(s->channels[1].key, "0123456789abcdef");
	assert_string_equal(s->channels[1].from[0], "127.0.0.0/8");
	assert_string_equal(s->channels[2].sender, "ACME");
	assert_int_equal(s->channels[3].max_septets, 160);
	assert_int_equal(s->channels[3].inbound_n, 1);
	assert_string_equal(s->channels[3].inbound[0], "27830000384");
	assert_string_equal(t->sms_menu, "sms");
	assert_int_equal(t->sms_session_s, 900);
	assert_int_equal(t->routes[MSG_NOTICE][0], 3);
	settings_free(s);
	buf_clear(&problems);
}

struct mistake {
	const char *file, *from, *to;	/* the change */
	const char *says;
	const char *place;		/* what stands on the line complained of; NULL: `to` */
};

#define MAIN "isango.json"
#define ACME "tenants.d/acme.json"
#define ITS "\"dialect\": \"its\""
#define SMS_WAY "\"kind\": \"sms-smpp\", \"bind\": \"mno\", \"sender\": \"ACME\""
#define HTTP_WAY(provider, more) "\"kind\": \"sms-http\", \"provider\": \"" provider "\", \"sender\": \"ACME\", " \
	"\"password_file\": \"../acme-at.key\"" more
#define AT_KEY "\"key_file\": \"../acme-at.key\", \"from\": [\"127.0.0.0/8\"]"
#define PIN_KEY "\"pin_key_file\": \"../acme.pin.key\""

static const struct mistake mistakes[] = {
	{ MAIN, "\"timezone\": ", "\"timezon\": ",
	    .says = "there is no option \"timezon\"; did you mean \"timezone\"?" },
	{ MAIN, "\"window\": 32", "\"windows\": 32",
	    .says = "\"binds[].windows\"; did you mean \"window\"?" },
	{ MAIN, ITS, "\"end_bits\": true", .says = "\"binds[].ussd.end_bits\"; did you mean \"end_bit\"?" },
	{ MAIN, ITS, "\"dialect\": \"mikca\"", .says = "dialect: must be \"its\", \"mica\"," },
	{ MAIN, ITS, "\"dialect\": \"vendor_tlv\"", .says = "session_tlv is missing" },
	{ MAIN, ITS, "\"session_tlv\": 5121", .says = "only session_id \"vendor_tlv\" reads it" },
	{ MAIN, ITS, "\"dialect\": \"vendor_tlv\", \"session_tlv\": 1281",
	    .says = "session_tlv: 0x0501 is no session's" },
	{ MAIN, ITS, "\"imsi_tlv\": 4995", .says = "imsi_tlv: 0x1383 is no IMSI's" },
	{ MAIN, ITS, "\"dialect\": \"vendor_tlv\", \"session_tlv\": 5121, \"imsi_tlv\": 5121",
	    .says = "imsi_tlv: 0x1401 is no IMSI's" },
	{ MAIN, ITS, "\"begin_ops\": [1, 18]", .says = "continue_ops: 18 is among begin_ops as well" },
	{ MAIN, ITS, "\"begin_ops\": []", .says = "no dialogue would ever begin" },
	{ MAIN, ITS, "\"abort_ops\": [\"0x0181\"]", .says = "abort_ops: 385 is no ussd_service_op" },
	{ MAIN, ITS, "\"abort_ops\": [\"0x\"]", .says = "abort_ops: must be a list of whole numbers, 0 to 8" },
	{ MAIN, ITS, "\"abort_ops\": [4294967425]", .says = "abort_ops: must be a list of whole numbers" },
	{ MAIN, ITS, "\"end_bit\": false", .says = "no phone would know the last screen" },
	{ MAIN, ITS, "\"dialect\": \"mica\", \"end_bit\": true", .says = "end_bit: its_session_info is not sent" },
	{ MAIN, ITS, "\"dialect\": \"mica\", \"turn_identity\": \"its_sequence\"", .says = "needs session_id" },
	{ MAIN, ITS, "\"dialect\": \"mica\", \"op_end\": 2", .says = "op_end: is the same as op_continue" },
	{ MAIN, ITS, "\"echo_tlvs\": [\"0x1401\", 5121]", .says = "echo_tlvs: 0x1401 stands there twice" },
	{ MAIN, ITS, "\"echo_tlvs\": [\"0x0501\"]", .says = "echo_tlvs: 0x0501 is written by us" },
	{ MAIN, ITS, "\"ignores_op\": true", .says = "begin_ops and continue_ops mean nothing" },
	{ MAIN, ITS, "\"send_as\": \"data_sm\", \"payload\": false", .says = "data_sm has no other place" },
	{ MAIN, "\"window\": 32", "\"window\": 0",
	    .says = "window: must be a whole number from 1 to 1000" },
	{ MAIN, "\"window\": 32", "\"window\": \"32\"",
	    .says = "window: must be a whole number from 1 to 1000" },
	{ MAIN, "\"window\": 32", "\"window\": 4294967328", .says = "window: must be" },
	{ MAIN, "\"window\": 32", "\"window\": null", .says = "window: must be",
	    .place = "{ \"name\": \"mno\"" },
	{ MAIN, "\"window\": 32", "\"statuses\": [{ \"status\": 0, \"outcome\": \"few\" }]",
	    .says = "status: must be a number above 0 such as 69 or \"0x45\"" },
	{ MAIN, "\"window\": 32", "\"statuses\": [{ \"status\": \"45\", \"outcome\": \"few\" }]",
	    .says = "status: must be a number" },
	{ MAIN, "\"window\": 32", "\"statuses\": [{ \"status\": 69, \"outcome\": \"accepted\" }]",
	    .says = "outcome: must be \"slow\", \"few\", \"permanent\", \"rebind\" or" },
	{ MAIN, "\"window\": 32", "\"statuses\": [{ \"status\": 69, \"outcome\": \"few\" },\n"
	    "{ \"status\": \"0x45\", \"outcome\": \"slow\" }]",
	    .says = "statuses: 0x45 stands there twice", .place = "{ \"status\": \"0x45\"" },
	{ ACME, "\"token\": [\"acme-sms\"]", "\"token\": [\"acme-sms\", \"acme-sms\"]",
	    .says = "token: channel \"acme-sms\" stands there twice" },
	{ MAIN, "\"window\": 32", "\"tls\": { \"ca_file\": \"no.pem\" }",
	    .says = "no.pem cannot be read: No such file" },
	{ MAIN, "\"window\": 32", "\"tls\": { \"cert_file\": \"sealing.key\" }",
	    .says = "tls: cert_file and key_file go together" },
	{ MAIN, "\"window\": 32",
	    "\"tls\": { \"cert_file\": \"sealing.key\", \"key_file\": \"isango.json\" }",
	    .says = "key_file: " },
	{ MAIN, "\"window\": 32", "\"tls\": { \"unverified\": true, \"name\": \"smsc\" }",
	    .says = "tls: unverified checks neither ca_file nor name" },
	{ MAIN, "[1, 60]", "[60, 1]",
	    .says = "reconnect_s: must be two whole numbers [least, most] from 1 to 3600" },
	{ MAIN, "\"transceiver\"", "\"both\"",
	    .says = "mode: must be \"transceiver\", \"transmitter\" or \"receiver\"" },
	{ MAIN, "\"24000.00\"", "24000.00",
	    .says = "amount: must be an amount in quotes such as \"50.00\"" },
	{ MAIN, "\"24000.00\"", "\"24000.001\"", .says = "amount: must be an amount" },
	{ MAIN, "\"ZAR\"", "\"USD\"", .says = "currency: must be \"ZAR\"" },
	{ MAIN, "\"TIMEOUT\"", "\"SUCCESSFUL\"", .says = "give_back: must be a list of any of" },
	{ MAIN, "Africa/Johannesburg", "Africa/Jozi",
	    .says = "timezone: must be a time zone that this machine knows" },
	{ MAIN, "Africa/Johannesburg", "../../../etc/passwd", .says = "timezone: must be" },
	{ MAIN, "127.0.0.1:8081", "localhost:8081",
	    .says = "admin: must be a numeric address and port" },
	{ MAIN, "redis://127.0.0.1:6379/0", "http://127.0.0.1:6379",
	    .says = "url: must be a URL redis://" },
	{ MAIN, "\"admin\": \"127.0.0.1:8081\"", "\"admin\": \"127.0.0.1:8081\", \"operators\": \"0.0.0.0:8082\"",
	    .says = "listen.operators: 0.0.0.0:8082 can be reached from other machines" },
	{ MAIN, "\"admin\": \"127.0.0.1:8081\"", "\"admin\": \"127.0.0.1:8081\", \"operators\": \"[::]:8082\"",
	    .says = "listen.operators: [::]:8082 can be reached from other machines" },
	{ MAIN, "\"binds\": [", "\"operators\": [" ANN "], \"binds\": [", .says = "operators: nobody hears them" },
	{ MAIN, ADMIN, HEARD "[" ANN ",\n{ \"name\": \"Ann\", \"token_sha256_file\": \"other.sha256\", \"roles\": [\"act\"], "
	    "\"tenants\": [\"all\"] }]", .says = "there are two operators called \"Ann\"",
	    .place = "{ \"name\": \"Ann\"" },
	{ MAIN, ADMIN, HEARD "[" ANN ",\n{ \"name\": \"ben\", \"token_sha256_file\": \"payroll.key.sha256\", "
	    "\"roles\": [\"act\"], \"tenants\": [\"all\"] }]", .says = "operator \"ann\" has the same token",
	    .place = "{ \"name\": \"ben\"" },
	{ MAIN, ADMIN, HEARD "[{ \"name\": \"ann\", \"token_sha256_file\": \"payroll.key.sha256\", "
	    "\"roles\": [\"rule\"], \"tenants\": [\"all\"] }]",
	    .says = "roles: must be a list of any of", .place = "\"operators\": [" },
	{ MAIN, ADMIN, HEARD "[{ \"name\": \"ann\", \"token_sha256_file\": \"payroll.key.sha256\", "
	    "\"roles\": [\"look\"], \"tenants\": [\"acme\", \"acne\"] }]",
	    .says = "tenants: there is no tenant \"acne\"", .place = "\"operators\": [" },
	{ MAIN, "\"timezone\":", "\"public_url\": \"gateway.example\", \"timezone\":",
	    .says = "public_url: must be an address that begins with http://" },
	{ ACME, "\"acts_as\":", "\"callback_key_file\": \"../mno.password\", \"acts_as\":",
	    .says = "callback_key_file: the wallet core cannot call back while public_url" },
	{ ACME, "\"day_count\":", "\"callback_allow\": [\"10.0.0.0/33\"], \"day_count\":",
	    .says = "is not good here: must be a list of hosts, addresses or blocks" },
	{ ACME, "\"day_count\":", "\"callback_allow\": [\"1.2.3\"], \"day_count\":",
	    .says = "is not good here: must be a list of hosts, addresses or blocks" },
	{ MAIN, "\"sealing.key\"", "\"no.key\"", .says = "no.key cannot be read: No such file" },
	{ MAIN, "\"sealing.key\"", "\"mno.password\"", .says = "line 1 of the file is not a key" },
	{ MAIN, "\"mno.password\"", "\"acme-at.key\"",
	    .says = "the file must hold one line of 1 to 8 octets" },
	{ MAIN, "\"sealing_key_file\": \"sealing.key\",", "", .says = "sealing_key_file is missing",
	    .place = "{\n  // channels" },
	{ MAIN, "\"system_id\": \"isango\",", "", .says = "binds[].system_id is missing",
	    .place = "{ \"name\": \"mno\"" },
	{ MAIN, "\"binds\": [", "\"binds\": [ 5,", .says = "binds: item 1 must be an object" },
	{ MAIN, "\"tenants.d\"", "\"tenant.d\"", .says = "tenants: " },
	{ MAIN, "// All state", "All state", .says = "" },
	{ ACME, "\"bind\": \"mno\", \"service", "\"bind\": \"mnp\", \"service",
	    .says = "bind: there is no bind \"mnp\"; did you mean \"mno\"?" },
	{ ACME, "\"bind\": \"mno\", \"service", "\"service",
	    .says = "tenant.channels[].bind is missing: a channel of kind",
	    .place = "{ \"name\": \"acme-ussd\"" },
	{ ACME, "\"sender\": \"ACME\"", "\"sender\": \"ACME\", \"session_s\": 60",
	    .says = "session_s: a channel of kind \"sms-smpp\" has no such option" },
	{ ACME, "\"sender\": \"ACME\"", "\"sender\": \"ACME WALLET SA\"",
	    .says = "sender: must be up to 11 letters" },
	{ ACME, "\"sender\": \"ACME\"", "\"sender\": \"AC#ME\"", .says = "sender: must be up to 11 letters" },
	{ ACME, "\"sender\": \"ACME\"", "\"sender\": \"+\"", .says = "sender: must be up to 11 letters" },
	{ MAIN, "\"window\": 32", "\"window\": 32, \"long_messages\": \"csms\"",
	    .says = "long_messages: must be \"udh8\", \"udh16\", \"sar\" or \"payload\"" },
	{ MAIN, "\"window\": 32", "\"window\": 32, \"parts_max\": 17",
	    .says = "parts_max: must be a whole number from 1 to 16" },
	{ ACME, "\"token\": [\"acme-sms\"]", "\"token\": [\"acme-sns\"]",
	    .says = "token: there is no channel of this tenant called \"acme-sns\"; did you mean "
	    "\"acme-sms\"?" },
	{ ACME, "\"token\": [\"acme-sms\"]", "\"token\": [\"acme-ussd\"]",
	    .says = "it is for USSD" },
	{ ACME, "\"notice\": [\"acme-inbox\"]", "\"notice\": [\"acme-sms\"]",
	    .says = "nobody can answer STOP to \"ACME\", the sender of channel \"acme-sms\"; name a channel whose "
	    "sender is a number, or give this one \"inbound\" numbers" },
	{ ACME, "\"27830000384\"", "\"+27830000384\"", .says = "must be a list of numbers such as" },
	{ ACME, "\"sender\": \"ACME\"", "\"sender\": \"ACME\", \"inbound\": [\"ACME\"]",
	    .says = "must be a list of numbers such as" },
	{ ACME, "\"token\": [\"acme-sms\"]", "\"token\": []", .says = "routes.token is empty" },
	{ ACME, "\"acme-ussd-at\", \"kind\"", "\"acme-ussd\",  \"kind\"",
	    .says = "there are two channels called \"acme-ussd\"" },
	{ ACME, "\"127.0.0.0/8\"", "\"127.0.0.0/33\"",
	    .says = "from: \"127.0.0.0/33\" is not good here" },
	{ ACME, "\"key_file\": \"../acme-at.key\", \"from\": [\"127.0.0.0/8\"]",
	    "\"session_s\": 60", .says = "neither key_file nor from",
	    .place = "{ \"name\": \"acme-ussd-at\"" },
	{ ACME, AT_KEY, "\"header_name\": \"x-api-key\"", .says = "header_name and header_key_file go together" },
	{ ACME, AT_KEY, AT_KEY ", \"basic_password_file\": \"../acme-at.key\"",
	    .says = "basic_user and basic_password_file go together" },
	{ ACME, AT_KEY, AT_KEY ", \"hmac_key_file\": \"../acme-at.key\"", .says = "hmac_header and hmac_key_file go together" },
	{ ACME, AT_KEY, "\"header_name\": \"x api\", \"header_key_file\": \"../acme-at.key\"",
	    .says = "header_name: \"x api\" cannot be the name of a header" },
	{ ACME, AT_KEY, "\"basic_user\": \"a:b\", \"basic_password_file\": \"../acme-at.key\"",
	    .says = "basic_user: a user of HTTP basic has no colon" },
	{ ACME, AT_KEY, "\"basic_user\": \"a\", \"basic_password_file\": \"../acme-at.key\", \"hmac_header\": "
	    "\"authorization\", \"hmac_key_file\": \"../acme-at.key\"",
	    .says = "basic_user: the header Authorization is its own" },
	{ ACME, "\"africastalking\"", "\"safaricom\", \"hmac_header\": \"X-Sig\", \"hmac_key_file\": \"../acme-at.key\"",
	    .says = "hmac_header: requests of \"safaricom\" say more than their body does" },
	{ ACME, "\"africastalking\"", "\"aat-vodacom\"", .says = "dialect: answers of \"aat-vodacom\" say where the next",
	    .place = "\"aat-vodacom\"" },
	{ ACME, "\"africastalking\"", "\"africas-talking\"", .says = "dialect: must be \"africastalking\", \"infobip\"" },
	{ ACME, SMS_WAY, HTTP_WAY("json", "") ", \"from\": [\"127.0.0.1\"]", .says = "api_url is missing",
	    .place = "\"provider\"" },
	{ ACME, SMS_WAY, HTTP_WAY("smsportal", "") ", \"from\": [\"127.0.0.1\"]", .says = "user is missing: smsportal",
	    .place = "\"provider\"" },
	{ ACME, SMS_WAY, HTTP_WAY("clickatell", ""), .says = "neither key_file nor from, and clickatell signs nothing",
	    .place = "\"provider\"" },
	{ ACME, SMS_WAY, HTTP_WAY("twilio", ", \"user\": \"AC1\""), .says = "public_url, of the main file, is missing",
	    .place = "\"provider\"" },
	{ ACME, SMS_WAY, HTTP_WAY("clickatel", ""), .says = "provider: must be", .place = "\"provider\"" },
	{ ACME, SMS_WAY, "\"kind\": \"sms-http\", \"provider\": \"clickatell\", \"sender\": \"ACME\"",
	    .says = "password_file is missing: a channel of kind \"sms-http\" needs it", .place = "\"provider\"" },
	{ ACME, SMS_WAY, HTTP_WAY("clickatell", "") ", \"from\": [\"127.0.0.1\"], \"bind\": \"mno\"",
	    .says = "bind: a channel of kind \"sms-http\" has no such option", .place = "\"provider\"" },
	{ ACME, SMS_WAY, SMS_WAY ", \"window\": 4", .says = "window: a channel of kind \"sms-smpp\" has no such option",
	    .place = "\"window\"" },
	{ ACME, "\"channels\": [", "\"channels\": [{ \"name\": \"mno\", " HTTP_WAY("clickatell",
	    ", \"from\": [\"127.0.0.1\"]") " },",
	    .says = "name: a bind is called \"mno\" too", .place = "\"provider\"" },
	{ ACME, "\"*120*384#\"", "\"120*384\"",
	    .says = "service_codes: \"120*384\" is not good here" },
	{ ACME, "    \"token_sms\": \"gateway\"\n", "    \"timeout_read_ms\": 4000\n",
	    .says = "tenant.wallet_core.token_sms is missing. Who sends the token. No default",
	    .place = "\"wallet_core\": {" },
	{ ACME, "\"pin_check\": \"login\"", "\"pin_check\": \"local\"",
	    .says = "acts_as must be \"tenant\"" },
	{ ACME, "../acme.pin.key", "../sealing.key",
	    .says = "line 3 of the file is one key too many" },
	{ ACME, PIN_KEY, "\"pin_keys\": []", .says = "pin_key_file is missing.", .place = "\"wallet_core\": {" },
	{ ACME, PIN_KEY, PIN_KEY ", \"pin_keys\": [{ \"id\": 9, \"file\": \"../acme.pin.key\" }]",
	    .says = "pin_key_file and pin_keys are both given", .place = "\"wallet_core\": {" },
	{ ACME, PIN_KEY, "\"pin_keys\": [{ \"id\": 8, \"file\": \"../acme.pin.key\" }]",
	    .says = "id: the file holds the key 9, not 8" },
	{ ACME, PIN_KEY, "\"pin_keys\": [{ \"id\": 9, \"file\": \"../acme.pin.key\" }, "
	    "{ \"id\": 9, \"file\": \"../acme.pin.key\" }]", .says = "pin_keys: the key 9 stands there twice" },
	{ ACME, PIN_KEY, PIN_KEY ", \"pin_reset_wait_h\": 0",
	    .says = "pin_reset_wait_h: must be a whole number from 1" },
	{ ACME, "\"zu\"", "\"en\"", .says = "languages: \"en\" stands there twice" },
	{ ACME, "[100001]", "[]",
	    .says = "wallets: must be a list of positive whole numbers, 1 to 32 of them" },
	{ ACME, "\"help_phone\"",
	    "\"kinds\": [{ \"type\": \"ZA_X\", \"min\": \"50.00\", \"max\": \"120.00\", \"step\": "
	    "\"50.00\" }],"
	    " \"help_phone\"", .says = "step: min and max must be whole multiples of it" },
	{ ACME, "\"help_phone\"", "\"name\": \"b\", \"help_phone\"", .says = "duplicate" },
};

static void
test_mistakes(void **state)
{
	for (size_t i = 0; i < NELEM(mistakes); i++) {
		const struct mistake *m = &mistakes[i];

		assert_int_equal(set_up(state), 0);
		change(m->file, m->from, m->to);
		assert_problems(1, m->file, m->place != NULL ? m->place : m->to, m->says);
		assert_int_equal(tear_down(state), 0);
	}
	assert_int_equal(set_up(state), 0);
}

/* A screen that the bind cannot carry whole would be cut on its way. */
static void
test_screen_of_a_bind(void **state)
{
	(void)state;
	change(MAIN, ITS, ITS ", \"max_septets\": 160");
	change(ACME, "\"bind\": \"mno\", \"service_codes\"", "\"bind\": \"mno\", \"max_septets\": 161, \"service_codes\"");
	assert_problems(1, ACME, "\"max_septets\": 161", "max_septets: the bind \"mno\" carries 160");
}

/* A dialect has its own values, but for what is written beside it; what follows from that gives way. */
static void
test_dialects(void **state)
{
	static const struct {
		const char *text;
		enum session_id_source session;
		int begins, echoes, op_end, op_release;
		bool end_bit;
		enum turn_identity turn;
		enum ussd_code_from code;
	} rows[] = {
		{ "", SESSION_ITS_OCTET1, 2, 0, 2, -1, true, TURN_ITS_SEQUENCE, CODE_FROM_DESTINATION },
		{ "\"dialect\": \"mica\"", SESSION_UMR16, 2, 0, 17, -1, false, TURN_NOTHING, CODE_FROM_TEXT },
		{ "\"dialect\": \"mica\", \"op_end\": 23, \"begin_ops\": [\"0x01\"], \"echo_tlvs\": [\"0x1401\"]",
		    SESSION_UMR16, 1, 1, 23, -1, false, TURN_NOTHING, CODE_FROM_TEXT },
		{ "\"dialect\": \"sixdee\"", SESSION_ITS_15BIT, 2, 0, 17, -1, true, TURN_NOTHING, CODE_FROM_TEXT },
		{ "\"dialect\": \"smpp_plus\"", SESSION_UMR32, 2, 0, 17, 0x80, false, TURN_NOTHING, CODE_FROM_BOTH },
		{ "\"dialect\": \"vendor_tlv\", \"session_tlv\": 5121", SESSION_VENDOR_TLV, 2, 0, 17, -1, false,
		    TURN_NOTHING, CODE_FROM_BOTH },
		{ "\"dialect\": \"no_op\"", SESSION_MSISDN, 0, 1, 17, -1, true, TURN_NOTHING, CODE_FROM_BOTH },
		{ "\"session_id\": \"msisdn\", \"op_end\": 17", SESSION_MSISDN, 2, 0, 17, -1, false, TURN_NOTHING,
		    CODE_FROM_DESTINATION },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf problems = { 0 };
		const struct ussd_dialect *d;
		struct settings *s;

		assert_int_equal(set_up(state), 0);
		change(MAIN, ITS, rows[i].text);
		s = load(&problems);
		assert_string_equal(buf_str(&problems), "");
		d = &s->binds[0].ussd;
		assert_int_equal(d->session_id, rows[i].session);
		assert_int_equal(d->begin_ops_n, rows[i].begins);
		assert_int_equal(d->echo_tlvs_n, rows[i].echoes);
		assert_int_equal(d->op_end, rows[i].op_end);
		assert_int_equal(d->op_release, rows[i].op_release);
		assert_int_equal(d->end_bit, rows[i].end_bit);
		assert_int_equal(d->turn_identity, rows[i].turn);
		assert_int_equal(d->code_from, rows[i].code);
		assert_string_equal(d->service_type, "USSD");
		assert_int_equal(d->max_septets, 182);
		settings_free(s);
		buf_clear(&problems);
		assert_int_equal(tear_down(state), 0);
	}
	assert_int_equal(set_up(state), 0);
}

/* The first is the newest. */
static void
test_pin_keys(void **state)
{
	struct buf problems = { 0 };
	unsigned char a[32], b[32];
	struct wallet_settings *w;
	struct settings *s;

	(void)state;
	write_file("acme.pin10.key", "10 " HEX_A "\n", 0600);
	change(ACME, PIN_KEY, "\"pin_keys\": [{ \"id\": 10, \"file\": \"../acme.pin10.key\" }, "
	    "{ \"id\": 9, \"file\": \"../acme.pin.key\" }]");
	s = load(&problems);
	assert_string_equal(buf_str(&problems), "");
	w = &s->tenants[0].wallet;
	assert_true(str_unhex(HEX_A, 64, a, sizeof a) && str_unhex(HEX_B, 64, b, sizeof b));
	assert_int_equal(w->pin_key_id, 10);
	assert_memory_equal(w->pin_key, a, sizeof a);
	assert_int_equal(w->pin_keys_n, 2);
	assert_memory_equal(pin_key_of(w, 10), a, sizeof a);
	assert_memory_equal(pin_key_of(w, 9), b, sizeof b);
	assert_null(pin_key_of(w, 8));
	settings_free(s);
	buf_clear(&problems);
}

/* A second tenant that is a copy of the first shows what must be unique over all of them. */
static void
test_two_tenants(void **state)
{
	static const char b[] = "tenants.d/b.json";

	(void)state;
	copy_file("etc/tenants.d/acme.json", b);
	assert_problems(9, b, "\"name\": \"acme\"", "there are two tenants called \"acme\"");
	assert_problems(9, b, "\"tenant_id\"", "tenant_id: tenant \"acme\" has the same one");
	assert_problems(9, b, "\"acme-sms\", \"kind\"",
	    "there are two channels called \"acme-sms\" (of any tenant)");
	assert_problems(9, b, "\"service_codes\"",
	    "service_codes: *120*384# of bind \"mno\" belongs to channel \"acme-ussd\"");
	assert_problems(9, b, "\"sender\": \"30384\"",
	    "the number \"30384\" of bind \"mno\" belongs to channel \"acme-inbox\" of another tenant");
}

static void
test_all_in_one_run(void **state)
{
	(void)state;
	change(MAIN, "\"window\": 32", "\"window\": 0");
	change(MAIN, "\"throughput\": 100", "\"throughputs\": 100");
	change(ACME, "[100001]", "[\"x\"]");
	change(ACME, "\"token\": [\"acme-sms\"]", "\"token\": []");
	assert_problems(4, MAIN, "throughputs", "there is no option \"binds[].throughputs\"");
	assert_problems(4, ACME, "[\"x\"]", "wallets: must be");
	assert_problems(4, ACME, "\"token\": []", "routes.token is empty");
}

static void
test_statuses_of_a_bind(void **state)
{
	struct buf problems = { 0 };
	struct settings *s;

	(void)state;
	change(MAIN, "\"window\": 32", "\"statuses\": [{ \"status\": 69, \"outcome\": \"permanent\" }, "
	    "{ \"status\": \"0xffffFFFF\", \"outcome\": \"unknown\" }]");
	s = load(&problems);
	assert_string_equal(buf_str(&problems), "");
	assert_int_equal(s->binds[0].statuses_n, 2);
	assert_int_equal(s->binds[0].statuses[0].status, 0x45);
	assert_int_equal(s->binds[0].statuses[0].outcome, SMPP_OUTCOME_PERMANENT);
	assert_int_equal(s->binds[0].statuses[1].status, 0xffffffff);
	assert_int_equal(s->binds[0].statuses[1].outcome, SMPP_OUTCOME_UNKNOWN);
	settings_free(s);
	buf_clear(&problems);
}

static void
test_tls_of_a_bind(void **state)
{
	struct buf problems = { 0 };
	struct settings *s;
	char path[512];

	(void)state;
	change(MAIN, "\"window\": 32", "\"tls\": {}");
	s = load(&problems);
	assert_string_equal(buf_str(&problems), "");
	assert_true(s->binds[0].has_tls);
	assert_false(s->binds[0].tls.unverified);
	assert_string_equal(s->binds[0].tls.ca_file, "");
	settings_free(s);
	change(MAIN, "\"tls\": {}", "\"tls\": { \"ca_file\": \"mno.password\", \"name\": \"smsc\", "
	    "\"cert_file\": \"mno.password\", \"key_file\": \"acme.password\" }");
	s = load(&problems);
	assert_string_equal(buf_str(&problems), "");
	assert_true(str_format(path, sizeof path, "%s/mno.password", folder));
	assert_string_equal(s->binds[0].tls.ca_file, path);
	assert_string_equal(s->binds[0].tls.name, "smsc");
	settings_free(s);
	write_file("acme.password", "password", 0644);
	change(MAIN, "\"name\": \"smsc\", ", "");
	s = load(&problems);
	assert_null(s);
	assert_non_null(strstr(buf_str(&problems), "key_file: "));
	buf_clear(&problems);
}

static void
test_secret_for_all(void **state)
{
	struct buf problems = { 0 };
	struct settings *s;

	(void)state;
	write_file("mno.password", "secret08\n", 0644);
	assert_problems(1, MAIN, "mno.password",
	    "is a secret that everybody on this machine can read: chmod o-rw it");
	write_file("mno.password", "secret08\n", 0602);
	assert_problems(1, MAIN, "mno.password", "everybody on this machine can write");
	write_file("mno.password", "secret08\n", 0660);
	s = load(&problems);
	assert_non_null(s);
	settings_free(s);
	buf_clear(&problems);
}

static void
test_no_file(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	assert_null(config_load("/nonexistent/isango.json", &problems));
	assert_string_equal(buf_str(&problems),
	    "/nonexistent/isango.json:1: cannot be read: No such file or directory\n");
	buf_clear(&problems);
}

struct manual {
	struct buf text, expected;
	size_t options;
};

static void
find_in_manual(void *arg, const struct option_group *g, const struct option *o)
{
	struct manual *m = arg;

	m->options++;
	buf_reset(&m->expected);
	buf_addf(&m->expected, ENTRY "%s%s\n", g->path, o->name);
	option_describe(o, &m->expected);
	buf_add_char(&m->expected, '\n');
	if (strstr(buf_str(&m->text), buf_str(&m->expected)) == NULL)
		fail_msg(MANUAL " lacks, or says otherwise:\n%s", buf_str(&m->expected));
}

static void
test_manual(void **state)
{
	struct manual m = { 0 };

	(void)state;
	assert_true(file_read(MANUAL, 1 << 20, &m.text));
	options_each(find_in_manual, &m);
	/*
	 * Each entry of the table stands there, so as many entries mean that there is none besides.
	 */
	assert_int_equal(count(buf_str(&m.text), ENTRY), m.options);
	buf_clear(&m.text);
	buf_clear(&m.expected);
}

static void
check_row(void *arg, const struct option_group *g, const struct option *o)
{
	size_t len = strlen(o->help);

	(void)arg;
	(void)g;
	assert_true(o->name[0] != '\0' && len > 1 && o->help[len - 1] == '.');
	assert_true(o->min <= o->max);
	assert_true(o->fallback != NULL || o->needed == 0);
	if (o->type == OPTION_INT)
		assert_int_equal(o->room, sizeof(int));
	if (o->type == OPTION_ID || o->type == OPTION_MONEY)
		assert_int_equal(o->room, sizeof(int64_t));
	if (o->type == OPTION_BOOL)
		assert_int_equal(o->room, sizeof(bool));
	if (o->type == OPTION_TEXT || o->type == OPTION_SECRET || o->type == OPTION_NAME ||
	    o->type == OPTION_URL)
		assert_true(o->max < (int64_t)o->room);
}

static void
test_table(void **state)
{
	(void)state;
	options_each(check_row, NULL);
}

/* A channel over WhatsApp in the place of one that is not needed elsewhere; `more` goes into its own object. */
static void
use_whatsapp(const char *more)
{
	char text[1200];

	write_file("wa.token", "EAAsecret08secret08\n", 0600);
	write_file("wa.secret", "app-secret08-for-tests\n", 0600);
	write_file("wa.verify", "meatyhamhock\n", 0600);
	assert_true(str_format(text, sizeof text, "\"channels\": [\n{ \"name\": \"acme-chat\", \"kind\": \"whatsapp\",\n"
	    "\"whatsapp\": { \"token_file\": \"../wa.token\", \"app_secret_file\": \"../wa.secret\",\n"
	    "\"verify_token_file\": \"../wa.verify\"%s } },\n", more));
	change("tenants.d/acme.json", "\"channels\": [\n", text);
}

#define NUMBER ",\n\"phone_number_id\": \"106540352242922\""

static void
test_whatsapp(void **state)
{
	static const struct mistake wrong[] = {
		{ "", "", NUMBER ",\n\"api_url\": \"http://graph.example.com/v25.0\"", "api_url: the token would be readable",
		    "graph.example.com" },
		{ "", "", ",\n\"phone_number_id\": \"+27870000001\"", "phone_number_id: must be digits", "+27870000001" },
		{ "", "", NUMBER ",\n\"templates\": [{ \"class\": \"result\",\n\"name\": \"My news\", \"language\": \"en\" }]",
		    "is no name of a template", "My news" },
		{ "", "", NUMBER ",\n\"templates\": [{ \"class\": \"result\", \"name\": \"a\", \"language\": \"en\" },\n"
		    "{ \"class\": \"result\", \"name\": \"bb\", \"language\": \"zu\" }]", "are for the same messages",
		    "\"bb\"" },
	};
	struct buf problems = { 0 };
	struct settings *s;
	const struct whatsapp_settings *w;

	use_whatsapp(NUMBER ", \"api_url\": \"http://127.0.0.1:8099/v25.0/\", \"templates\": [{ \"class\": \"notice\", "
	    "\"for\": \"zu\", \"name\": \"news_1\", \"language\": \"zu\", \"text\": \"code\" }]");
	s = load(&problems);
	if (s == NULL)
		fail_msg("%s", buf_str(&problems));
	w = &s->channels[0].whatsapp;
	assert_int_equal(s->channels[0].kind, CHANNEL_WHATSAPP);
	assert_string_equal(w->token, "EAAsecret08secret08");
	assert_string_equal(w->app_secret, "app-secret08-for-tests");
	assert_string_equal(w->api_url, "http://127.0.0.1:8099/v25.0");
	assert_int_equal(s->channels[0].session_s, 1800);
	assert_int_equal(s->channels[0].send_timeout_ms, 10000);
	assert_int_equal(w->throughput, 80);
	assert_false(w->pin_in_chat_kept_for_ever || w->token_in_chat_kept_for_ever);
	assert_int_equal(w->templates_n, 1);
	assert_int_equal(w->templates[0].cls, MSG_NOTICE);
	assert_int_equal(w->templates[0].text, WA_PLACE_CODE);
	settings_free(s);
	for (size_t i = 0; i < NELEM(wrong); i++) {
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
		use_whatsapp(wrong[i].to);
		assert_problems(1, "tenants.d/acme.json", wrong[i].place, wrong[i].says);
	}
}

/* A token in a chat is there for ever: only where the option says so in so many words. */
static void
test_token_in_chat(void **state)
{
	struct buf problems = { 0 };
	struct settings *s;

	(void)state;
	use_whatsapp(NUMBER);
	change("tenants.d/acme.json", "\"token\": [\"acme-sms\"]", "\"token\": [\"acme-sms\", \"acme-chat\"]");
	assert_problems(1, "tenants.d/acme.json", "\"acme-sms\", \"acme-chat\"", "token_in_chat_kept_for_ever");
	change("tenants.d/acme.json", "\"106540352242922\"", "\"106540352242922\", \"token_in_chat_kept_for_ever\": true");
	s = load(&problems);
	assert_non_null(s);
	settings_free(s);
	buf_clear(&problems);
}

/* A chat may be shut to what must be heard. */
static void
test_only_chats(void **state)
{
	struct buf problems = { 0 };
	struct settings *s;

	(void)state;
	use_whatsapp(NUMBER);
	change("tenants.d/acme.json", "\"result\": [\"acme-sms\"]", "\"result\": [\"acme-chat\"]");
	assert_problems(1, "tenants.d/acme.json", "\"acme-chat\"]", "name a channel of SMS behind");
	change("tenants.d/acme.json", "[\"acme-chat\"]", "[\"acme-chat\", \"acme-sms\"]");
	s = load(&problems);
	assert_non_null(s);
	settings_free(s);
	buf_clear(&problems);
}

static void
test_two_channels_of_a_number(void **state)
{
	(void)state;
	use_whatsapp(NUMBER);
	change("tenants.d/acme.json", "\"channels\": [\n", "\"channels\": [\n{ \"name\": \"twin\", \"kind\": \"whatsapp\","
	    "\n\"whatsapp\": { \"token_file\": \"../wa.token\", \"app_secret_file\": \"../wa.secret\", "
	    "\"verify_token_file\": \"../wa.verify\", \"phone_number_id\": \"106540352242922\" } },\n");
	assert_problems(1, "tenants.d/acme.json", "\"106540352242922\" } },\n    {", "a number is one channel");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test_setup_teardown(test_sample, set_up, tear_down),
		cmocka_unit_test_teardown(test_mistakes, tear_down),
		cmocka_unit_test_setup_teardown(test_screen_of_a_bind, set_up, tear_down),
		cmocka_unit_test_teardown(test_dialects, tear_down),
		cmocka_unit_test_setup_teardown(test_pin_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_tenants, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_in_one_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_statuses_of_a_bind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tls_of_a_bind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_secret_for_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_whatsapp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_token_in_chat, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_chats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_channels_of_a_number, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
