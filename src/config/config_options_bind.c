/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a bind. What a USSD dialect presets (core/ussd_dialect.c) and which of them contradict each other
 * (rules_ussd.c) is not said here.
 */
#include "config/config_options_rows.h"
#include "core/ussd_dialect.h"

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

#define OPS(m) ITEMS(bind_settings, ussd.m), COUNT(bind_settings, ussd.m##_n), RANGE(0, USSD_OPS_MAX)

/* All but the dialect are left out here: rules_ussd.c takes them from its preset. */
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
	{ "imsi_tlv", OPTION_INT, OPTIONAL, RANGE(1, 65535), IN(bind_settings, ussd.imsi_tlv),
	    .help = "The tag, in decimal, of the TLV in which the network tells the IMSI of the SIM that dials, by which "
	    "a changed SIM is known: see CHANGED SIM. Left out: the network does not tell." },
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
const struct option_group options_bind = GROUP("binds[].", bind_rows, .list = LIST_BINDS,
    .size = sizeof(struct bind_settings));
