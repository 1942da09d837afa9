/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts that matched no message when they came: after a while, in which the message of an early one has turned up,
 * they are counted and the last of each bind are kept for operators (STORE_STRAY, core/stray.h). What waits for that
 * is only in memory: a crash loses some of what operators see, nothing of what happens to messages.
 */
#pragma once
#include "service/task.h"

struct strays;

void strays_add(struct gateway *gw, int lane, const struct receipt *r);
