/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml_value - numbers, days, digits: what a scalar must look like to be one.
 * The reader beneath (yaml.c) knows strings alone.
 */
#include "manifests/yaml.h"

#include <string.h>

#include "manifests/array.h"
#include "manifests/bytes.h"

int
uint_parse(const char *s, uint64_t *v)
{
	uint64_t n = 0;
	size_t i, len = strnlen(s, 20);

	if (len == 0 || len > 19 || (s[0] == '0' && len != 1))
		return -1;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(s[i] - '0');	/* 19 digits fit 64 bits */
	}
	if (n > YAML_UINT_MAX)
		return -1;
	*v = n;
	return 0;
}

static unsigned int
digits(const char *s, size_t n)
{
	unsigned int v = 0;

	while (n-- > 0)
		v = v * 10 + (unsigned int)(*s++ - '0');
	return v;
}

bool
date_exists(const char *s)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31 };
	unsigned int year, month, day, last;
	size_t i;

	if (strnlen(s, 11) != 10)
		return false;
	for (i = 0; i < 10; i++) {
		if (i == 4 || i == 7 ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
	}
	year = digits(s, 4);
	month = digits(s + 5, 2);
	day = digits(s + 8, 2);
	if (year < 1970 || month < 1 || month > 12)
		return false;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last++;
	return day >= 1 && day <= last;
}

uint64_t
yaml_uint(struct yaml *y, uint64_t min, uint64_t max)
{
	const char *s = yaml_text(y, NULL);
	uint64_t v;

	if (yaml_failed(y) != ST_OK)
		return 0;
	if (uint_parse(s, &v) == 0 && v >= min && v <= max)
		return v;
	yaml_fail(y, "yaml-integer", "%s: must be a whole number from %llu to %llu, "
	    "without leading zeros, not %s", ESC(yaml_name(y)), (unsigned long long)min,
	    (unsigned long long)max, ESC(s));
	return 0;
}

void
yaml_date(struct yaml *y, char out[11])
{
	const char *s = yaml_text(y, NULL);

	out[0] = '\0';
	if (yaml_failed(y) != ST_OK)
		return;
	if (date_exists(s))
		memcpy(out, s, 11);
	else
		yaml_fail(y, "yaml-date", "%s: must be a date like 2026-11-23, "
		    "not %s", ESC(yaml_name(y)), ESC(s));
}

void
yaml_hex(struct yaml *y, uint8_t *out, size_t len)
{
	const char *s = yaml_text(y, NULL);

	if (yaml_failed(y) == ST_OK && hex_decode(out, len, s) == 0)
		return;
	memset(out, 0, len);
	yaml_fail(y, "yaml-hex", "%s: must be %zu hexadecimal digits in lower case",
	    ESC(yaml_name(y)), 2 * len);
}

void
yaml_word(struct yaml *y, const char *word)
{
	const char *s = yaml_text(y, NULL);

	if (yaml_failed(y) == ST_OK && strcmp(s, word) != 0)
		yaml_fail(y, "yaml-word", "%s: must be %s, not %s", ESC(yaml_name(y)), word,
		    ESC(s));
}

void *
yaml_array_add(struct yaml *y, void *array, size_t n, size_t size)
{
	void *p;

	if (yaml_failed(y) != ST_OK)
		return array;
	if ((p = array_add(array, n, size)) == NULL) {
		yaml_nomem(y);
		return array;
	}
	return p;
}
