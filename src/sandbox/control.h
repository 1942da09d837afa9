/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's own listener: /control/... for tests (state, customers, faults, switches, clock,
 * benchmark) and /phone/{msisdn}/... for whoever plays a customer. It has no keys: loopback only.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct box;
struct control;

struct control *control_new(struct box *x, const char *address, char *err, size_t err_size);
void control_free(struct control *c);
int control_port(const struct control *c);
/* Answers a request of this listener; takes the reference. */
void control_answer(struct control *c, uint64_t http, int status, json_t *body);
void control_error(struct control *c, uint64_t http, int status, const char *why);
