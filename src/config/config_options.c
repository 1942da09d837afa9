/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See config_options.h. Order matters in one way: what a row names (binds, channels) stands above
 * it.
 */
#include "config/config_options.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "core/money.h"
#include "core/subscriber.h"
#include "core/ussd_dialect.h"

#define IN(s, m) .at = offsetof(struct s, m), .room = sizeof(((struct s *)0)->m)
#define COUNT(s, m) .count = offsetof(struct s, m)
#define ALSO(s, m) .also = offsetof(struct s, m)
#define ITEMS(s, m) .at = offsetof(struct s, m), .room = sizeof(((struct s *)0)->m[0])
#define ROUTE(class) .at = offsetof(struct tenant_settings, routes[class]), .room = sizeof(int), \
	.count = offsetof(struct tenant_settings, routes_n[class]), .min = 0, .max = ROUTES_MAX
#define TEXT(s, m, least) IN(s, m), .min = (least), .max = (int64_t)sizeof(((struct s *)0)->m) - 1
#define RANGE(a, b) .min = (a), .max = (b)
#define GROUP(where, rows, ...) \
	{ .path = (where), .options = (rows), .n = NELEM(rows), __VA_ARGS__ }
#define INLINE .present = SIZE_MAX
#define KIND(k) (1u << (k))
#define SMPP (KIND(CHANNEL_USSD_SMPP) | KIND(CHANNEL_SMS_SMPP))
#define USSD (KIND(CHANNEL_USSD_SMPP) | KIND(CHANNEL_USSD_HTTP))

#define REQUIRED NULL
#define OPTIONAL ""

static const char *const currency_words[] = { "ZAR", NULL };
static const char *const give_back_words[] = { "CANCELLED", "TIMEOUT", "ERROR", NULL };
static const char *const mode_words[] = { "transceiver", "transmitter", "receiver", NULL };
static const char *const dcs0_words[] = { "gsm7", "ucs2", "latin1", "ascii", NULL };
/* As enum smpp_outcome. */
static const char *const outcome_words[] = { "", "slow", "few", "permanent", "rebind", "unknown",
	NULL };
static const char *const long_words[] = { "udh8", "udh16", "sar", "payload", NULL };
static const char *const validity_words[] = { "relative", "absolute", "none", NULL };
static const char *const receipts_words[] = { "final", "final_and_intermediate", "none", NULL };
static const char *const id_form_words[] = { "text", "decimal", "hex", NULL };
static const char *const ussd_dialect_words[] = {
	[USSD_ITS] = "its", [USSD_MICA] = "mica", [USSD_SIXDEE] = "sixdee", [USSD_DIGITALPULSE] = "digitalpulse",
	[USSD_TOPS] = "tops", [USSD_HUAWEI] = "huawei", [USSD_SMPP_PLUS] = "smpp_plus",
	[USSD_VENDOR_TLV] = "vendor_tlv", [USSD_OP_IGNORED] = "no_op", [USSD_PRESETS] = NULL
};
static const char *const session_id_words[] = {
	[SESSION_ITS_OCTET1] = "its_octet1", [SESSION_ITS_15BIT] = "its_15bit", [SESSION_UMR16] = "umr16",
	[SESSION_UMR32] = "umr32", [SESSION_VENDOR_TLV] = "vendor_tlv", [SESSION_MSISDN] = "msisdn", NULL
};
static const char *const turn_identity_words[] = { "its_sequence", "nothing", NULL };
static const char *const unknown_op_words[] = { "input", "abort", NULL };
static const char *const code_from_words[] = { "destination_addr", "short_message", "both", NULL };
static const char *const send_as_words[] = { "submit_sm", "data_sm", NULL };
static const char *const channel_kind_words[] = { "ussd-smpp", "ussd-http", "sms-smpp", NULL };
static const char *const dialect_words[] = { "africastalking", NULL };
static const char *const acts_as_words[] = { "tenant", "customer", NULL };
static const char *const pin_check_words[] = { "login", "local", NULL };
static const char *const token_sms_words[] = { "", "gateway", "wallet_core", NULL };

const struct kind_settings options_kinds[] = {
	{ "ZA_PAYCORP_ATM", "kind.ZA_PAYCORP_ATM", true, 5000, 300000, 5000, 72 },
	{ "ZA_PNP_CASH", "kind.ZA_PNP_CASH", true, 5000, 300000, 1000, 72 },
};
const size_t options_kinds_n = NELEM(options_kinds);

#define OPS(m) ITEMS(bind_settings, ussd.m), COUNT(bind_settings, ussd.m##_n), RANGE(0, USSD_OPS_MAX)

