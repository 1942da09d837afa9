/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made of the rows by which menus are read: menu_keys, accept_rows and call_rows. Draft 7, which is what editors know.
 * A state is described by its first key alone, so that an editor says what is wrong with that kind of state and not
 * with all others too.
 */
#include "core/menu_schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/kyc.h"
#include "core/menu_model.h"

static json_t *
word(int size)
{
	return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", size - 1);
}

static json_t *
refer(const char *name)
{
	return json_pack("{s:s+}", "$ref", "#/definitions/", name);
}

static json_t *
object_of(json_t *values)
{
	return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", values);
}

/* Names of states and the like are the keys. */
static json_t *
named(int size, json_t *values)
{
	json_t *o = object_of(values);

	json_object_set_new(o, "propertyNames", word(size));
	return o;
}

static json_t *
required(const char *key)
{
	return json_pack("{s:[s]}", "required", key);
}

static json_t *
calls(bool is_intent)
{
	json_t *names = json_array();

	for (size_t i = 0; i < call_rows_n; i++)
		if (call_rows[i].intent || !is_intent)
			json_array_append_new(names, json_string(call_rows[i].name));
	return json_pack("{s:o}", "enum", names);
}

static json_t *
type_schema(enum menu_type type)
{
	switch (type) {
	case TYPE_TEXT:
	case TYPE_STATE:
		return word(MENU_STATE);
	case TYPE_VAR:
		return word(VARS_NAME);
	case TYPE_NAME:
	case TYPE_FOLDER:
		return word(MENU_NAME);
	case TYPE_FILE:
		return word(BUNDLE_NAME);
	case TYPE_CALL:
	case TYPE_INTENT:
		return calls(type == TYPE_INTENT);
	case TYPE_TRUE:
		return json_pack("{s:b}", "const", 1);
	case TYPE_EDGE:
		return json_pack("{s:[o, o]}", "anyOf", word(MENU_STATE), refer(menu_form_names[FORM_EDGE]));
	case TYPE_OUTCOMES:
	case TYPE_VALUES:
		return object_of(type_schema(TYPE_EDGE));
	case TYPE_OPTIONS:
		return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", MENU_OPTIONS, "items",
		    refer(menu_form_names[FORM_OPTION]));
	case TYPE_SET:
	case TYPE_WHEN:
		return named(VARS_NAME, json_pack("{s:s}", "type", "string"));
	case TYPE_CHECK:
		return refer("check");
	case TYPE_STATES:
		return named(MENU_STATE, refer("state"));
	case TYPE_INCLUDES:
		return named(MENU_STATE, refer(menu_form_names[FORM_INCLUDE]));
	case TYPE_EXITS:
		return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", MENU_OPTIONS, "items", word(MENU_STATE));
	case TYPE_BOUND:
		return named(MENU_STATE, word(MENU_STATE));
	case TYPE_JOURNEYS:
		return object_of(refer(menu_form_names[FORM_JOURNEY]));
	case TYPE_NUMBER:
		return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
	case TYPE_SECONDS:
		return json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 0, "maximum", MENU_RESUME_MOST);
	case MENU_TYPES:
		break;
	}
	return json_object();
}

static json_t *
form_schema(int form)
{
	json_t *properties = json_object(), *needed = json_array(), *out;

	for (const struct menu_key *k = menu_keys[form]; k < menu_keys[form] + MENU_KEYS && k->name != NULL; k++) {
		json_t *value = type_schema(k->type);

		json_object_set_new(value, "description", json_string(k->help));
		json_object_set_new(properties, k->name, value);
		if (k->needed)
			json_array_append_new(needed, json_string(k->name));
	}
	out = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties", properties);
	if (json_array_size(needed) > 0)
		json_object_set_new(out, "required", needed);
	else
		json_decref(needed);
	return out;
}

static json_t *
argument_schema(const struct accept_row *row, const char *name)
{
	bool is_of = strcmp(name, "of") == 0;

	if (is_of && (row->args & ARG_WORDS) != 0)
		return json_pack("{s:s, s:i, s:i, s:o}", "type", "array", "minItems", 1, "maxItems", MENU_WORDS, "items",
		    word(MENU_VALUE));
	if ((row->args & ARG_DOCUMENT) != 0) {
		json_t *words = json_array();

		for (int i = 0; i < KYC_DOCUMENTS; i++)
			json_array_append_new(words, json_string(kyc_document_word((enum kyc_document)i)));
		return json_pack("{s:o}", "enum", words);
	}
	if (is_of)
		return word(VARS_NAME);
	if ((row->args & ARG_MONEY) != 0)
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]+(\\.[0-9]{1,2})?$");
	return json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 0, "maximum", MENU_VALUE - 1);
}

