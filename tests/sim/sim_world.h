/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the simulation: processes that run the real gateway on ports of this world, one store, one wallet core,
 * customers with phones, and what goes wrong between them. Everything follows from one seed.
 */
#pragma once
#include "core/intent.h"
#include "core/message.h"
#include "core/texts.h"
#include "service/gateway.h"
#include "store/memory_store.h"
#include "tests/sim/sim_core.h"
#include "tests/sim/sim_loop.h"

#define SIM_PROCESSES 2		/* that begin; a seed may have others */
#define SIM_PROCESSES_MAX 3
#define SIM_TENANTS 2		/* each with a wallet core of its own */
#define SIM_BOTS 6
#define SIM_STRIKES 8
#define SIM_BINDS 2		/* SIM_SMS_OTHER has the second one for itself */

/* Of the first tenant; those of the next one follow in the same order. */
enum sim_channel { SIM_USSD, SIM_HISTORY, SIM_SMS, SIM_SMS_OTHER, SIM_CHAT, SIM_CHANNELS };

/* Something is away for a while. */
enum sim_outage_how {
	OUTAGE_DEAD,		/* what is asked is never done */
	OUTAGE_STALLS,		/* it is done afterwards, all of it at once */
	OUTAGE_REFUSES,		/* nothing is done, and that is said */
	OUTAGE_MUTE		/* it is done, and nothing is ever answered */
};
struct sim_outage {
	int64_t from, until;
	enum sim_outage_how how;
};

/* What goes wrong, of 1000 times. */
struct sim_faults {
	unsigned store_lost, store_answer_lost, store_late, store_slow, store_twice;
	unsigned wallet_lost, wallet_answer_lost, wallet_late, wallet_twice, wallet_auth, wallet_busy,
	    wallet_broken, wallet_slow;
	unsigned sms_later, sms_few, sms_lost, sms_answer_lost, sms_refused, receipt_failed, receipt_early,
	    receipt_twice, receipt_lost;
	unsigned hint_lost, hint_late, hint_twice, hint_wrong, tell_lost, tell_answer_lost;
	unsigned input_twice, input_lost, reply_lost, hang_up, wrong_pin, decline, dawdle;
	unsigned crash, stall;
	struct sim_outage redis, core[SIM_TENANTS], smsc;	/* smsc: the first bind */
};

/* One thing that a story makes go wrong: at the nth call that is like this one. */
enum sim_strike_what { STRIKE_NOT, STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE, STRIKE_CRASH_AFTER };
struct sim_strike {
	bool on_store;			/* a commit with a PUT of `family`, else the wallet's `op` */
	enum store_family family;
	enum wallet_op op;
	int nth;			/* 1: the next */
	enum sim_strike_what what;
};

struct sim_process {
	struct sim_world *world;
	int index;
	struct gateway *gw;		/* NULL: down */
	uint64_t generation;		/* answers to older ones are dropped */
	bool ticking;
	bool holds_link[SIM_BINDS];
	int64_t awake_until;
	int64_t stands_until;		/* it stands still: nothing is handled before */
};

struct sim_due {			/* a mirror of the lists of what is due: when somebody must look */
	enum store_family list;
	unsigned bucket;
	char part[STORE_ID];
	char ref[STORE_OWNER + 2 * STORE_ID];
	int64_t score;
};

struct sim_sms {
	int tenant;
	char to[PHONE_MAX];
	char text[MESSAGE_TEXT];
	enum message_class cls;
	int channel;			/* that it came by */
	bool window_over;
	int64_t at;
};

/* What somebody wrote in a chat. */
struct sim_written {
	int tenant, input;
	size_t number;			/* in world.stored */
};

/* What the next dial says of the last payment. */
struct sim_notice {
	int tenant;
	char phone[PHONE_MAX];
	char at[6];			/* "14:02" */
	bool done;			/* or not done */
};

/* An input that a process has to answer. */
struct sim_turn {
	const struct sim_process *process;
	uint64_t turn;
	int64_t at;
};

/* What an integrator asked for and was told. */
struct sim_order {
	int tenant;
	char uid[40], to[PHONE_MAX];
	int64_t amount;
	int64_t withdrawal_id;		/* as it was told */
	bool told_done, told_not, answered;
	int asks_left;
	bool calls_back;		/* it wants to be called */
	unsigned heard;			/* bits of enum bank_wstatus that it was called with */
};

/* A withdrawal whose core knows where to call. */
struct sim_called {
	int tenant;
	int64_t withdrawal_id;
	char ref[600];
};

/* A call of a core. */
struct sim_hint {
	int tenant, at_tenant;		/* whose it is, where it arrives */
	char uid[40], ref[600];
	enum bank_wstatus says;
	bool damaged;
	int tries;
};

/* One confirm screen as its customer saw it, and what he did and was told. */
struct sim_episode {
	int bot, tenant;
	char phone[PHONE_MAX];
	enum intent_kind kind;
	char to[PHONE_MAX];
	int64_t amount;
	int64_t shown_at;
	bool complete;			/* payee, amount and fee were on it */
	int right_pins;			/* typed at it */
	bool told_done, told_not, told_later;
	bool used;			/* by the checks: an accepted intent was found for it */
};

