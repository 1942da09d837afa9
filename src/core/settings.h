/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says, as plain data that every layer may read. Filled by src/config from its option
 * table; owned by the program, outlives everything else. Times in the unit of the member's suffix.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/forwarded.h"
#include "core/gsm.h"
#include "core/operator.h"
#include "core/segment.h"
#include "core/smpp_outcome.h"
#include "core/wa_message.h"

#define NAME_MAX_OCTETS 48		/* names of tenants, channels, binds, integrators */
#define LANGUAGES_MAX 12
#define KINDS_MAX 8
#define ROUTES_MAX 4
#define CODES_MAX 8
#define NETS_MAX 8
#define WALLETS_MAX 32
#define STATUSES_MAX 32

/* How an SMSC writes a message's id: the order of the words in config_options.c. */
enum id_form { ID_TEXT, ID_DECIMAL, ID_HEX };
struct receipt_ids {
	enum id_form response, text, tlv;	/* submit_sm_resp, a receipt's text, receipted_message_id */
};

enum bind_mode { BIND_TRANSCEIVER, BIND_TRANSMITTER, BIND_RECEIVER };
enum validity_form { VALIDITY_RELATIVE, VALIDITY_ABSOLUTE, VALIDITY_NONE };
enum receipts_wanted { RECEIPTS_FINAL, RECEIPTS_FINAL_AND_INTERMEDIATE, RECEIPTS_NONE };

#define USSD_OPS_MAX 8
#define USSD_ECHO_MAX 4

enum session_id_source { SESSION_ITS_OCTET1, SESSION_ITS_15BIT, SESSION_UMR16, SESSION_UMR32, SESSION_VENDOR_TLV,
    SESSION_MSISDN };
enum turn_identity { TURN_ITS_SEQUENCE, TURN_NOTHING };
enum ussd_unknown_op { UNKNOWN_OP_INPUT, UNKNOWN_OP_ABORT };
enum ussd_code_from { CODE_FROM_DESTINATION, CODE_FROM_TEXT, CODE_FROM_BOTH };
enum ussd_send_as { SEND_AS_SUBMIT_SM, SEND_AS_DATA_SM };

struct ussd_dialect {			/* of a bind; core/ussd_dialect.c has the presets. Ops are ussd_service_op */
	int preset;			/* enum ussd_preset */
	bool ignores_op;		/* what they send in ussd_service_op means nothing */
	enum session_id_source session_id;
	int session_tlv;		/* the tag, of SESSION_VENDOR_TLV; else 0 */
	int imsi_tlv;			/* the tag; 0: the network does not tell */
	enum turn_identity turn_identity;
	int begin_ops[USSD_OPS_MAX], continue_ops[USSD_OPS_MAX], abort_ops[USSD_OPS_MAX];
	int begin_ops_n, continue_ops_n, abort_ops_n;
	enum ussd_unknown_op unknown_op;
	int op_continue, op_end, op_push, op_push_end;
	int op_release;			/* ends without a text; -1: there is none */
	bool end_bit;			/* bit 0 of its_session_info is the end, both ways */
	int echo_tlvs[USSD_ECHO_MAX];	/* tags that go back as they came */
	int echo_tlvs_n;
	enum ussd_code_from code_from;
	char service_type[6];
	enum ussd_send_as send_as;
	bool payload;			/* texts in message_payload */
	int max_septets;		/* of one screen, 182 at most */
	int reply_s;			/* a screen that could not be sent by then is not sent any more */
};

struct tls_settings {			/* of a bind; paths, "" where left out */
	char ca_file[256];		/* "": the system's authorities */
	char cert_file[256], key_file[256];	/* who we are, both or none */
	char name[128];			/* in the certificate; "": the bind's host */
	bool unverified;		/* anybody may be at the other end */
};

