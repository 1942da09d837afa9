/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_keys.h"

#include "core/menu_model.h"

#define AT(member) offsetof(struct menu_state, member)
#define COMMON \
	{ "set", TYPE_SET, false, MENU_NOWHERE, "Variables to set whenever the state is entered." }, \
	{ "resume", TYPE_STATE, false, AT(resume), "The state to go on from when the call drops here and the phone dials " \
	    "again." }
#define INCLUDE \
	{ "include", TYPE_INCLUDES, false, MENU_NOWHERE, "Parts, by the prefix that the names of their states get here." }
#define TEXTS \
	{ "texts", TYPE_FOLDER, false, MENU_NOWHERE, "A folder of templates, whose texts go over those of the templates." }

const char *const menu_form_names[MENU_FORMS] = {
	[MENU_CALL] = "call",
	[MENU_CHOOSE] = "choose",
	[MENU_ASK] = "ask",
	[MENU_CONFIRM] = "confirm",
	[MENU_END] = "end",
	[MENU_BRANCH] = "branch",
	[FORM_EDGE] = "edge",
	[FORM_OPTION] = "option",
	[FORM_INCLUDE] = "include",
	[FORM_MENU] = "menu",
	[FORM_PART] = "part",
	[FORM_JOURNEY] = "journey",
};

