/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_wrapped_key - any bytes as a wrapped key.  What is accepted is for a
 * named recipient or for a hidden one, never both, and is whole.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
check(const uint8_t *data, size_t size, bool hidden, const uint8_t (*ids)[8],
    size_t n)
{
	struct diag d = DIAG_INIT;
	enum status st = packet_check_wrapped_key(data, size, hidden, ids, n, &d);

	if (st != ST_OK && (st != ST_MALFORMED || d.rule[0] == '\0'))
		abort();
	return st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool named = check(data, size, false, NULL, 0) == ST_OK;
	bool hidden = check(data, size, true, NULL, 0) == ST_OK;
	uint8_t id[1][8];

	if (named && hidden)
		abort();
	if (!named && !hidden)
		return 0;
	if (check(data, size - 1, hidden, NULL, 0) == ST_OK)
		abort();
	if (hidden)
		return 0;
	/* The key id stands behind the header (2 or 3 bytes) and the version. */
	memcpy(id[0], data + (data[0] & 1 ? 4 : 3), 8);
	if (check(data, size, false, id, 1) != ST_OK)
		abort();
	id[0][7] ^= 1;
	if (check(data, size, false, id, 1) == ST_OK)
		abort();
	return 0;
}