enum sim_goal { GOAL_SIGN_UP, GOAL_BALANCE, GOAL_SEND, GOAL_CASH, GOAL_CASH_OTHER, GOAL_CANCEL, GOAL_RESEND,
	GOAL_PIN, GOALS };

struct sim_bot {
	struct sim_world *world;
	int index, tenant;
	int person;			/* a bot: the same as this one, or whose second hand this is */
	char phone[PHONE_MAX], id_number[14], pin[8];
	bool has_wallet;		/* of a person */
	int64_t salary;
	bool other_hand;		/* there is one, on another channel */
	/* what it wants */
	bool wants;
	enum sim_goal goal;
	int64_t amount;
	char to[PHONE_MAX];
	int goals_left, dials_left;
	/* the dialogue */
	bool on_line;
	int dialogue;			/* number of it; answers to older ones are not seen */
	enum sim_channel channel;
	bool counted;			/* the network numbers the turns */
	int process, sequence, screens;
	char history[512];
	int step;			/* of the screen that is awaited */
	int episode;			/* on the screen, or -1 */
	bool told_opening;		/* an SMS was promised about the sign-up */
	/* a new PIN, at the very end */
	bool changes_pin, typed_new_pin;
	char new_pin[8];
	bool told_new_pin, told_old_pin, told_unsure;
	char wanted[64];		/* what a screen said at the end of the last dialogue, for stories */
};

struct sim_world {
	struct sim_loop loop;
	struct sim_loop people;		/* the same, of sign-ups and new PINs */
	struct sim_loop dice;		/* only chance: of what a seed may also have, so that those without it stay as they were */
	uint64_t seed;
	bool story, quick;		/* quick: of a seed, which is held to all the rules */
	struct sim_faults faults;
	struct sim_strike strike[SIM_STRIKES];
	struct settings settings;
	union {
		struct channel_settings channels[SIM_CHANNELS];		/* of the first tenant */
		struct channel_settings all_channels[SIM_TENANTS * SIM_CHANNELS];
	};
	struct bind_settings binds[SIM_BINDS];
	union {
		struct tenant_settings tenant;
		struct tenant_settings tenants[SIM_TENANTS];
	};
	struct ports ports[SIM_PROCESSES_MAX];
	struct memory_store *store;
	union {
		struct sim_core core;		/* of the first tenant */
		struct sim_core cores[SIM_TENANTS];
	};
	int cores_n;			/* tenants behind these share the first one */
	const struct texts *texts;	/* borrowed */
	union {
		const struct menu *menu;
		const struct menu *menus[SIM_TENANTS];
	};
	union {
		const struct menu *sms_menu;
		const struct menu *sms_menus[SIM_TENANTS];
	};
	struct sim_process process[SIM_PROCESSES_MAX];
	int processes;
	struct sim_due *due;
	size_t due_n;
	int64_t pokes[64];
	size_t pokes_n;
	struct sim_sms *inbox;
	size_t inbox_n;
	struct sim_episode *episode;
	size_t episodes_n;
	struct sim_bot bot[SIM_BOTS];
	int bots;
	union {
		struct integrator_settings integrator;
		struct integrator_settings integrators[SIM_TENANTS];
	};
	int api_status;			/* of the newest answer to an integrator */
	char api_answer[4096];
	unsigned api_answers;
	uint64_t last_sms;
	int64_t sms_slow_ms;		/* the next message takes so much longer */
	bool *stored;			/* receipts and SMS that a process has acknowledged */
	size_t stored_n;
	struct sim_written *written;
	size_t written_n;
	struct sim_turn *turn;
	size_t turns_n;
	struct sim_notice *notice;
	size_t notices_n;
	struct sim_order *order;
	size_t orders_n;
	int orders_left;		/* that integrators still want to make */
	struct sim_called *called;
	size_t called_n;
	struct sim_hint *hint;
	size_t hints_n;
	bool cores_call;		/* where they were told to */
	bool operators;			/* there are some */
	struct sim_outage closed, money_off;	/* the limits; money. They end by themselves, also in calm */
	bool calm;			/* faults are over */
	char problem[400];		/* the first rule that was broken, or "" */
	unsigned crashes, calls, accepted, persons;
};

/* ---- sim_settings.c ---- */
void sim_settings_init(struct sim_world *w);
/* Every class may go on to the second bind. */
void sim_two_routes(struct sim_world *w);
/* The second route is a channel over HTTP, with a lane of its own. */
void sim_other_over_http(struct sim_world *w);
/* Chance and trouble as the seed has it. */
void sim_world_trouble(struct sim_world *w);
/* Limits that are closed for a while, money that is off. */
void sim_world_floors(struct sim_world *w);

/* ---- sim_world.c ---- */
/* Set up, to be changed, and started; init is both. */
void sim_world_set_up(struct sim_world *w, uint64_t seed, const char *profile, const struct texts *texts,
    const struct menu *menu);