const struct menu_key menu_keys[MENU_FORMS][MENU_KEYS] = {
	[MENU_CALL] = {
		{ "call", TYPE_CALL, true, MENU_NOWHERE, "Something that the gateway does." },
		{ "on", TYPE_OUTCOMES, true, MENU_NOWHERE, "An edge for each outcome of the call." },
		COMMON },
	[MENU_CHOOSE] = {
		{ "choose", TYPE_TEXT, true, AT(text), "Text key of the title." },
		{ "options", TYPE_OPTIONS, false, MENU_NOWHERE, "What can be chosen; an empty list only shows the title." },
		{ "list", TYPE_VAR, false, AT(list), "Instead of options: the variable of a list." },
		{ "text", TYPE_TEXT, false, AT(item), "With a list: text key of an item." },
		{ "as", TYPE_VAR, false, AT(as), "With a list: the variable that gets the item's id, or else its number." },
		{ "go", TYPE_EDGE, false, MENU_NOWHERE, "With a list: where a chosen item leads." },
		COMMON },
	[MENU_ASK] = {
		{ "ask", TYPE_TEXT, true, AT(text), "Text key of the question." },
		{ "as", TYPE_VAR, false, AT(as), "The variable that keeps the answer. Not for a PIN." },
		{ "accept", TYPE_CHECK, true, MENU_NOWHERE, "One check of what is typed." },
		{ "go", TYPE_EDGE, true, MENU_NOWHERE, "Where an accepted answer leads." },
		COMMON },
	[MENU_CONFIRM] = {
		{ "confirm", TYPE_TEXT, true, AT(text), "Text key; it shows payee, amount and fee." },
		{ "intent", TYPE_INTENT, true, AT(intent), "What is confirmed." },
		{ "pin", TYPE_TRUE, true, MENU_NOWHERE, "Only the PIN pays." },
		{ "accepted", TYPE_EDGE, true, MENU_NOWHERE, "The PIN was right." },
		{ "declined", TYPE_EDGE, true, MENU_NOWHERE, "The customer said no." },
		{ "locked", TYPE_EDGE, true, MENU_NOWHERE, "Too many wrong PINs." },
		{ "failed", TYPE_EDGE, true, MENU_NOWHERE, "The PIN could not be checked." },
		{ "busy", TYPE_EDGE, true, MENU_NOWHERE, "Too much to do at the moment." },
		{ "lapsed", TYPE_EDGE, true, MENU_NOWHERE, "The screen was open for too long." },
		COMMON },
	[MENU_END] = {
		{ "end", TYPE_TEXT, true, AT(text), "Text key; the dialogue is over." },
		COMMON },
	[MENU_BRANCH] = {
		{ "branch", TYPE_VAR, true, AT(variable), "The variable that decides." },
		{ "on", TYPE_VALUES, true, MENU_NOWHERE, "Edges by its value; \"\" is that of one that is not set." },
		{ "else", TYPE_EDGE, true, MENU_NOWHERE, "The edge for every other value." },
		COMMON },
	[FORM_EDGE] = {
		{ "go", TYPE_STATE, true, MENU_NOWHERE, "The state." },
		{ "say", TYPE_TEXT, false, MENU_NOWHERE, "Text key of a line on top of the next screen." },
		{ "set", TYPE_SET, false, MENU_NOWHERE, "Variables to set on the way; an empty text unsets." } },
	[FORM_OPTION] = {
		{ "text", TYPE_TEXT, true, MENU_NOWHERE, "Text key of the option." },
		{ "go", TYPE_STATE, true, MENU_NOWHERE, "The state." },
		{ "say", TYPE_TEXT, false, MENU_NOWHERE, "Text key of a line on top of the next screen." },
		{ "set", TYPE_SET, false, MENU_NOWHERE, "Variables to set on the way; an empty text unsets." },
		{ "when", TYPE_WHEN, false, MENU_NOWHERE, "Variables and the values with which the option is shown." } },
	[FORM_INCLUDE] = {
		{ "file", TYPE_FILE, true, MENU_NOWHERE, "The file of the part, below the folder of menus, without .json." },
		{ "exits", TYPE_BOUND, false, MENU_NOWHERE, "Each exit of the part, and the state where it leads here." } },
	[FORM_MENU] = {
		{ "menu", TYPE_NAME, true, MENU_NOWHERE, "The menu's name." },
		{ "start", TYPE_STATE, false, MENU_NOWHERE, "The state in which a dialogue begins." },
		{ "home", TYPE_STATE, false, MENU_NOWHERE, "The state to which 00 leads." },
		{ "states", TYPE_STATES, false, MENU_NOWHERE, "States by their names." },
		{ "resume_s", TYPE_SECONDS, false, MENU_NOWHERE, "For so long after a call dropped in a state with \"resume\" the " \
		    "next dial offers to go on; 0: never. The installation's resume_grace_s where it is not given." },
		INCLUDE,
		{ "extends", TYPE_FILE, false, MENU_NOWHERE, "The menu that this one is, but for what it says itself." },
		{ "replace", TYPE_STATES, false, MENU_NOWHERE, "States instead of those of the extended menu." },
		{ "journeys", TYPE_JOURNEYS, false, MENU_NOWHERE, "Ways through the menu, by name, and what each may cost." },
		TEXTS },
	[FORM_PART] = {
		{ "part", TYPE_NAME, true, MENU_NOWHERE, "The part's name." },
		{ "start", TYPE_STATE, true, MENU_NOWHERE, "The state to which the prefix alone leads." },
		{ "exits", TYPE_EXITS, false, MENU_NOWHERE, "Names of states that whoever includes the part binds." },
		{ "states", TYPE_STATES, true, MENU_NOWHERE, "States by their names." },
		INCLUDE,
		TEXTS },
	[FORM_JOURNEY] = {
		{ "from", TYPE_STATE, true, MENU_NOWHERE, "The state in which it begins." },
		{ "to", TYPE_STATE, true, MENU_NOWHERE, "The state in which it ends." },
		{ "screens", TYPE_NUMBER, false, MENU_NOWHERE, "Screens that have to be answered, at most." },
		{ "keys", TYPE_NUMBER, false, MENU_NOWHERE, "Keys that have to be pressed, at most." },
		{ "calls", TYPE_NUMBER, false, MENU_NOWHERE, "Requests to the wallet core, at most." } },
};

size_t
menu_key_names(int form, const char *names[MENU_KEYS])
{
	size_t n = 0;

	while (n < MENU_KEYS && menu_keys[form][n].name != NULL) {
		names[n] = menu_keys[form][n].name;
		n++;
	}
	return n;
}
