/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of the configured time zone. The program sets TZ once at start; times are ms since the epoch. */
#pragma once
#include <stdint.h>

void calendar_day(int64_t now_ms, char out[9]);		/* yyyymmdd */
void calendar_month(int64_t now_ms, char out[7]);	/* yyyymm: the limit's month */
int calendar_offset_s(int64_t now_ms);			/* of local time from UTC */