struct bind_settings {
	char name[NAME_MAX_OCTETS];
	char smsc[NAME_MAX_OCTETS];	/* binds with the same one share the ids of messages; "": a bind of its own */
	char host[128];
	int port;
	char system_id[16], password[9], system_type[13];
	enum bind_mode mode;
	int links, window, throughput;	/* throughput: submits a second, 0: unpaced */
	int enquire_link_s, response_s;
	int reconnect_min_s, reconnect_max_s;
	int link_lease_s;		/* a process that is silent for so long has lost its links */
	int source_ton, source_npi, dest_ton, dest_npi;	/* -1: by the address */
	enum charset dcs0;		/* what data_coding 0 means, both ways */
	enum segment_way long_way;	/* of messages that one SMS cannot hold */
	int parts_max;
	enum validity_form validity;
	enum receipts_wanted receipts;
	bool priority;			/* priority_flag by the class of the message */
	bool has_tls;
	struct tls_settings tls;
	struct smpp_outcome_rule statuses[STATUSES_MAX];	/* before the common table */
	int statuses_n;
	struct receipt_ids receipt_ids;
	bool has_ussd;
	struct ussd_dialect ussd;
};

enum channel_kind { CHANNEL_USSD_SMPP, CHANNEL_USSD_HTTP, CHANNEL_SMS_SMPP, CHANNEL_SMS_HTTP, CHANNEL_WHATSAPP };

/* Who sends SMS for us over HTTP: the rows of core/sms_provider.h. */
enum sms_provider { SMS_AFRICASTALKING, SMS_INFOBIP, SMS_CLICKATELL, SMS_TWILIO, SMS_SMSPORTAL, SMS_KANNEL, SMS_JSON,
    SMS_PROVIDERS };

/* Whom customers reach by dialling, by SMS. */
static inline bool
channel_is_ussd(enum channel_kind k)
{
	return k == CHANNEL_USSD_SMPP || k == CHANNEL_USSD_HTTP;
}

static inline bool
channel_is_sms(enum channel_kind k)
{
	return k == CHANNEL_SMS_SMPP || k == CHANNEL_SMS_HTTP;
}

static inline bool
channel_sends(enum channel_kind k)	/* messages of the outbox */
{
	return channel_is_sms(k) || k == CHANNEL_WHATSAPP;
}

enum message_class { MSG_TOKEN, MSG_RESULT, MSG_NOTICE, MSG_CLASSES };

#define TEMPLATES_MAX 32

struct template_settings {		/* approved by Meta, for what is said outside the 24 hours */
	enum message_class cls;
	char for_language[8];		/* of texts in it; "": of any */
	char name[64], language[16];	/* as Meta knows it */
	char parameter[32];		/* its name, "" where parameters are counted */
	enum wa_place text;
};

struct whatsapp_settings {
	char api_url[128];		/* "https://graph.facebook.com/v25.0" */
	char phone_number_id[32];
	char token[512], app_secret[129], verify_token[129];
	struct template_settings templates[TEMPLATES_MAX];
	int templates_n;
	int throughput;			/* messages a second, of all processes */
	int pair_per_minute, pair_burst;	/* to one customer */
	int pairs_max;			/* customers whose pace is remembered */
	int webhook_max;		/* octets of a webhook */
	int read_marks;			/* under way at once; 0: none are sent */
	int stop_s;			/* nothing is tried for so long after the account was refused */
	bool pin_in_chat_kept_for_ever, token_in_chat_kept_for_ever;
};

