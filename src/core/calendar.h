/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of the configured time zone. The program sets TZ once at start; times are ms since the epoch. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

void calendar_day(int64_t now_ms, char out[9]);		/* yyyymmdd */
void calendar_month(int64_t now_ms, char out[7]);	/* yyyymm: the limit's month */
/*
 * A moment of the day by which people are told to use what ends at end_ms: the last one that is whole before it, but
 * today where there is none. 0 stays 0.
 */
int64_t calendar_use_by(int64_t end_ms, int64_t now_ms);
int calendar_offset_s(int64_t now_ms);			/* of local time from UTC */
/* "2026-03-02 10:00", a moment of that time zone. */
bool calendar_read(const char *text, int64_t *ms) MUST_CHECK;