/* All but the dialect are left out here: rules.c takes them from its preset. */
static const struct option ussd_rows[] = {
	{ "dialect", OPTION_WORD, "its", IN(bind_settings, ussd.preset), .words = ussd_dialect_words,
	    .help = "How the USSD gateway speaks. Each option below that is left out has the value of this dialect; "
	    "see USSD DIALECTS." },
	{ "ignores_op", OPTION_BOOL, OPTIONAL, IN(bind_settings, ussd.ignores_op),
	    .help = "What they send as ussd_service_op means nothing, or it is not sent at all: a message with our "
	    "service_type is USSD (with an empty service_type everything but receipts is), and a dialled string begins "
	    "a dialogue." },
	{ "session_id", OPTION_WORD, OPTIONAL, IN(bind_settings, ussd.session_id),
	    .words = session_id_words,
	    .help = "What tells the dialogues of one phone apart: octet 1 of its_session_info, its upper 15 bits, "
	    "user_message_reference of 16 or 32 bits, the TLV session_tlv, or nothing but the phone." },
	{ "session_tlv", OPTION_INT, OPTIONAL, RANGE(1, 65535), IN(bind_settings, ussd.session_tlv),
	    .help = "The tag of the TLV that holds the session's id, in decimal; needed by, and only for, session_id "
	    "\"vendor_tlv\"." },
	{ "turn_identity", OPTION_WORD, OPTIONAL, IN(bind_settings, ussd.turn_identity),
	    .words = turn_identity_words,
	    .help = "What tells a repeated input from a new one: the sequence in "
	    "its_session_info, or nothing." },
	{ "begin_ops", OPTION_NATURALS, OPTIONAL, OPS(begin_ops),
	    .help = "The ussd_service_op of messages that begin a dialogue; also written \"0x01\"." },
	{ "continue_ops", OPTION_NATURALS, OPTIONAL, OPS(continue_ops),
	    .help = "The ussd_service_op of a customer's answer." },
	{ "abort_ops", OPTION_NATURALS, OPTIONAL, OPS(abort_ops),
	    .help = "The ussd_service_op of messages that end a dialogue; nothing is answered." },
	{ "unknown_op", OPTION_WORD, OPTIONAL, IN(bind_settings, ussd.unknown_op), .words = unknown_op_words,
	    .help = "What any other ussd_service_op is taken for." },
	{ "op_continue", OPTION_INT, OPTIONAL, RANGE(0, 255), IN(bind_settings, ussd.op_continue),
	    .help = "The ussd_service_op of a screen that waits for input." },
	{ "op_end", OPTION_INT, OPTIONAL, RANGE(0, 255), IN(bind_settings, ussd.op_end),
	    .help = "The ussd_service_op of a last screen." },
	{ "op_release", OPTION_INT, OPTIONAL, RANGE(-1, 255), IN(bind_settings, ussd.op_release),
	    .help = "The ussd_service_op that ends a dialogue without a text; -1: the gateway knows none." },
	{ "op_push", OPTION_INT, OPTIONAL, RANGE(0, 255), IN(bind_settings, ussd.op_push),
	    .help = "The ussd_service_op of the first screen of a dialogue that we begin." },
	{ "op_push_end", OPTION_INT, OPTIONAL, RANGE(0, 255), IN(bind_settings, ussd.op_push_end),
	    .help = "The ussd_service_op of the last screen of a dialogue that we began." },
	{ "end_bit", OPTION_BOOL, OPTIONAL, IN(bind_settings, ussd.end_bit),
	    .help = "Bit 0 of its_session_info is the end of the dialogue: set on a last screen, and obeyed in what "
	    "they send." },
	{ "echo_tlvs", OPTION_NATURALS, OPTIONAL, .at = offsetof(struct bind_settings, ussd.echo_tlvs),
	    .room = sizeof(int), COUNT(bind_settings, ussd.echo_tlvs_n), RANGE(0, USSD_ECHO_MAX),
	    .help = "Tags of TLVs, also written \"0x1401\", that an answer carries as they came." },
	{ "code_from", OPTION_WORD, OPTIONAL, IN(bind_settings, ussd.code_from), .words = code_from_words,
	    .help = "Where the dialled code stands when a dialogue begins; both: short_message, else "
	    "destination_addr." },
	{ "service_type", OPTION_TEXT, OPTIONAL, TEXT(bind_settings, ussd.service_type, 0),
	    .help = "The service_type of what is sent." },
	{ "send_as", OPTION_WORD, OPTIONAL, IN(bind_settings, ussd.send_as), .words = send_as_words,
	    .help = "What carries a screen; data_sm always has its text in message_payload." },
	{ "payload", OPTION_BOOL, OPTIONAL, IN(bind_settings, ussd.payload),
	    .help = "The text of a submit_sm is in message_payload too." },
	{ "max_septets", OPTION_INT, OPTIONAL, RANGE(92, 182), IN(bind_settings, ussd.max_septets),
	    .help = "Septets of one screen that the network carries, 182 in all dialects; many cut at 160. Other "
	    "alphabets get as many octets as those septets fill: 80 characters of UCS-2 for 182." },
	{ "reply_s", OPTION_INT, OPTIONAL, RANGE(1, 60), IN(bind_settings, ussd.reply_s),
	    .help = "Seconds, 5 in all dialects, after which a screen that could not be written is given up and the "
	    "dialogue ended." },
};
const struct option_group options_ussd = GROUP("binds[].ussd.", ussd_rows,
    .present = offsetof(struct bind_settings, has_ussd));

