/* SPDX-License-Identifier: Apache-2.0 */
/* One seed: a world that follows from its number alone, played, brought to rest and checked. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/menu.h"
#include "core/texts.h"

struct sim_files {		/* what every run reads and none changes */
	struct texts *texts;
	struct menu *menu, *sms_menu;
};

struct sim_sums {
	uint64_t runs, broken, crashes, calls, accepted, persons;
};

/* From the source folder. */
void sim_files_load(struct sim_files *f);
void sim_files_clear(struct sim_files *f);
/* false: a rule was broken, and `problem` says which. */
bool sim_seed_play(uint64_t seed, const struct sim_files *f, bool trace, struct sim_sums *sums, char problem[400]);