struct channel_settings {
	char name[NAME_MAX_OCTETS];
	enum channel_kind kind;
	int tenant;			/* index into settings.tenants */
	int bind;			/* index into settings.binds, or -1 */
	char service_codes[CODES_MAX][32];
	int service_codes_n;
	char dialect[24];		/* ussd-http: a name of core/http_dialect.h */
	char key[129];			/* ussd-http: the secret in ?key= ; "" if none */
	char header_name[48], header_key[129];	/* ussd-http: a header and the secret in it; "" if none */
	char basic_user[65], basic_password[129];	/* ussd-http: HTTP basic; "" if none */
	char hmac_header[48], hmac_key[129];	/* ussd-http: where the HMAC of the body is, and its key; "" if none */
	bool takes_imsi;		/* ussd-http: the imsi of a request is that of the SIM */
	int answer_ms;			/* ussd-http: an answer must be there by then; 0: as the dialect says */
	char from[NETS_MAX][48];	/* ussd-http: CIDR blocks that may call */
	int from_n;
	char sender[21];		/* sms: source address */
	char inbound[CODES_MAX][21];	/* sms: further numbers that customers may write to */
	int inbound_n;
	int max_septets;		/* ussd: one screen */
	int session_s;			/* the longest dialogue; ussd: of the network */
	int send_timeout_ms;		/* messages over HTTP: the whole of a call */
	int requests_per_s;		/* over HTTP: that it may bring, 0: any number */
	/* sms-http */
	enum sms_provider provider;
	char api_url[256];		/* "": where the provider documents it */
	char user[129], secret[257];	/* of our account there */
	int window, throughput;		/* calls under way; messages a second, 0: unpaced */
	int parts_max;			/* SMS that one message may cost */
	int pause_s;			/* in which nothing is sent after the account was refused */
	bool has_whatsapp;
	struct whatsapp_settings whatsapp;
};

enum token_sms { TOKEN_SMS_UNSET, TOKEN_SMS_GATEWAY, TOKEN_SMS_WALLET_CORE };
enum pin_check { PIN_CHECK_LOGIN, PIN_CHECK_LOCAL };

/* A way to cash out. Amounts in cents. */
struct kind_settings {
	char type[40];			/* the wallet core's: "ZA_PAYCORP_ATM" */
	char name[40];			/* template key of its name: "kind.ZA_PAYCORP_ATM" */
	bool token;			/* a token comes out of it and counts towards the limit */
	int64_t min, max, step;
	int expires_h;			/* hours that a token stays usable */
};

#define PIN_KEYS_MAX 8

struct pin_key {
	int id;
	unsigned char key[32];
	int file_id;				/* the number in its file; config only */
};

struct wallet_settings {
	char url[256];
	int64_t tenant_id;
	char identity[41], password[81];		/* of the gateway's service user */
	int wallet_type_id;
	bool acts_as_customer;
	enum pin_check pin_check;
	unsigned char pin_key[32];			/* HMAC key, the newest; pin_key_id names it */
	int pin_key_id;
	struct pin_key pin_keys[PIN_KEYS_MAX];		/* all of them, the newest first; none: only the one above */
	int pin_keys_n;
	int pin_reset_wait_h;				/* between asking for a new PIN and setting it */
	char identity_prefix[12];			/* "ac-": identity = prefix customerId - keyId */
	char password_prefix[12];			/* for passwordRegEx of the tenant */
	enum token_sms token_sms;
	int timeout_read_ms, timeout_money_ms;
	int connections;
	int waiting;					/* calls that wait for a connection at most */
	int breaker_failures, breaker_open_s;
	bool reserves_at_create;			/* the core reserves when a token is made */
	/* what becomes of withdrawals */
	char callback_key[129];				/* of the core's callbacks; "": it is told of none */
	int callback_window_s;
	int follow_per_s;				/* reads a second of all processes, of tokens that only wait; 0: any number */
	int follow_longest_s, follow_called_s;		/* longest pause between them, without and with callbacks */
};

struct integrator_settings {
	char name[NAME_MAX_OCTETS];
	unsigned char key_sha256[32];
	int64_t wallets[WALLETS_MAX];
	int wallets_n;
	enum token_sms token_sms;
	int64_t day_amount;				/* cents a day, 0: no cap */
	int day_count;
	char callback_allow[NETS_MAX][128];		/* hosts and CIDR blocks */
	int callback_allow_n;
	char callback_key[129];				/* "": callbacks are not signed */
	int requests_per_s;				/* calls, 0: any number */
};