static const struct option statuses_rows[] = {
	{ "status", OPTION_STATUS, REQUIRED, RANGE(1, UINT32_MAX), IN(smpp_outcome_rule, status),
	    .help = "The command_status of a submit_sm_resp or data_sm_resp." },
	{ "outcome", OPTION_WORD, REQUIRED, IN(smpp_outcome_rule, outcome), .words = outcome_words,
	    .help = "What it means: not sent and to be sent more slowly, not sent but worth a few "
	    "tries, refused for good, not sent until the link has bound again, or perhaps sent." },
};
static const struct option_group statuses_group = GROUP("binds[].statuses[].", statuses_rows,
    .list = LIST_STATUSES, .size = sizeof(struct smpp_outcome_rule));

static const struct option tls_rows[] = {
	{ "ca_file", OPTION_FILE, OPTIONAL, TEXT(bind_settings, tls.ca_file, 1),
	    .help = "The authorities (PEM) that may vouch for the SMSC, or its own certificate; left "
	    "out: those that this system trusts." },
	{ "cert_file", OPTION_FILE, OPTIONAL, TEXT(bind_settings, tls.cert_file, 1),
	    .help = "Our own certificate and its chain (PEM), where the SMSC asks for one." },
	{ "key_file", OPTION_FILE, OPTIONAL, TEXT(bind_settings, tls.key_file, 1),
	    .help = "The key of cert_file (PEM, without a passphrase); for nobody else to read." },
	{ "name", OPTION_TEXT, OPTIONAL, TEXT(bind_settings, tls.name, 1),
	    .help = "The name or address that must stand in the SMSC's certificate; left out: host." },
	{ "unverified", OPTION_BOOL, "false", IN(bind_settings, tls.unverified),
	    .help = "Takes any certificate: whoever gets between can be the SMSC, read tokens and the "
	    "bind's password, and answer in its place." },
};
static const struct option_group tls_group = GROUP("binds[].tls.", tls_rows,
    .present = offsetof(struct bind_settings, has_tls));
#define ID_FORM(which) IN(bind_settings, receipt_ids.which), .words = id_form_words
static const struct option receipt_ids_rows[] = {
	{ "response", OPTION_WORD, "text", ID_FORM(response),
	    .help = "The id in a submit_sm_resp. Where it is hex and that of a receipt is decimal, or "
	    "the other way round, receipts match only if it is said here; text and decimal are "
	    "compared as they are, but for leading zeros and case." },
	{ "text", OPTION_WORD, "text", ID_FORM(text),
	    .help = "The id in the text of a delivery receipt." },
	{ "tlv", OPTION_WORD, "text", ID_FORM(tlv),
	    .help = "The receipted_message_id of a delivery receipt. Where a receipt carries both, "
	    "either may match." },
};
static const struct option_group receipt_ids_group = GROUP("binds[].receipt_ids.",
    receipt_ids_rows, INLINE);

