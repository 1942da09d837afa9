/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a tenant: its wallet core, ways to cash out, routes and integrators. Order matters: what a
 * row names (channels, by routes) stands above it.
 */
#include "config/config_options_rows.h"
#include "core/money.h"
#include "core/subscriber.h"

#define ROUTE(class) .at = offsetof(struct tenant_settings, routes[class]), .room = sizeof(int), \
	.count = offsetof(struct tenant_settings, routes_n[class]), .min = 0, .max = ROUTES_MAX

static const char *const acts_as_words[] = { "tenant", "customer", NULL };
static const char *const pin_check_words[] = { "login", "local", NULL };
static const char *const token_sms_words[] = { "", "gateway", "wallet_core", NULL };

const struct kind_settings options_kinds[] = {
	{ "ZA_PAYCORP_ATM", "kind.ZA_PAYCORP_ATM", true, 5000, 300000, 5000, 72 },
	{ "ZA_PNP_CASH", "kind.ZA_PNP_CASH", true, 5000, 300000, 1000, 72 },
};
const size_t options_kinds_n = NELEM(options_kinds);

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
	{ "requests_per_s", OPTION_INT, "100", RANGE(0, 1000000), IN(integrator_settings, requests_per_s),
	    .help = "Calls a second, and at once; more are answered 429. 0: any number." },
};
static const struct option_group integrator_group = GROUP("tenant.integrators[].", integrator_rows,
    .list = LIST_INTEGRATORS, .size = sizeof(struct integrator_settings));

static const struct option pin_key_rows[] = {
	{ "id", OPTION_INT, REQUIRED, RANGE(0, 255), IN(pin_key, id),
	    .help = "The number of the key, which is the one in its file; it stands in customers' identities." },
	{ "file", OPTION_KEY, REQUIRED, IN(pin_key, key), ALSO(pin_key, file_id),
	    .help = "Its file, made by isango keygen FILE ID." },
};
static const struct option_group pin_key_group = GROUP("tenant.wallet_core.pin_keys[].", pin_key_rows,
    .list = LIST_PIN_KEYS, .size = sizeof(struct pin_key));

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
	{ "pin_key_file", OPTION_KEY, OPTIONAL, IN(tenant_settings, wallet.pin_key),
	    ALSO(tenant_settings, wallet.pin_key_id),
	    .help = "The key that passwords and MACs are made with from PINs, as isango keygen "
	    "writes it. Losing it locks "
	    "every customer out. Either this or pin_keys must be given." },
	{ "pin_keys", OPTION_LIST, "[]", RANGE(0, PIN_KEYS_MAX), .group = &pin_key_group,
	    .help = "Such keys where there are several, the newest first: customers whose PIN was made with another one "
	    "get the newest at their next right PIN. A key may go when no customer needs it any more: "
	    "isango_pin_key_missing_total counts those who do and are told to call." },
	{ "pin_reset_wait_h", OPTION_INT, "24", RANGE(1, 168), IN(tenant_settings, wallet.pin_reset_wait_h),
	    .help = "Hours between a customer's saying that the PIN is forgotten and setting a new one; the old PIN "
	    "cancels it until then." },
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
	{ "waiting", OPTION_INT, "512", RANGE(1, 100000), IN(tenant_settings, wallet.waiting),
	    .help = "Calls that wait for a connection at most; more are refused: try again later." },
	{ "breaker_failures", OPTION_INT, "5", RANGE(1, 1000), IN(tenant_settings,
	    wallet.breaker_failures),
	    .help = "Phones whose calls in a row went without a believable answer, after which customers are "
	    "asked to try again later at once, instead of waiting." },
	{ "breaker_open_s", OPTION_INT, "5", RANGE(1, 60), IN(tenant_settings, wallet.breaker_open_s),
	    .help = "Seconds until such a wallet core is tried again; twice as long after each trial "
	    "that fails, up to a minute." },
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
	    .help = "Reads a second, of all processes together, that look after tokens which only wait; what customers "
	    "ask is not counted, and goes first. 0 sets no bound." },
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
	{ "chat_pushes", OPTION_INT, "5", RANGE(0, 60), IN(tenant_settings, chat_pushes),
	    .help = "How often in an hour a phone is called up, by USSD, for the PIN of what its chat began; beyond it, "
	    "and with 0, the customer is only told what to dial." },
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
	    .help = "What may be paid in a day in the first 72 hours after an activation, a new PIN for a forgotten one, or "
	    "a changed SIM; 0.00 sets no cap." },
	{ "wallet_core", OPTION_GROUP, REQUIRED, .group = &wallet_group,
	    .help = "The tenant's wallet core." },
	{ "channels", OPTION_LIST, "[]", RANGE(0, 64), .group = &options_channel,
	    .help = "How customers reach it." },
	{ "requests_per_s", OPTION_INT, "2000", RANGE(0, 1000000), IN(tenant_settings, requests_per_s),
	    .help = "Requests a second over HTTP, and at once, that all its channels may bring together, so that none of "
	    "them takes the machine from other tenants; more are answered 429. 0: any number." },
	{ "kinds", OPTION_LIST, OPTIONAL, RANGE(1, KINDS_MAX), .group = &kind_group,
	    .help = "Ways to cash out; left out: those below." },
	{ "routes", OPTION_GROUP, "{}", .group = &route_group,
	    .help = "Which messages go which way." },
	{ "integrators", OPTION_LIST, "[]", RANGE(0, 256), .group = &integrator_group,
	    .help = "Systems that may withdraw directly." },
};
const struct option_group options_tenant = GROUP("tenant.", tenant_rows, .list = LIST_TENANTS,
    .size = sizeof(struct tenant_settings));
