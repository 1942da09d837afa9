/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a channel over the WhatsApp Cloud API. */
#include "config/config_options_rows.h"

#define MINE(m) IN(channel_settings, whatsapp.m)
#define MINE_TEXT(m, least) TEXT(channel_settings, whatsapp.m, least)
#define MINE_SECRET(m) .at = offsetof(struct channel_settings, whatsapp.m), \
	.room = sizeof(((struct channel_settings *)0)->whatsapp.m)

static const char *const class_words[] = { "token", "result", "notice", NULL };
static const char *const place_words[] = { "body", "code", NULL };

static const struct option template_rows[] = {
	{ "class", OPTION_WORD, REQUIRED, IN(template_settings, cls), .words = class_words,
	    .help = "Which messages go out in it." },
	{ "for", OPTION_TEXT, OPTIONAL, TEXT(template_settings, for_language, 2),
	    .help = "Only texts of this language of the tenant's; left out: those for which no other template is." },
	{ "name", OPTION_TEXT, REQUIRED, TEXT(template_settings, name, 1),
	    .help = "What Meta knows it by: lower-case letters, digits and \"_\"." },
	{ "language", OPTION_TEXT, REQUIRED, TEXT(template_settings, language, 2),
	    .help = "The code of its language there, as \"en\" or \"en_US\"." },
	{ "text", OPTION_WORD, "body", IN(template_settings, text), .words = place_words,
	    .help = "\"body\": our text is the one parameter of its body; \"code\": an authentication template, whose "
	    "code of up to 15 characters goes into the body and into the button." },
	{ "parameter", OPTION_TEXT, OPTIONAL, TEXT(template_settings, parameter, 1),
	    .help = "The name of the body's parameter, where the template names them." },
};
static const struct option_group template_group = GROUP("tenant.channels[].whatsapp.templates[].", template_rows,
    .list = LIST_TEMPLATES, .size = sizeof(struct template_settings));

static const struct option whatsapp_rows[] = {
	{ "api_url", OPTION_URL, "https://graph.facebook.com/v25.0", MINE_TEXT(api_url, 1),
	    .help = "The Graph API and its version." },
	{ "phone_number_id", OPTION_TEXT, REQUIRED, MINE_TEXT(phone_number_id, 1),
	    .help = "Meta's id of the number that customers write to: digits, and not the number itself." },
	{ "token_file", OPTION_SECRET, REQUIRED, MINE_SECRET(token), RANGE(16, 511),
	    .help = "The access token of a system user who may send from that number." },
	{ "app_secret_file", OPTION_SECRET, REQUIRED, MINE_SECRET(app_secret), RANGE(16, 128),
	    .help = "The secret of the app, with which Meta signs webhooks." },
	{ "verify_token_file", OPTION_SECRET, REQUIRED, MINE_SECRET(verify_token), RANGE(8, 128),
	    .help = "The word that was given to Meta with the webhook's address, PUBLIC/whatsapp/NAME." },
	{ "templates", OPTION_LIST, "[]", .group = &template_group, RANGE(0, TEMPLATES_MAX),
	    .help = "What may be said when a customer has not written for 24 hours; without one for its class a message "
	    "then takes its next route." },
	{ "throughput", OPTION_INT, "80", RANGE(1, 1000), MINE(throughput),
	    .help = "Messages a second that the number may send, of all processes together." },
	{ "pair_per_minute", OPTION_INT, "10", RANGE(1, 600), MINE(pair_per_minute),
	    .help = "Messages a minute to one customer in the long run, of each process." },
	{ "pair_burst", OPTION_INT, "40", RANGE(1, 1000), MINE(pair_burst),
	    .help = "Messages to one customer that may go out at once, if nothing was sent before." },
	{ "pairs_max", OPTION_INT, "20000", RANGE(100, 1000000), MINE(pairs_max),
	    .help = "Customers whose pace is remembered, those written to last; beyond it the network's own word counts." },
	{ "webhook_max", OPTION_INT, "65536", RANGE(1024, 1048576), MINE(webhook_max),
	    .help = "Octets of a webhook at most; http.body_max bounds it too." },
	{ "read_marks", OPTION_INT, "50", RANGE(0, 1000), MINE(read_marks),
	    .help = "Read marks, with the sign that an answer is being written, that may be under way at once; 0: none "
	    "are sent." },
	{ "stop_s", OPTION_INT, "60", RANGE(1, 3600), MINE(stop_s),
	    .help = "Seconds that nothing is sent after the token or the account was refused; then one message tries." },
	{ "send_timeout_ms", OPTION_INT, "10000", RANGE(1000, 60000), IN(channel_settings, send_timeout_ms),
	    .help = "The longest that a call may take; a message whose call took longer may have been sent." },
	{ "session_s", OPTION_INT, "1800", RANGE(60, 86400), IN(channel_settings, session_s),
	    .help = "Seconds after the last message when a dialogue is over." },
	{ "pin_in_chat_kept_for_ever", OPTION_BOOL, "false", MINE(pin_in_chat_kept_for_ever),
	    .help = "The PIN may be typed into the chat. It stays there for ever, on every device of the customer and in "
	    "backups, and whoever gets the number next may see it. Otherwise what needs the PIN is confirmed over USSD." },
	{ "token_in_chat_kept_for_ever", OPTION_BOOL, "false", MINE(token_in_chat_kept_for_ever),
	    .help = "Tokens may be sent into the chat, where they stay for ever; routes.token may name this channel then." },
};
const struct option_group options_whatsapp = GROUP("tenant.channels[].whatsapp.", whatsapp_rows,
    .present = offsetof(struct channel_settings, has_whatsapp));