static const struct option bind_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(bind_settings, name, 1),
	    .help = "What channels call it." },
	{ "smsc", OPTION_NAME, OPTIONAL, TEXT(bind_settings, smsc, 1),
	    .help = "A name that all binds to the same SMSC share: receipts of what one of them sent are "
	    "then known on the others too. Left out: that of a transmitter and a receiver is its own where host "
	    "and system_id are the same, or where the transmitter is the only one." },
	{ "host", OPTION_TEXT, REQUIRED, TEXT(bind_settings, host, 1),
	    .help = "Address of the SMSC. Numeric is best: a name is looked up when the link "
	    "opens." },
	{ "port", OPTION_INT, "2775", RANGE(1, 65535), IN(bind_settings, port),
	    .help = "TCP port of the SMSC." },
	{ "system_id", OPTION_TEXT, REQUIRED, TEXT(bind_settings, system_id, 1),
	    .help = "Who binds." },
	{ "password_file", OPTION_SECRET, REQUIRED, TEXT(bind_settings, password, 1),
	    .help = "The password of the bind." },
	{ "system_type", OPTION_TEXT, "", TEXT(bind_settings, system_type, 0),
	    .help = "The system_type of the bind." },
	{ "mode", OPTION_WORD, "transceiver", IN(bind_settings, mode), .words = mode_words,
	    .help = "The kind of bind." },
	{ "links", OPTION_INT, "1", RANGE(1, 16), IN(bind_settings, links),
	    .help = "Connections of the whole installation." },
	{ "window", OPTION_INT, "32", RANGE(1, 1000), IN(bind_settings, window),
	    .help = "Requests of one link that may wait for their response." },
	{ "throughput", OPTION_INT, "100", RANGE(0, 10000), IN(bind_settings, throughput),
	    .help = "Submits a second over all links; 0 does not pace." },
	{ "enquire_link_s", OPTION_INT, "30", RANGE(1, 3600), IN(bind_settings, enquire_link_s),
	    .help = "Seconds of silence before the link is tried with enquire_link." },
	{ "response_s", OPTION_INT, "30", RANGE(1, 300), IN(bind_settings, response_s),
	    .help = "Seconds that a response may take." },
	{ "reconnect_s", OPTION_SPAN, "[1, 60]", RANGE(1, 3600),
	    .at = offsetof(struct bind_settings, reconnect_min_s),
	    .room = sizeof(int), ALSO(bind_settings, reconnect_max_s),
	    .help = "Shortest and longest pause in seconds before a lost link is opened again." },
	{ "link_lease_s", OPTION_INT, "10", RANGE(2, 60), IN(bind_settings, link_lease_s),
	    .help = "Seconds after which another process takes the links of one that has died; a process "
	    "that cannot reach Redis for so long closes its own." },
	{ "source_ton", OPTION_INT, "-1", RANGE(-1, 6), IN(bind_settings, source_ton),
	    .help = "Type of number of what we send from; -1 chooses by the address." },
	{ "source_npi", OPTION_INT, "-1", RANGE(-1, 18), IN(bind_settings, source_npi),
	    .help = "Numbering plan of what we send from; -1 chooses by the address." },
	{ "dest_ton", OPTION_INT, "-1", RANGE(-1, 6), IN(bind_settings, dest_ton),
	    .help = "Type of number of whom we send to; -1 chooses by the address." },
	{ "dest_npi", OPTION_INT, "-1", RANGE(-1, 18), IN(bind_settings, dest_npi),
	    .help = "Numbering plan of whom we send to; -1 chooses by the address." },
	{ "dcs0", OPTION_WORD, "gsm7", IN(bind_settings, dcs0), .words = dcs0_words,
	    .help = "The alphabet that data_coding 0 stands for, both ways." },
	{ "tls", OPTION_GROUP, OPTIONAL, .group = &tls_group,
	    .help = "The links are TLS, 1.2 or later; {} verifies the SMSC by its host." },
	{ "statuses", OPTION_LIST, "[]", RANGE(0, STATUSES_MAX), .group = &statuses_group,
	    .help = "Statuses that this SMSC uses in its own way; what is not named here means what "
	    "SMPP says." },
	{ "long_messages", OPTION_WORD, "udh8", IN(bind_settings, long_way), .words = long_words,
	    .help = "How the parts of a long message say that they belong together: a user data "
	    "header with a reference of 8 or of 16 bits, TLVs (sar), or not at all: whole in "
	    "message_payload, up to 1024 octets, and the SMSC cuts it." },
	{ "parts_max", OPTION_INT, "8", RANGE(1, SEGMENT_PARTS), IN(bind_settings, parts_max),
	    .help = "SMS that one message may cost; a longer one is refused and counted." },
	{ "validity", OPTION_WORD, "relative", IN(bind_settings, validity), .words = validity_words,
	    .help = "How the SMSC is told until when a message is worth delivering: "
	    "validity_period as a span, as a time in UTC, or left empty for one that refuses both." },
	{ "receipts", OPTION_WORD, "final", IN(bind_settings, receipts), .words = receipts_words,
	    .help = "The delivery receipts that are asked for. With none, messages stay at \"sent\"." },
	{ "priority", OPTION_BOOL, "false", IN(bind_settings, priority),
	    .help = "Sets priority_flag: 2 for tokens, 1 for results, 0 for notices. Some SMSCs charge for it "
	    "or refuse it." },
	{ "receipt_ids", OPTION_GROUP, "{}", .group = &receipt_ids_group,
	    .help = "How the SMSC writes the ids of messages." },
	{ "ussd", OPTION_GROUP, OPTIONAL, .group = &options_ussd,
	    .help = "The bind carries USSD, in this dialect." },
};
static const struct option_group bind_group = GROUP("binds[].", bind_rows, .list = LIST_BINDS,
    .size = sizeof(struct bind_settings));

