/* SPDX-License-Identifier: Apache-2.0 */
#include "core/smpp_outcome.h"

/* Ranges, ascending. What is not here, vendors' 0x400 to 0x4ff too, is worth a few tries. */
static const struct {
	uint32_t first, last;
	enum smpp_outcome outcome;
} table[] = {
	{ 0x01, 0x03, SMPP_OUTCOME_PERMANENT },		/* RINVMSGLEN RINVCMDLEN RINVCMDID */
	{ 0x04, 0x05, SMPP_OUTCOME_REBIND },		/* RINVBNDSTS RALYBND */
	{ 0x06, 0x07, SMPP_OUTCOME_PERMANENT },		/* RINVPRTFLG RINVREGDLVFLG */
	{ 0x08, 0x08, SMPP_OUTCOME_FEW },		/* RSYSERR */
	{ 0x0a, 0x0c, SMPP_OUTCOME_PERMANENT },		/* RINVSRCADR RINVDSTADR RINVMSGID */
	{ 0x0d, 0x0f, SMPP_OUTCOME_REBIND },		/* RBINDFAIL RINVPASWD RINVSYSID */
	{ 0x14, 0x14, SMPP_OUTCOME_SLOW },		/* RMSGQFUL */
	{ 0x15, 0x15, SMPP_OUTCOME_PERMANENT },		/* RINVSERTYP */
	{ 0x33, 0x34, SMPP_OUTCOME_PERMANENT },		/* RINVNUMDESTS RINVDLNAME */
	{ 0x40, 0x44, SMPP_OUTCOME_PERMANENT },		/* RINVDESTFLAG to RCNTSUBDL */
	{ 0x45, 0x45, SMPP_OUTCOME_FEW },		/* RSUBMITFAIL */
	{ 0x48, 0x51, SMPP_OUTCOME_PERMANENT },		/* RINVSRCTON to RINVDSTNPI */
	{ 0x53, 0x53, SMPP_OUTCOME_REBIND },		/* RINVSYSTYP */
	{ 0x54, 0x55, SMPP_OUTCOME_PERMANENT },		/* RINVREPFLAG RINVNUMMSGS */
	{ 0x58, 0x58, SMPP_OUTCOME_SLOW },		/* RTHROTTLED */
	{ 0x61, 0x63, SMPP_OUTCOME_PERMANENT },		/* RINVSCHED RINVEXPIRY RINVDFTMSGID */
	{ 0x64, 0x64, SMPP_OUTCOME_SLOW },		/* RX_T_APPN: it is stopping, or busy */
	{ 0x65, 0x67, SMPP_OUTCOME_PERMANENT },		/* RX_P_APPN RX_R_APPN RQUERYFAIL */
	{ 0xc0, 0xc4, SMPP_OUTCOME_PERMANENT },		/* RINVTLVSTREAM to RINVTLVVAL */
	{ 0xfe, 0xff, SMPP_OUTCOME_FEW },		/* RDELIVERYFAILURE RUNKNOWNERR */
	{ 0x100, 0x101, SMPP_OUTCOME_PERMANENT },	/* RSERTYPUNAUTH RPROHIBITED */
	{ 0x102, 0x102, SMPP_OUTCOME_FEW },		/* RSERTYPUNAVAIL */
	{ 0x103, 0x112, SMPP_OUTCOME_PERMANENT },	/* RSERTYPDENIED RINVDCS and the rest */
};

enum smpp_outcome
smpp_outcome(uint32_t status, const struct smpp_outcome_rule *rules, size_t n)
{
	if (status == 0)
		return SMPP_OUTCOME_ACCEPTED;
	for (size_t i = 0; i < n; i++)
		if (rules[i].status == status)
			return rules[i].outcome;
	for (size_t i = 0; i < NELEM(table); i++)
		if (status >= table[i].first && status <= table[i].last)
			return table[i].outcome;
	return SMPP_OUTCOME_FEW;
}
