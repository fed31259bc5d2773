/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path - the legal names, free text and titles, and which paths collide.
 * The only file that knows libunistring; it never touches a file system.
 */
#include "manifests/path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <unicase.h>
#include <uninorm.h>

#include "manifests/caps.h"
#include "manifests/unicode9.h"
#include "manifests/utf8.h"

/* Where in a text a character stands: what is legal inside may not be so at the ends. */
enum place { PLACE_FIRST = 1, PLACE_LAST = 2 };

static const char *
check_class(enum unicode9 class, int place)
{
	switch (class) {
	case UNICODE9_UNASSIGNED:
		return "has a code point that Unicode 9 does not assign";
	case UNICODE9_CHARACTER:
		return NULL;
	case UNICODE9_SPACE:
		if (place & PLACE_FIRST)
			return "has leading white space";
		if (place & PLACE_LAST)
			return "has trailing white space";
		return NULL;
	case UNICODE9_CONTROL:
		return "has a control character";
	case UNICODE9_FORMAT:
		return "has a format character";
	case UNICODE9_SURROGATE:
		return "has a surrogate code point";
	case UNICODE9_PRIVATE:
		return "has a private-use character";
	case UNICODE9_SEPARATOR:
		return "has a line or paragraph separator";
	}
	return "has an unknown kind of character";
}

static const char *
check_nfc(const char *s, size_t len)
{
	const uint8_t *u = (const uint8_t *)s;
	const char *rule = NULL;
	uint8_t *nfc;
	size_t n;

	if ((nfc = u8_normalize(UNINORM_NFC, u, len, NULL, &n)) == NULL)
		return PATH_NO_MEMORY;
	if (n != len || memcmp(nfc, u, len) != 0)
		rule = "is not in Unicode normalisation form C";
	free(nfc);
	return rule;
}

/*
 * What holds for every text of ours, path component or not: well-formed,
 * assigned, visible, without white space at the ends, NFC.  len > 0.
 */
static const char *
check_characters(const char *s, size_t len)
{
	const uint8_t *u = (const uint8_t *)s;
	const char *rule;
	bool ascii = true;
	size_t i = 0, n;
	uint32_t cp;

	while (i < len) {
		int place = i == 0 ? PLACE_FIRST : 0;

		if (u[i] > 0x20 && u[i] < 0x7F) {
			i++;
			continue;
		}
		if (u[i] < 0x80) {
			cp = u[i++];
		} else {
			if ((n = utf8_decode(u + i, len - i, &cp)) == 0)
				return "is not valid UTF-8";
			i += n;
			ascii = false;
		}
		if (i == len)
			place |= PLACE_LAST;
		if ((rule = check_class(unicode9_class(cp), place)) != NULL)
			return rule;
	}
	return ascii ? NULL : check_nfc(s, len);
}

/*
 * Whether Windows takes a component for a device: by what stands before the
 * first dot, blanks behind it not counted, in any case.
 */
static bool
is_device(const char *s, size_t len)
{
	static const char *const names[] = { "CON", "PRN", "AUX", "NUL",
	    "CONIN$", "CONOUT$" };
	const char *dot = memchr(s, '.', len);
	size_t n = dot == NULL ? len : (size_t)(dot - s), i;

	while (n > 0 && s[n - 1] == ' ')
		n--;
	if (n < 3 || n > 7)
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (n == strlen(names[i]) && strncasecmp(s, names[i], n) == 0)
			return true;
	if (strncasecmp(s, "COM", 3) != 0 && strncasecmp(s, "LPT", 3) != 0)
		return false;
	if (n == 4)
		return s[3] >= '1' && s[3] <= '9';
	/* Superscript one, two and three are digits to Windows. */
	return n == 5 && (memcmp(s + 3, "\xC2\xB9", 2) == 0 ||
	    memcmp(s + 3, "\xC2\xB2", 2) == 0 ||
	    memcmp(s + 3, "\xC2\xB3", 2) == 0);
}