static const struct option channel_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(channel_settings, name, 1),
	    .help = "What routes call it; of a USSD channel over HTTP also the last part of its "
	    "address, /ussd/NAME." },
	{ "kind", OPTION_WORD, REQUIRED, IN(channel_settings, kind), .words = channel_kind_words,
	    .help = "What it is." },
	{ "bind", OPTION_BIND, OPTIONAL, IN(channel_settings, bind), .only = SMPP, .needed = SMPP,
	    .help = "The bind that it uses." },
	{ "service_codes", OPTION_CODES, OPTIONAL, ITEMS(channel_settings, service_codes), RANGE(1,
	    CODES_MAX),
	    COUNT(channel_settings, service_codes_n), .only = USSD, .needed = USSD,
	    .help = "The codes that customers dial to reach this tenant, as \"*120*384#\"." },
	{ "dialect", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, dialect, 1),
	    .words = dialect_words,
	    .only = KIND(CHANNEL_USSD_HTTP), .needed = KIND(CHANNEL_USSD_HTTP),
	    .help = "Whose requests they are." },
	{ "key_file", OPTION_SECRET, OPTIONAL, .at = offsetof(struct channel_settings, key),
	    .room = sizeof(((struct channel_settings *)0)->key), RANGE(16, 128),
	    .only = KIND(CHANNEL_USSD_HTTP),
	    .help = "The secret that each request carries as ?key=." },
	{ "from", OPTION_NETS, OPTIONAL, ITEMS(channel_settings, from), RANGE(1, NETS_MAX),
	    COUNT(channel_settings, from_n), .only = KIND(CHANNEL_USSD_HTTP),
	    .help = "The addresses that may call; all of them when left out, and then key_file "
	    "must be there." },
	{ "sender", OPTION_TEXT, OPTIONAL, TEXT(channel_settings, sender, 1),
	    .only = KIND(CHANNEL_SMS_SMPP),
	    .needed = KIND(CHANNEL_SMS_SMPP),
	    .help = "The source address of its messages: up to 11 letters and digits, "
	    "or a number." },
	{ "inbound", OPTION_NUMBERS, OPTIONAL, ITEMS(channel_settings, inbound), RANGE(1, CODES_MAX),
	    COUNT(channel_settings, inbound_n), .only = KIND(CHANNEL_SMS_SMPP),
	    .help = "Further numbers of the bind whose SMS are this tenant's; those to the sender are in any "
	    "case, where it is a number." },
	{ "max_septets", OPTION_INT, OPTIONAL, RANGE(92, 182), IN(channel_settings, max_septets),
	    .only = USSD,
	    .help = "Septets of one screen; left out: those of the bind, and 160 over HTTP." },
	{ "session_s", OPTION_INT, "180", RANGE(10, 1800), IN(channel_settings, session_s),
	    .only = USSD,
	    .help = "Seconds after which the network ends a dialogue." },
};
static const struct option_group channel_group = GROUP("tenant.channels[].", channel_rows,
    .list = LIST_CHANNELS,
    .size = sizeof(struct channel_settings));

static const struct option kind_rows[] = {
	{ "type", OPTION_NAME, REQUIRED, TEXT(kind_settings, type, 1),
	    .help = "What the wallet core calls it." },
	{ "name", OPTION_TEXT, OPTIONAL, TEXT(kind_settings, name, 1),
	    .help = "The key of its name in the templates; left out: \"kind.\" and the type." },
	{ "token", OPTION_BOOL, "true", IN(kind_settings, token),
	    .help = "A token comes out of it, which counts towards the limit." },
	{ "min", OPTION_MONEY, REQUIRED, RANGE(1, MONEY_MAX), IN(kind_settings, min),
	    .help = "Smallest amount." },
	{ "max", OPTION_MONEY, REQUIRED, RANGE(1, MONEY_MAX), IN(kind_settings, max),
	    .help = "Largest amount." },
	{ "step", OPTION_MONEY, REQUIRED, RANGE(1, MONEY_MAX), IN(kind_settings, step),
	    .help = "Amounts are whole multiples of it." },
	{ "expires_h", OPTION_INT, "72", RANGE(1, 720), IN(kind_settings, expires_h),
	    .help = "Hours that a token stays usable." },
};
static const struct option_group kind_group = GROUP("tenant.kinds[].", kind_rows,
    .list = LIST_KINDS,
    .size = sizeof(struct kind_settings));

