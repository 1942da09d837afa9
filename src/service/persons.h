/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is with a person, for the metrics. What they are is shown by the operators' act (operator_persons.c). */
#pragma once
#include "service/task.h"

/* Looks at one bucket now and then, and sets the gauges once all were looked at. */
void persons_tick(struct gateway *gw);