static json_t *
check_schema(void)
{
	json_t *checks = json_object();

	for (size_t i = 0; i < accept_rows_n; i++) {
		const struct accept_row *row = &accept_rows[i];
		const char *names[ACCEPT_ARGS];
		json_t *args = json_object(), *one;
		size_t n = accept_args(row, names);

		for (size_t k = 0; k < n; k++)
			json_object_set_new(args, names[k], argument_schema(row, names[k]));
		one = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties", args);
		if (row->of_needed || (row->args & ARG_WORDS) != 0)
			json_object_set_new(one, "required", json_pack("[s]", "of"));
		else if ((row->args & (ARG_COUNT | ARG_LENGTH)) != 0)
			json_object_set_new(one, "required", json_pack("[s]", "max"));
		else if ((row->args & ARG_DOCUMENT) != 0)
			json_object_set_new(one, "required", json_pack("[s]", "type"));
		json_object_set_new(checks, row->name, one);
	}
	return json_pack("{s:s, s:b, s:i, s:i, s:o}", "type", "object", "additionalProperties", 0, "minProperties", 1,
	    "maxProperties", 1, "properties", checks);
}

/* Each outcome of this call has its edge, and no other has one. */
static json_t *
outcomes_schema(const struct call_row *row)
{
	json_t *edges = json_object(), *needed = json_array();

	for (int i = 0; row->outcomes[i] != NULL; i++) {
		json_object_set_new(edges, row->outcomes[i], type_schema(TYPE_EDGE));
		json_array_append_new(needed, json_string(row->outcomes[i]));
	}
	return json_pack("{s:{s:{s:{s:s}}}, s:{s:{s:{s:b, s:o, s:o}}}}",
	    "if", "properties", "call", "const", row->name,
	    "then", "properties", "on", "additionalProperties", 0, "properties", edges, "required", needed);
}

/* What the keys of a form say of each other. */
static void
tie_keys(json_t *forms)
{
	json_t *each = json_array();

	for (size_t i = 0; i < call_rows_n; i++)
		json_array_append_new(each, outcomes_schema(&call_rows[i]));
	json_object_set_new(json_object_get(forms, "call"), "allOf", each);
	json_object_set_new(json_object_get(forms, "choose"), "oneOf", json_pack(
	    "[{s:[s], s:{s:[o, o, o, o]}}, {s:[s, s, s]}]", "required",
	    "options", "not", "anyOf", required("list"), required("text"), required("as"), required("go"),
	    "required", "list", "text", "go"));
	each = json_array();
	for (size_t i = 0; i < accept_rows_n; i++) {
		json_t *then = accept_rows[i].as_needed ? required("as") :
		    accept_rows[i].secret ? json_pack("{s:o}", "not", required("as")) : json_object();

		json_array_append_new(each, json_pack("{s:{s:{s:o}}, s:o}", "if", "properties", "accept",
		    required(accept_rows[i].name), "then", then));
	}
	json_object_set_new(json_object_get(forms, "ask"), "allOf", each);
	json_object_set_new(json_object_get(forms, "menu"), "anyOf", json_pack("[{s:[s]}, {s:[s, s, s]}]",
	    "required", "extends", "required", "start", "home", "states"));
	json_object_set_new(json_object_get(forms, "menu"), "dependencies", json_pack("{s:[s]}", "replace", "extends"));
}

static json_t *
state_schema(void)
{
	json_t *by_key = json_array(), *any = json_array();

	for (int i = 0; i < MENU_KINDS; i++) {
		json_array_append_new(by_key, json_pack("{s:o, s:o}", "if", required(menu_keys[i][0].name), "then",
		    refer(menu_form_names[i])));
		json_array_append_new(any, required(menu_keys[i][0].name));
	}
	return json_pack("{s:s, s:o, s:o}", "type", "object", "allOf", by_key, "anyOf", any);
}

void
menu_schema(struct buf *out)
{
	json_t *forms = json_object(), *schema;
	char *text;

	for (int i = 0; i < MENU_FORMS; i++)
		json_object_set_new(forms, menu_form_names[i], form_schema(i));
	tie_keys(forms);
	json_object_set_new(forms, "check", check_schema());
	json_object_set_new(forms, "state", state_schema());
	schema = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "$schema", "http://json-schema.org/draft-07/schema#",
	    "title", "A menu of isango, or a part of menus", "type", "object",
	    "if", required(menu_keys[FORM_PART][0].name), "then", refer(menu_form_names[FORM_PART]),
	    "else", refer(menu_form_names[FORM_MENU]), "definitions", forms);
	text = json_dumps(schema, JSON_INDENT(1));
	buf_add_str(out, text);
	buf_add_char(out, '\n');
	free(text);
	json_decref(schema);
}