struct tenant_settings {
	char name[NAME_MAX_OCTETS];
	char title[40];
	char menu[32];
	char languages[LANGUAGES_MAX][8];
	int languages_n;
	char country[4];				/* dialling code of national numbers: "27" */
	char help_phone[24];				/* whom to call, shown on screens */
	int pin_length;
	int64_t transfer_fee;				/* cents, shown and checked against funds */
	int64_t token_phone_day_count;			/* tokens a day from one customer to one phone */
	char sms_menu[32];				/* menu of those who write by SMS, "": none */
	int sms_session_s;				/* such a dialogue ends after so long */
	int sms_answers;				/* to one phone in an hour at most */
	int chat_pushes;				/* of a phone in an hour, for the PIN of what a chat began; 0: none */
	bool result_sms;				/* final outcomes by SMS to the payer too */
	bool subtract_pending;				/* pending tokens lower what may be spent */
	int requests_per_s;				/* over HTTP, of all its channels; 0: any number */
	int64_t activated_cap;				/* cents a day in the first 72 h after activation */
	struct wallet_settings wallet;
	struct kind_settings kinds[KINDS_MAX];
	int kinds_n;
	int routes[MSG_CLASSES][ROUTES_MAX];		/* channel indexes, in the order tried */
	int routes_n[MSG_CLASSES];
	struct integrator_settings *integrators;
	int integrators_n;
};

struct operator_settings {
	struct operator who;
	unsigned char token_sha256[32];
	char tenants[OPERATOR_TENANTS][NAME_MAX_OCTETS];	/* as they are written; `who` has them resolved */
	int tenants_n;
};

#define GIVE_BACK_CANCELLED 1
#define GIVE_BACK_TIMEOUT 2
#define GIVE_BACK_ERROR 4

struct listen_tls_settings {		/* paths */
	char cert_file[256], key_file[256];
};

struct settings {
	char listen_channels[64], listen_admin[64];	/* host:port; port 0: any, printed at start */
	char listen_operators[64];			/* the same, on loopback; "": operators are not heard */
	bool has_listen_tls;				/* of listen_channels */
	struct listen_tls_settings listen_tls;
	char listen_proxies[NETS_MAX][FORWARDED_ADDRESS];	/* CIDR blocks: whose word about clients is taken */
	int listen_proxies_n;
	enum forwarded_form listen_proxy_header;
	char redis_url[256];
	char redis_password[129];			/* "": none */
	int redis_connections, redis_timeout_ms;
	bool redis_may_lose_money;			/* start even where Redis evicts or does not persist */
	int redis_replicas;				/* that must have a commit before it counts */
	int redis_memory_floor_percent, redis_disk_floor_mb;	/* 0: none */
	char redis_data_dir[256];			/* "": not on this machine */
	unsigned char sealing_keys[8][32];		/* [0] seals, all open */
	unsigned char sealing_key_ids[8];
	int sealing_keys_n;
	char timezone[48];
	char currency[4];				/* of all amounts: "ZAR" */
	int64_t limit_amount;				/* cents a month and phone */
	int give_back;					/* GIVE_BACK_… */
	int turn_budget_ms, drain_s;
	int max_turns;					/* in progress at once */
	int resume_grace_s;				/* how long a dropped dialogue can go on, where its menu says nothing */
	int versions_kept;				/* of each tenant's content, published last, whoever needs them */
	int versions_loaded;				/* by a process, that dialogues under way do not need just now */
	int message_tries;
	int http_connections, http_body_max, http_header_s;
	bool http_access_log;
	int http_phone_per_minute;			/* requests of one phone to one tenant, 0: any number */
	int http_phones_max;				/* that are counted at once */
	char public_url[256];				/* of the channels' listener, as the wallet core sees it; "": none */
	int callback_connections, callback_timeout_ms;	/* to integrators */
	int documents_at_once, document_file_max_mb, document_timeout_s;
	char document_hosts[NETS_MAX][128];		/* where media may lie although it is internal or without TLS */
	int document_hosts_n;
	int document_ratify_days;
	int provider_connections, provider_waiting;	/* to providers of messages: per host; under way and queued */
	char menus_dir[256], templates_dir[256];
	char sim_changes_file[256];			/* the operator's word, "": there is none */
	struct bind_settings *binds;
	int binds_n;
	struct channel_settings *channels;		/* of all tenants */
	int channels_n;
	struct tenant_settings *tenants;
	int tenants_n;
	struct operator_settings *operators;
	int operators_n;
};
