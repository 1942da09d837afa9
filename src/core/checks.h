/* SPDX-License-Identifier: Apache-2.0 */
/* What a customer may type, checked without side effects. Dates are yyyymmdd text. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/*
 * South African identity number: 13 digits, a real date of birth (century by `today`), Luhn.
 * `birth` gets yyyymmdd.
 */
bool check_za_id(const char *text, const char *today, char birth[9]) MUST_CHECK;
/* 5 to 20 letters and digits (spaces and dashes dropped, upper-cased), at least one digit. */
bool check_passport(const char *text, char out[21]) MUST_CHECK;
/*
 * 2 to 50 characters: letters of any Latin alphabet, space, ' - and .; trimmed, inner spaces
 * folded. UTF-8.
 */
bool check_name(const char *text, char out[101]) MUST_CHECK;
/*
 * ddmmyyyy, dd/mm/yyyy, dd-mm-yyyy, dd mm yyyy, yyyymmdd (4-digit year first): a real date, to
 * yyyymmdd.
 */
bool check_date(const char *text, char out[9]) MUST_CHECK;
bool date_valid(int year, int month, int day);

enum pin_strength { PIN_OK, PIN_NOT_DIGITS, PIN_WRONG_LENGTH, PIN_WEAK };
/* What others can know of who chooses a PIN; NULL or "" where we do not. */
struct pin_about {
	const char *phone;		/* canonical */
	const char *birth;		/* yyyymmdd */
	const char *id_number, *service_code;
};
/*
 * A new PIN of exactly `length` digits. Weak: one digit repeated, a run up or down, two or three
 * digits repeated (1212, 123123), a line down the keypad, a year 19xx/20xx, part of the phone
 * number, of the birth date, of the ID number or of the service code.
 */
enum pin_strength check_new_pin(const char *pin, int length, const struct pin_about *about);
