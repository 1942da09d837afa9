/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators over HTTP: POST /operator/v1/TENANT/ACT with the order of core/operator.h as body and the operator's token
 * in `Authorization: Bearer`. GET /operator/v1 tells an operator what he may do. It is heard on loopback only (a rule
 * of the configuration): a TLS proxy or ssh brings people there. What an act does is the service's.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct gateway;
struct loop;
struct operator_http;
struct settings;

/* Hears nobody before operator_http_attach(). NULL with the reason in err. Settings are borrowed. */
struct operator_http *operator_http_new(struct loop *l, const struct settings *s, char *err, size_t err_size);
void operator_http_attach(struct operator_http *h, struct gateway *gw);
int operator_http_port(const struct operator_http *h);
void operator_http_stop_accepting(struct operator_http *h);
unsigned operator_http_held(const struct operator_http *h);	/* acts not answered yet */
void operator_http_free(struct operator_http *h);		/* NULL is fine */
/* ports.operator_reply */
void operator_http_reply(struct operator_http *h, uint64_t call, int status, const char *json);