static const char *
check_component(const char *s, size_t len)
{
	static const char forbidden[256] = { ['\\'] = 1, [':'] = 1, ['*'] = 1,
	    ['?'] = 1, ['"'] = 1, ['<'] = 1, ['>'] = 1, ['|'] = 1, ['%'] = 1 };
	const char *rule;
	size_t i;

	if (len == 0)
		return "has an empty component";
	if (s[0] == '.' && (len == 1 || (len == 2 && s[1] == '.')))
		return "has a component \".\" or \"..\"";
	if (len > CAP_COMPONENT)
		return "has a component of over 255 bytes";
	if ((rule = check_characters(s, len)) != NULL)
		return rule;
	for (i = 0; i < len; i++)
		if (forbidden[(unsigned char)s[i]])
			return "has one of the characters \\ : * ? \" < > | %";
	if (s[len - 1] == '.')
		return "has a component that ends with a dot";
	if (is_device(s, len))
		return "has a component that is a Windows device name";
	return NULL;
}

const char *
path_check(const char *path, size_t len)
{
	const char *slash, *rule;
	size_t n, depth = 0;

	if (len == 0)
		return "is empty";
	if (len > CAP_PATH)
		return "is over 1024 bytes";
	if (path[0] == '/')
		return "is not relative";
	for (;;) {
		if (++depth > CAP_DEPTH)
			return "is over 32 components deep";
		slash = memchr(path, '/', len);
		n = slash == NULL ? len : (size_t)(slash - path);
		if ((rule = check_component(path, n)) != NULL)
			return rule;
		if (slash == NULL)
			return NULL;
		path += n + 1;
		len -= n + 1;
	}
}

const char *
path_check_name(const char *name, size_t len)
{
	if (len == 0)
		return "is empty";
	if (memchr(name, '/', len) != NULL)
		return "has a slash";
	if (name[0] == '.')
		return "begins with a dot";
	if (name[0] == '-')
		return "begins with a hyphen";
	return check_component(name, len);
}

const char *
text_check(const char *text, size_t len)
{
	if (len == 0)
		return "is empty";
	if (len > CAP_TEXT)
		return "is over 1024 bytes";
	return check_characters(text, len);
}

/* ------------------------------------------------------------------ titles */

static bool
is_reduced(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

const char *
title_check(const char *s)
{
	size_t i, n = strlen(s);

	if (n == 0)
		return "is empty";
	if (n > CAP_TITLE)
		return "is over 32 characters";
	for (i = 0; i < n; i++)
		if (!is_reduced(s[i]) && strchr(" ./-", s[i]) == NULL)
			return "has a character that is none of A-Z 0-9 blank . / -";
	if (s[0] == ' ' || s[n - 1] == ' ')
		return "has a leading or trailing blank";
	return NULL;
}

/*
 * s upper-cased and reduced to A-Z and 0-9, as a new string; NULL out of memory.
 * starts  if not NULL: per byte kept, whether a word of s starts there
 *         (something else than A-Z and 0-9 stands before it)
 */
static char *
reduce(const char *s, bool **starts)
{
	size_t i, n, o = 0;
	bool start = true;
	uint8_t *upper;

	/* Language-neutral, so that what looks like an I or an S counts as one. */
	upper = u8_toupper((const uint8_t *)s, strlen(s) + 1, NULL, NULL, NULL, &n);
	if (upper == NULL)
		return NULL;
	if (starts != NULL && (*starts = calloc(n + 1, sizeof(**starts))) == NULL) {
		free(upper);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		if (!is_reduced((char)upper[i])) {
			start = true;
			continue;
		}
		if (starts != NULL)
			(*starts)[o] = start;
		upper[o++] = upper[i];
		start = false;
	}
	if (starts != NULL)
		(*starts)[o] = true;
	upper[o] = '\0';
	return (char *)upper;
}

bool
title_tells(const char *title, const char *word)
{
	bool tells = true;		/* fail closed: out of memory */
	bool *starts = NULL;
	char *t = NULL, *w = NULL;
	const char *at;
	size_t n;

	if ((t = reduce(title, &starts)) == NULL || (w = reduce(word, NULL)) == NULL)
		goto out;
	n = strlen(w);
	tells = false;
	for (at = t; n > 0 && (at = strstr(at, w)) != NULL && !tells; at++)
		tells = n >= 3 || (starts[at - t] && starts[(size_t)(at - t) + n]);
out:
	free(starts);
	free(t);
	free(w);
	return tells;
}

/* Skip digits, at least one; NULL where there is none. */
static const char *
skip_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n == 0 ? NULL : s + n;
}