void sim_world_start(struct sim_world *w);
void sim_world_init(struct sim_world *w, uint64_t seed, const char *profile, const struct texts *texts,
    const struct menu *menu);
void sim_world_clear(struct sim_world *w);
/* Runs until nothing is planned or `until`. */
void sim_world_run(struct sim_world *w, int64_t until);
/* Runs until the customers have what they want, or `until`. */
void sim_world_play(struct sim_world *w, int64_t until);
/* No more faults, and everything up. */
void sim_world_calm(struct sim_world *w);
void sim_process_start(struct sim_process *p);
void sim_process_crash(struct sim_process *p);
void sim_wake(struct sim_process *p, int64_t until);
/* It stands still, as under SIGSTOP; what comes for it waits. */
void sim_process_stand(struct sim_process *p, int64_t ms);
/* It does: this event runs again when it goes on. */
bool sim_stands(const struct sim_process *p, struct sim_event *e);
/* The first broken rule is kept. */
void sim_broken(struct sim_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct bank_wallet *sim_wallet_of(const struct sim_world *w, int tenant, const char *phone);

/* ---- sim_ports.c ---- */
void sim_ports_init(struct sim_world *w);
/* ---- sim_due.c ---- */
bool sim_due_now(const struct sim_world *w);
bool sim_due_bucket(const struct sim_world *w, const struct store_claim *c);	/* something may be in that list */
void sim_due_op(struct sim_world *w, const struct store_op *op);		/* of a commit that was done */
void sim_due_claim(struct sim_world *w, const struct store_claim *c);
void sim_due_hint(const struct sim_world *w, struct gateway *gw);		/* before each tick of a quick world */
/* ---- sim_sms.c ---- */
void sim_sms_send(void *ctx, uint64_t op, const struct sms_req *q);
void sim_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end);
/* The core itself tells the phone a token. */
void sim_sms_of_core(struct sim_world *w, int tenant, const struct bank_withdrawal *b);
/* ---- sim_text.c ---- */
void sim_text_plan(struct sim_world *w, int bots, int texts);	/* SMS that customers send */
/* ---- sim_chat.c ---- */
void sim_chat_plan(struct sim_world *w, int inputs);	/* by people who never dial */
/* ---- sim_shop.c ---- */
void sim_shop_plan(struct sim_world *w, int tenant, int orders);
void sim_shop_answer(struct sim_world *w, uint64_t call, int status, const char *json);
bool sim_shop_call(uint64_t call);			/* it is one of these */
void sim_shop_ask_all(struct sim_world *w);		/* once faults are over: each order once more */
/* ---- sim_callback.c ---- */
void sim_callback_plan(struct sim_world *w);		/* tenants whose core calls, integrators that are called */
void sim_callback_seal(void *ctx, const void *p, size_t n, unsigned char *out);
bool sim_callback_open(void *ctx, const void *p, size_t n, unsigned char *out);
void sim_callback_tell(void *ctx, uint64_t op, const struct tell_req *q);
void sim_callback_made(struct sim_world *w, int tenant, const struct bank_withdrawal *b, const char *url);
void sim_callback_news(struct sim_world *w, int tenant, const struct bank_withdrawal *b);
bool sim_callback_is(uint64_t call);			/* it is one of these */
void sim_callback_answer(struct sim_world *w, uint64_t call, int status);
/* ---- sim_operator.c ---- */
void sim_operator_plan(struct sim_world *w);
void sim_operator_reply(void *ctx, uint64_t call, int status, const char *json);
void sim_operator_decide(struct sim_world *w);		/* what is with a person, in calm */
/* ---- sim_turns.c ---- */
void sim_turn_asked(struct sim_process *p, uint64_t turn);
void sim_turn_answered(struct sim_process *p, uint64_t turn);
void sim_turns_forget(struct sim_process *p);		/* it died */
/* ---- sim_bot.c ---- */
void sim_bot_init(struct sim_world *w, int index);
struct sim_bot *sim_person(const struct sim_bot *b);
void sim_bot_want(struct sim_bot *b, enum sim_goal goal, int64_t amount, const char *to, int dials);
void sim_bot_plan(struct sim_bot *b);		/* goals of its own, one after another */
void sim_bot_reply(void *ctx, uint64_t turn, const struct reply *r);
/* ---- sim_enrol.c ---- */
void sim_enrol(struct sim_bot *b, bool with_pin);
/* ---- sim_reader.c ---- */
/* What is typed at a screen that says so; false: nothing, the customer hangs up. */
bool sim_read(struct sim_bot *b, const char *screen, char out[64]);
void sim_told(struct sim_bot *b, const char *screen);
/* ---- sim_check.c ---- */
void sim_token_of(const char *text, char out[WALLET_TOKEN]);	/* the digits after "code" */
void sim_check(struct sim_world *w);					/* at the end */
/* ---- sim_check_sms.c ---- */
void sim_check_sms(struct sim_world *w, const struct sim_sms *sms);	/* as it arrives */
void sim_check_sending(struct sim_world *w, int tenant, const struct sms_req *q);
/* ---- sim_story.c ---- */
bool sim_story(const struct texts *texts, const struct menu *menu, bool trace);
