/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the operator's file of changed SIMs: "27821234567 2026-03-24T10:00:00Z", the phone and when. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/phone.h"

#define SIM_LINE_MAX 80

enum sim_line { SIM_LINE_GOOD, SIM_LINE_EMPTY, SIM_LINE_BAD };	/* EMPTY: nothing, or a comment behind '#' */
enum sim_line sim_line_read(const char *line, size_t n, char phone[PHONE_MAX], int64_t *at_ms) MUST_CHECK;
