/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport_rules - fingerprints, times, runs, bounds and sums of a manifest.
 * It reads no document.
 */
#include "manifests/transport_rules.h"

#include <string.h>

#include "manifests/caps.h"
#include "manifests/yaml.h"

bool
fingerprint_valid(const char *s)
{
	size_t n = strspn(s, "0123456789ABCDEF");

	return s[n] == '\0' && (n == 40 || n == 64);
}

bool
time_exists(const char *s)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	char date[11];
	size_t i;

	for (i = 0; i < sizeof(form); i++) {
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	}
	memcpy(date, s, 10);
	date[10] = '\0';
	return date_exists(date) && memcmp(s + 11, "24", 2) < 0 &&
	    s[14] < '6' && s[17] < '6';
}

uint64_t
transport_max_stored(const struct transport *t)
{
	return (uint64_t)t->chunk_size + t->padding + CAP_STORED_EXTRA;
}

uint64_t
transport_total(const struct transport *t)
{
	uint64_t total = 0;
	size_t l, v;

	for (l = 0; l < t->n_lanes; l++) {
		total += t->lanes[l].contents.size;
		for (v = 0; v < t->lanes[l].n_volumes; v++)
			total += t->lanes[l].volumes[v].size;
	}
	return total;
}

size_t
transport_n_volumes(const struct transport *t)
{
	size_t n = 0, l;

	for (l = 0; l < t->n_lanes; l++)
		n += t->lanes[l].n_volumes;
	return n;
}

const struct transport_run *
transport_find_run(const struct transport_lane *l, uint32_t run)
{
	size_t low = 0, high = l->n_runs, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->runs[mid].run == run)
			return &l->runs[mid];
		if (l->runs[mid].run < run)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool
is_other_version(const uint8_t *buf, size_t len, const char *purpose)
{
	size_t n = strlen(purpose);

	return len > n && memcmp(buf, purpose, n) == 0 &&
	    (len < n + 4 || memcmp(buf + n, "\"1\"\n", 4) != 0);
}
