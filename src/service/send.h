/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox at work: claims what is due, sends it, saves what became of it. */
#pragma once
#include "service/task.h"

/* Looks at the partitions whose time has come and claims no more than the channels can take. */
void send_tick(struct gateway *gw);