static const struct option route_rows[] = {
	{ "token", OPTION_ROUTE, "[]", ROUTE(MSG_TOKEN),
	    .help = "Channels for withdrawal tokens, in the order tried; SMS only." },
	{ "result", OPTION_ROUTE, "[]", ROUTE(MSG_RESULT),
	    .help = "Channels for outcomes of payments, in the order tried." },
	{ "notice", OPTION_ROUTE, "[]", ROUTE(MSG_NOTICE),
	    .help = "Channels for everything else, in the order tried." },
};
static const struct option_group route_group = GROUP("tenant.routes.", route_rows, INLINE);

static const struct option integrator_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(integrator_settings, name, 1),
	    .help = "Who it is; also the name to log in with." },
	{ "key_sha256_file", OPTION_HASH, REQUIRED, IN(integrator_settings, key_sha256),
	    .help = "The SHA-256 of its key; the key itself is not kept." },
	{ "wallets", OPTION_IDS, REQUIRED, ITEMS(integrator_settings, wallets), RANGE(1,
	    WALLETS_MAX),
	    COUNT(integrator_settings, wallets_n),
	    .help = "The wallets that it may withdraw from." },
	{ "token_sms", OPTION_WORD, REQUIRED, IN(integrator_settings, token_sms),
	    .words = token_sms_words,
	    .help = "Who sends the token. No default: it decides whose limit the wallet core "
	    "counts." },
	{ "day_amount", OPTION_MONEY, "0.00", RANGE(0, MONEY_MAX), IN(integrator_settings,
	    day_amount),
	    .help = "Withdrawn in a day at most; 0.00 sets no cap." },
	{ "day_count", OPTION_INT, "0", RANGE(0, 1000000), IN(integrator_settings, day_count),
	    .help = "Withdrawals in a day at most; 0 sets no cap." },
	{ "callback_allow", OPTION_HOSTS, OPTIONAL, ITEMS(integrator_settings, callback_allow), RANGE(1, NETS_MAX),
	    COUNT(integrator_settings, callback_allow_n),
	    .help = "Hosts, and blocks of addresses, that a callbackUrl may lead to although they are internal, and over "
	    "http too where the URL names them. All others must be https, and of the public internet." },
	{ "callback_key_file", OPTION_SECRET, OPTIONAL, TEXT(integrator_settings, callback_key, 8),
	    .help = "The key that callbacks to it are signed with, as the wallet core signs its own "
	    "(Eclipse-Signature); left out: they are not signed." },
};
static const struct option_group integrator_group = GROUP("tenant.integrators[].", integrator_rows,
    .list = LIST_INTEGRATORS, .size = sizeof(struct integrator_settings));

