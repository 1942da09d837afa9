/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places where a test lets the process die or stand still: between any two things that a crash could part. Only a
 * build with ISANGO_FAULT_POINTS knows them (tests/stage/isango_faults); in the product a point is nothing, its words
 * included.
 *
 * A point is named NOUN.WHEN.STEP, "transfer.before.send". Two variables of the environment are looked at:
 *   ISANGO_FAULT=NAME[:N[:stop]]   at the N-th pass of that point SIGKILL, or SIGSTOP
 *   ISANGO_FAULT_TRACE=FILE        the name of each point that is passed, a line each
 */
#pragma once

#ifdef ISANGO_FAULT_POINTS
void fault_point(const char *noun, const char *when, const char *step);
#define FAULT_POINT(noun, when, step) fault_point((noun), (when), (step))
#else
#define FAULT_POINT(noun, when, step) ((void)0)
#endif
