/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a tenant's channels; which of them a kind of channel has, and needs, stands in each row. */
#include "config/config_options_rows.h"
#include "core/http_dialect.h"
#include "core/segment.h"
#include "core/sms_provider.h"

#define SMPP (KIND(CHANNEL_USSD_SMPP) | KIND(CHANNEL_SMS_SMPP))
#define HTTP KIND(CHANNEL_USSD_HTTP)
#define SECRET(m) .at = offsetof(struct channel_settings, m), .room = sizeof(((struct channel_settings *)0)->m)
#define WEB (KIND(CHANNEL_USSD_HTTP) | KIND(CHANNEL_SMS_HTTP) | KIND(CHANNEL_WHATSAPP))
#define SMS_HTTP KIND(CHANNEL_SMS_HTTP)
#define SMS (KIND(CHANNEL_SMS_SMPP) | SMS_HTTP)
#define USSD (KIND(CHANNEL_USSD_SMPP) | KIND(CHANNEL_USSD_HTTP))

const char *const options_channel_kinds[] = { "ussd-smpp", "ussd-http", "sms-smpp", "sms-http", "whatsapp", NULL };

static const struct option channel_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(channel_settings, name, 1),
	    .help = "What routes call it; of a USSD channel over HTTP also the last part of its "
	    "address, /ussd/NAME." },
	{ "kind", OPTION_WORD, REQUIRED, IN(channel_settings, kind), .words = options_channel_kinds,
	    .help = "What it is." },
	{ "bind", OPTION_BIND, OPTIONAL, IN(channel_settings, bind), .only = SMPP, .needed = SMPP,
	    .help = "The bind that it uses." },
	{ "service_codes", OPTION_CODES, OPTIONAL, ITEMS(channel_settings, service_codes), RANGE(1,
	    CODES_MAX),
	    COUNT(channel_settings, service_codes_n), .only = USSD, .needed = USSD,
	    .help = "The codes that customers dial to reach this tenant, as \"*120*384#\"." },
	{ "dialect", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, dialect, 1),
	    .words = http_dialect_words,
	    .only = KIND(CHANNEL_USSD_HTTP), .needed = KIND(CHANNEL_USSD_HTTP),
	    .help = "Whose requests they are." },
	{ "key_file", OPTION_SECRET, OPTIONAL, .at = offsetof(struct channel_settings, key),
	    .room = sizeof(((struct channel_settings *)0)->key), RANGE(16, 128),
	    .only = KIND(CHANNEL_USSD_HTTP) | SMS_HTTP,
	    .help = "The secret that each request to us carries as ?key=; of SMS also as a bearer, or as the password of "
	    "basic authentication." },
	{ "header_name", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, header_name, 1), .only = HTTP,
	    .help = "A header that each request carries with the secret of header_key_file, as \"x-api-key\"." },
	{ "header_key_file", OPTION_SECRET, OPTIONAL, SECRET(header_key), RANGE(16, 128), .only = HTTP,
	    .help = "The secret in that header." },
	{ "basic_user", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, basic_user, 1), .only = HTTP,
	    .help = "The user of HTTP basic authentication that each request carries; without a colon." },
	{ "basic_password_file", OPTION_SECRET, OPTIONAL, SECRET(basic_password), RANGE(12, 128), .only = HTTP,
	    .help = "The password of that user." },
	{ "hmac_header", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, hmac_header, 1), .only = HTTP,
	    .help = "A header with the HMAC-SHA256 of each request's body, in hex or base64, perhaps behind "
	    "\"sha256=\"; not for dialects that send no body or say more in the URL." },
	{ "hmac_key_file", OPTION_SECRET, OPTIONAL, SECRET(hmac_key), RANGE(16, 128), .only = HTTP,
	    .help = "The key of that HMAC." },
	{ "takes_imsi", OPTION_BOOL, "false", IN(channel_settings, takes_imsi), .only = HTTP,
	    .help = "The imsi that infobip, mtn-madapi and json tell is that of the SIM which dials: when it changes, "
	    "the SIM has changed. Only for a provider whose imsi was looked at and is true." },
	{ "answer_ms", OPTION_INT, OPTIONAL, RANGE(1000, 30000), IN(channel_settings, answer_ms), .only = HTTP,
	    .help = "Milliseconds within which the provider wants its answer: then the customer is told to dial again, "
	    "and what was begun goes on. Left out: 12000 for africastalking and 8000 for the others." },
	{ "from", OPTION_NETS, OPTIONAL, ITEMS(channel_settings, from), RANGE(1, NETS_MAX),
	    COUNT(channel_settings, from_n), .only = KIND(CHANNEL_USSD_HTTP) | SMS_HTTP,
	    .help = "The addresses that may call; all of them when left out, and then a secret "
	    "must be asked for, or the provider sign what it sends." },
	{ "provider", OPTION_WORD, OPTIONAL, IN(channel_settings, provider), .words = sms_provider_words,
	    .only = SMS_HTTP, .needed = SMS_HTTP,
	    .help = "Who sends the messages; what it sends us comes to /sms/NAME/receipt, /sms/NAME/inbound and "
	    "/sms/NAME/optout of listen.channels." },
	{ "api_url", OPTION_URL, OPTIONAL, TEXT(channel_settings, api_url, 1), .only = SMS_HTTP,
	    .help = "Where the provider's API is, without the path that it documents; of json the whole address. https, "
	    "or on this machine, but for kannel and json. Left out: the provider's usual one, if it has one." },
	{ "user", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, user, 1), .only = SMS_HTTP,
	    .help = "Our account there: the user name, of Twilio the account's SID, of SMSPortal the id of the API key." },
	{ "password_file", OPTION_SECRET, OPTIONAL, .at = offsetof(struct channel_settings, secret),
	    .room = sizeof(((struct channel_settings *)0)->secret), RANGE(1, 256), .only = SMS_HTTP, .needed = SMS_HTTP,
	    .help = "Its password, token or API key." },
	{ "sender", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, sender, 1),
	    .only = SMS,
	    .needed = SMS,
	    .help = "The source address of its messages: up to 11 letters and digits, "
	    "or a number; of Twilio perhaps the SID of a messaging service." },
	{ "inbound", OPTION_NUMBERS, OPTIONAL, ITEMS(channel_settings, inbound), RANGE(1, CODES_MAX),
	    COUNT(channel_settings, inbound_n), .only = SMS,
	    .help = "Further numbers of the bind or the account whose SMS are this tenant's; those to the sender are in any "
	    "case, where it is a number." },
	{ "send_timeout_ms", OPTION_INT, "10000", RANGE(100, 60000), IN(channel_settings, send_timeout_ms),
	    .only = SMS_HTTP,
	    .help = "Milliseconds after which it is not known whether the provider took a message." },
	{ "window", OPTION_INT, "16", RANGE(1, 1000), IN(channel_settings, window), .only = SMS_HTTP,
	    .help = "Messages handed to the provider and not answered yet." },
	{ "throughput", OPTION_INT, "0", RANGE(0, 10000), IN(channel_settings, throughput), .only = SMS_HTTP,
	    .help = "Messages a second, of each process; 0: as many as the window lets through." },
	{ "parts_max", OPTION_INT, "4", RANGE(1, SEGMENT_PARTS), IN(channel_settings, parts_max), .only = SMS_HTTP,
	    .help = "SMS that one message may cost; longer ones are refused." },
	{ "pause_s", OPTION_INT, "30", RANGE(1, 3600), IN(channel_settings, pause_s), .only = SMS_HTTP,
	    .help = "Seconds in which nothing is sent after the provider has refused our account, or for want of credit." },
	{ "max_septets", OPTION_INT, OPTIONAL, RANGE(92, 182), IN(channel_settings, max_septets),
	    .only = USSD,
	    .help = "Septets of one screen; left out: those of the bind, and 160 over HTTP." },
	{ "session_s", OPTION_INT, "180", RANGE(10, 1800), IN(channel_settings, session_s),
	    .only = USSD,
	    .help = "Seconds after which the network ends a dialogue." },
	{ "requests_per_s", OPTION_INT, "1000", RANGE(0, 1000000), IN(channel_settings, requests_per_s), .only = WEB,
	    .help = "Requests a second that it may bring, and at once; more are answered 429. 0: any number." },
	{ "whatsapp", OPTION_GROUP, OPTIONAL, .group = &options_whatsapp, .only = KIND(CHANNEL_WHATSAPP),
	    .needed = KIND(CHANNEL_WHATSAPP),
	    .help = "The number and the account at Meta, and how they are used." },
};
const struct option_group options_channel = GROUP("tenant.channels[].", channel_rows,
    .list = LIST_CHANNELS,
    .size = sizeof(struct channel_settings));
