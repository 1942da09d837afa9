/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators are shown, as JSON that is built from a list of allowed fields: phones masked, and never a name, a
 * token, a text or the octets of a record. Times are UTC, "2026-03-24T10:00:00.000Z"; amounts "50.00". Each returns a
 * new value that is the caller's.
 */
#pragma once
#include <jansson.h>

#include "core/audit.h"
#include "core/history.h"
#include "core/intent.h"
#include "core/message.h"
#include "core/pin.h"
#include "core/request.h"
#include "core/signup.h"
#include "core/subscriber.h"

json_t *operator_view_time(int64_t ms);		/* null where it is 0 */
json_t *operator_view_intent(const struct intent *i);
json_t *operator_view_person(const struct intent *i, int64_t now);	/* the same, and what a decision needs */
json_t *operator_view_message(const struct message *m);
json_t *operator_view_entry(const struct audit_entry *e);
json_t *operator_view_request(const struct request *r);
json_t *operator_view_subscriber(const struct subscriber *s);
json_t *operator_view_signup(const struct signup *s, int64_t now);
json_t *operator_view_pin(const struct pin_tries *p, int64_t now);
json_t *operator_view_limit(const struct limit *l, int64_t month, int64_t allowed);
json_t *operator_view_turn(const struct history_turn *t, const char *channel);
