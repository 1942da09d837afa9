/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim_line.h"

#include <string.h>

#include "base/str.h"
#include "core/wallet.h"

enum sim_line
sim_line_read(const char *line, size_t n, char phone[PHONE_MAX], int64_t *at_ms)
{
	char text[SIM_LINE_MAX], *time;

	while (n > 0 && memchr(" \t\r", line[n - 1], 3) != NULL)
		n--;
	if (n == 0 || line[0] == '#')
		return SIM_LINE_EMPTY;
	if (memchr(line, '\0', n) != NULL || !str_copyn(text, sizeof text, line, n))
		return SIM_LINE_BAD;
	time = strpbrk(text, " \t,;");
	if (time == NULL)
		return SIM_LINE_BAD;
	*time++ = '\0';
	time += strspn(time, " \t");
	return phone_parse(text, "", phone) && wallet_time_parse(time, at_ms) ? SIM_LINE_GOOD : SIM_LINE_BAD;
}
