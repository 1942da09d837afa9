/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's log, read as it is written: rule 6, no secret in it. In a replay each line stands in its place among
 * the steps, with the world's time.
 */
#pragma once
#include "tests/sim/sim_world.h"

void sim_log_watch(struct sim_world *w);	/* NULL: no world */