bool
title_is_verdict(const char *title)
{
	static const char *const verdicts[] = { "AUTHENTICANDWHOLE", "IMPORTED",
	    "DAMAGED", "INCOMPLETE", "MALFORMED", "UNTRUSTED",
	    "NOTAUTHENTICATED", "REFUSED" };
	static const char medium[] = "AUTHENTICMEDIUM";
	bool is = false;
	const char *s;
	size_t i;
	char *t;

	if ((t = reduce(title, NULL)) == NULL)
		return true;		/* fail closed: out of memory */
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(t, verdicts[i]) == 0)
			is = true;
	/* AUTHENTIC, MEDIUM 2 OF 5 WHOLE */
	if (strncmp(t, medium, strlen(medium)) == 0 &&
	    (s = skip_number(t + strlen(medium))) != NULL &&
	    strncmp(s, "OF", 2) == 0 && (s = skip_number(s + 2)) != NULL &&
	    strcmp(s, "WHOLE") == 0)
		is = true;
	free(t);
	return is;
}

/* -------------------------------------------------------------- collisions */

int
path_compare(const char *a, const char *b)
{
	return strcmp(a, b);		/* unsigned bytes, as ISO C says */
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

char *
path_fold(const char *path)
{
	size_t len = strlen(path), i, n;
	char *key;

	if (!is_ascii(path))
		/* The NUL goes with it.  libunistring takes NFD before it folds. */
		return (char *)u8_casefold((const uint8_t *)path, len + 1, NULL,
		    UNINORM_NFC, NULL, &n);
	if ((key = malloc(len + 1)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		key[i] = path[i] >= 'A' && path[i] <= 'Z' ?
		    (char)(path[i] - 'A' + 'a') : path[i];
	key[len] = '\0';
	return key;
}

static uint64_t
rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/*
 * SipHash-2-4.  Keyed, so that nobody can prepare a million paths of one hash
 * that would then have to be compared with each other.
 */
static uint64_t
hash(const uint64_t key[2], const char *s)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
	    key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	size_t len = strlen(s), i;
	uint64_t word = 0;

	for (i = 0; i <= len; i++) {	/* the NUL, too: it is the padding */
		word |= (uint64_t)(unsigned char)s[i] << (i % 8 * 8);
		if (i % 8 != 7 && i != len)
			continue;
		if (i == len)
			word |= (uint64_t)len << 56;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
		word = 0;
	}
	v[2] ^= 0xFF;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct folded {
	uint64_t hash;
	size_t path;			/* position in the caller's list */
};

static int
compare_folded(const void *x, const void *y)
{
	const struct folded *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->path < b->path ? -1 : a->path > b->path;
}

/* 1 where the two paths fold to the same key, 0 where not, -1 out of memory. */
static int
same_key(const char *a, const char *b)
{
	char *x = path_fold(a), *y = path_fold(b);
	int same = -1;

	if (x != NULL && y != NULL)
		same = strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

enum status
paths_collide(const char *const *paths, size_t n, size_t *a, size_t *b,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct folded *f = NULL;
	uint64_t key[2];
	size_t i, j;
	char *folded;

	*a = *b = n;
	if (getrandom(key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key))
		key[0] = key[1] = (uint64_t)(uintptr_t)&key;
	if ((f = calloc(n == 0 ? 1 : n, sizeof(*f))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	for (i = 0; i < n; i++) {
		if ((folded = path_fold(paths[i])) == NULL) {
			st = diag_nomem(d);
			goto out;
		}
		f[i].hash = hash(key, folded);
		f[i].path = i;
		free(folded);
	}
	qsort(f, n, sizeof(*f), compare_folded);
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n && f[j].hash == f[i].hash; j++) {
			int same = same_key(paths[f[i].path], paths[f[j].path]);

			if (same == -1) {
				st = diag_nomem(d);
				goto out;
			}
			if (same == 0)
				continue;
			/* The hash is keyed: always name the pair that ends first. */
			if (f[j].path < *b) {
				*a = f[i].path;
				*b = f[j].path;
			}
			break;
		}
	st = ST_OK;
out:
	free(f);
	return st;
}