static const struct option wallet_rows[] = {
	{ "url", OPTION_URL, REQUIRED, TEXT(tenant_settings, wallet.url, 1),
	    .help = "Where the wallet core is, without a path." },
	{ "tenant_id", OPTION_ID, REQUIRED, RANGE(1, INT64_MAX), IN(tenant_settings,
	    wallet.tenant_id),
	    .help = "The tenant's number there." },
	{ "identity", OPTION_TEXT, REQUIRED, TEXT(tenant_settings, wallet.identity, 3),
	    .help = "The identity of the gateway's service user." },
	{ "password_file", OPTION_SECRET, REQUIRED, TEXT(tenant_settings, wallet.password, 3),
	    .help = "The password of the service user." },
	{ "wallet_type_id", OPTION_INT, REQUIRED, RANGE(1, INT32_MAX), IN(tenant_settings,
	    wallet.wallet_type_id),
	    .help = "The type of the wallets that customers get and use here." },
	{ "acts_as", OPTION_WORD, "customer", IN(tenant_settings, wallet.acts_as_customer),
	    .words = acts_as_words,
	    .help = "Whose login payments are made with." },
	{ "pin_check", OPTION_WORD, "login", IN(tenant_settings, wallet.pin_check),
	    .words = pin_check_words,
	    .help = "How a PIN is checked: by the customer's login at the wallet core, or against "
	    "a MAC kept here." },
	{ "pin_key_file", OPTION_KEY, REQUIRED, IN(tenant_settings, wallet.pin_key),
	    ALSO(tenant_settings, wallet.pin_key_id),
	    .help = "The key that passwords and MACs are made with from PINs, as isango keygen "
	    "writes it. Losing it locks "
	    "every customer out." },
	{ "identity_prefix", OPTION_TEXT, "ig-", TEXT(tenant_settings, wallet.identity_prefix, 1),
	    .help = "Begins the identities that customers get at the wallet core, which are "
	    "unique over its whole platform." },
	{ "password_prefix", OPTION_TEXT, "", TEXT(tenant_settings, wallet.password_prefix, 0),
	    .help = "Begins the passwords that are made from PINs, for a passwordRegEx of the "
	    "tenant." },
	{ "token_sms", OPTION_WORD, REQUIRED, IN(tenant_settings, wallet.token_sms),
	    .words = token_sms_words,
	    .help = "Who sends the token. No default: it decides whose limit the wallet core "
	    "counts." },
	{ "timeout_read_ms", OPTION_INT, "4000", RANGE(100, 60000), IN(tenant_settings,
	    wallet.timeout_read_ms),
	    .help = "Milliseconds that a call which changes nothing may take." },
	{ "timeout_money_ms", OPTION_INT, "30000", RANGE(1000, 120000), IN(tenant_settings,
	    wallet.timeout_money_ms),
	    .help = "Milliseconds that a call which moves money may take." },
	{ "connections", OPTION_INT, "16", RANGE(1, 1000), IN(tenant_settings, wallet.connections),
	    .help = "Connections to the wallet core at once." },
	{ "reserves_at_create", OPTION_BOOL, "false", IN(tenant_settings,
	    wallet.reserves_at_create),
	    .help = "The wallet core sets the money of a token aside when it makes the token." },
	{ "callback_key_file", OPTION_SECRET, OPTIONAL, TEXT(tenant_settings, wallet.callback_key, 8),
	    .help = "The key (HMACOutboundSignatureKey) that the wallet core signs callbacks with. With it, and "
	    "public_url, the core is asked to call back when a withdrawal is over; left out: it is only asked now and "
	    "then." },
	{ "callback_window_s", OPTION_INT, "2592000", RANGE(60, 31536000), IN(tenant_settings,
	    wallet.callback_window_s),
	    .help = "Seconds after its signature within which a callback is taken. The core repeats one for weeks, "
	    "perhaps with its first time; as each only makes the gateway read the withdrawal, an old one does no harm. "
	    "300 where the core is known to sign each repeat anew." },
	{ "follow_per_s", OPTION_INT, "10", RANGE(0, 1000), IN(tenant_settings, wallet.follow_per_s),
	    .help = "Reads a second, of one process, that look after tokens which only wait; what customers ask is "
	    "not counted, and goes first. 0 sets no bound." },
	{ "follow_longest_s", OPTION_INT, "600", RANGE(60, 86400), IN(tenant_settings, wallet.follow_longest_s),
	    .help = "Seconds between two reads of an old token at most, where the core does not call back." },
	{ "follow_called_s", OPTION_INT, "3600", RANGE(60, 86400), IN(tenant_settings, wallet.follow_called_s),
	    .help = "The same where it does." },
};
static const struct option_group wallet_group = GROUP("tenant.wallet_core.", wallet_rows, INLINE);

static const struct option tenant_rows[] = {
	{ "name", OPTION_NAME, REQUIRED, TEXT(tenant_settings, name, 1),
	    .help = "The tenant's name in logs, keys and paths." },
	{ "title", OPTION_TEXT, REQUIRED, TEXT(tenant_settings, title, 1),
	    .help = "Its name as customers read it." },
	{ "menu", OPTION_NAME, REQUIRED, TEXT(tenant_settings, menu, 1),
	    .help = "Its menu: the file MENU.json of menus." },
	{ "sms_menu", OPTION_NAME, OPTIONAL, TEXT(tenant_settings, sms_menu, 1),
	    .help = "The menu of those who write by SMS: a file of menus that asks for nothing private. Left out: "
	    "they get the text of HELP." },
	{ "sms_session_s", OPTION_INT, "900", RANGE(60, 86400), IN(tenant_settings, sms_session_s),
	    .help = "Seconds after which a dialogue by SMS begins anew." },
	{ "sms_answers", OPTION_INT, "20", RANGE(1, 1000), IN(tenant_settings, sms_answers),
	    .help = "Answers by SMS that one phone gets in an hour at most; STOP counts beyond it." },
	{ "languages", OPTION_TEXTS, REQUIRED, ITEMS(tenant_settings, languages), RANGE(1,
	    LANGUAGES_MAX),
	    COUNT(tenant_settings, languages_n),
	    .help = "The languages offered; the first is used where nothing else is known and "
	    "where a text is missing." },
	{ "country", OPTION_TEXT, "27", TEXT(tenant_settings, country, 1),
	    .help = "Dialling code that a leading 0 stands for." },
	{ "help_phone", OPTION_TEXT, "", TEXT(tenant_settings, help_phone, 0),
	    .help = "Whom to call, shown on screens." },
	{ "pin_length", OPTION_INT, "5", RANGE(4, 8), IN(tenant_settings, pin_length),
	    .help = "Digits of a PIN." },
	{ "transfer_fee", OPTION_MONEY, "0.00", RANGE(0, MONEY_MAX), IN(tenant_settings,
	    transfer_fee),
	    .help = "What the wallet core takes for a transfer: shown, and checked against the "
	    "funds." },
	{ "token_phone_day_count", OPTION_ID, "5", RANGE(0, RECENT_PAYMENTS), IN(tenant_settings,
	    token_phone_day_count),
	    .help = "Tokens in a day from one customer to one phone; 0 sets no cap. With a cap, 16 to "
	    "all phones together are the most." },
	{ "result_sms", OPTION_BOOL, "true", IN(tenant_settings, result_sms),
	    .help = "Sends the outcome of a payment to the payer by SMS too." },
	{ "subtract_pending", OPTION_BOOL, "true", IN(tenant_settings, subtract_pending),
	    .help = "Pending tokens lower what may be spent." },
	{ "activated_cap", OPTION_MONEY, "500.00", RANGE(0, MONEY_MAX), IN(tenant_settings,
	    activated_cap),
	    .help = "What may be paid in a day in the first 72 hours after activation." },
	{ "wallet_core", OPTION_GROUP, REQUIRED, .group = &wallet_group,
	    .help = "The tenant's wallet core." },
	{ "channels", OPTION_LIST, "[]", RANGE(0, 64), .group = &channel_group,
	    .help = "How customers reach it." },
	{ "kinds", OPTION_LIST, OPTIONAL, RANGE(1, KINDS_MAX), .group = &kind_group,
	    .help = "Ways to cash out; left out: those below." },
	{ "routes", OPTION_GROUP, "{}", .group = &route_group,
	    .help = "Which messages go which way." },
	{ "integrators", OPTION_LIST, "[]", RANGE(0, 256), .group = &integrator_group,
	    .help = "Systems that may withdraw directly." },
};
static const struct option_group tenant_group = GROUP("tenant.", tenant_rows, .list = LIST_TENANTS,
    .size = sizeof(struct tenant_settings));

