/* SPDX-License-Identifier: Apache-2.0 */
/* Many seeds on all cores: each process takes the next number; what a seed does follows from its number alone. */
#pragma once
#include "tests/sim/sim_seed.h"

#define JOBS_MAX 64

/* Prints what fails, and how it is replayed; false: something did. */
bool sim_jobs_run(uint64_t from, uint64_t to, int jobs, const struct sim_files *f);
