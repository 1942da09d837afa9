/* SPDX-License-Identifier: Apache-2.0 */
/* Many phones at once through one scripted dialogue, timed: POST /control/bench. */
#pragma once
#include <stdint.h>

#include <jansson.h>

struct bench;
struct box;

/*
 * Answers the http request at once when the wishes make no sense, else when the last dialogue is
 * over. One at a time.
 */
void bench_start(struct box *x, uint64_t http, const json_t *wishes);
void bench_free(struct box *x);		/* the one that runs, if any */