static const struct option listen_rows[] = {
	{ "channels", OPTION_ADDRESS, "0.0.0.0:8080", TEXT(settings, listen_channels, 1),
	    .help = "Where channels and integrators are heard. Port 0 takes any free one and logs "
	    "it." },
	{ "admin", OPTION_ADDRESS, "127.0.0.1:8081", TEXT(settings, listen_admin, 1),
	    .help = "Where metrics and health are asked for. Port 0 takes any free one and logs "
	    "it." },
};
static const struct option_group listen_group = GROUP("listen.", listen_rows, INLINE);

static const struct option http_rows[] = {
	{ "connections", OPTION_INT, "1000", RANGE(10, 15000), IN(settings, http_connections),
	    .help = "Connections held at once on each listener." },
	{ "body_max", OPTION_INT, "65536", RANGE(1024, 1048576), IN(settings, http_body_max),
	    .help = "Octets of a request's body." },
	{ "header_s", OPTION_INT, "10", RANGE(1, 60), IN(settings, http_header_s),
	    .help = "Seconds within which a request must have arrived whole." },
};
static const struct option_group http_group = GROUP("http.", http_rows, INLINE);

static const struct option callbacks_rows[] = {
	{ "connections", OPTION_INT, "32", RANGE(1, 1000), IN(settings, callback_connections),
	    .help = "Callbacks to integrators under way at once; one integrator has a quarter of them at most." },
	{ "timeout_ms", OPTION_INT, "10000", RANGE(100, 60000), IN(settings, callback_timeout_ms),
	    .help = "Milliseconds that one of them may take." },
};
static const struct option_group callbacks_group = GROUP("callbacks.", callbacks_rows, INLINE);

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
	    .help = "Seconds that a dropped sign-up can be gone on with." },
	{ "message_tries", OPTION_INT, "8", RANGE(1, 100), IN(settings, message_tries),
	    .help = "Attempts to send one message." },
	{ "drain_s", OPTION_INT, "8", RANGE(1, 60), IN(settings, drain_s),
	    .help = "Seconds that SIGTERM leaves for what is under way." },
	{ "menus", OPTION_FOLDER, "menus", TEXT(settings, menus_dir, 1), .reloadable = true,
	    .help = "The folder of menus." },
	{ "templates", OPTION_FOLDER, "templates", TEXT(settings, templates_dir, 1),
	    .reloadable = true,
	    .help = "The folder of texts, one LANGUAGE.json each." },
	{ "binds", OPTION_LIST, "[]", RANGE(0, 64), .group = &bind_group,
	    .help = "Links to SMSCs." },
	{ "tenants", OPTION_TENANTS, "tenants.d", RANGE(1, 256), .group = &tenant_group,
	    .help = "The folder of tenants, one NAME.json each." },
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
	const char *some[NELEM(channel_kind_words)] = { NULL };
	size_t n = 0;

	for (unsigned i = 0; channel_kind_words[i] != NULL; i++)
		if (kinds & KIND(i))
			some[n++] = channel_kind_words[i];
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
