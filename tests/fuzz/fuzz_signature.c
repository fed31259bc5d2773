/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_signature - any bytes as a signature file.  What is accepted must be one
 * whole packet: every cut of it, and a byte more, is refused.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
parse(const uint8_t *data, size_t size, struct packet_signature *sig)
{
	struct diag d = DIAG_INIT;
	enum status st = packet_parse_signature(data, size, sig, &d);

	if (st != ST_OK && (st != ST_UNTRUSTED || d.rule[0] == '\0'))
		abort();
	return st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet_signature sig, other;
	uint8_t *longer;

	if (parse(data, size, &sig) != ST_OK)
		return 0;
	if (strlen(sig.issuer) != 40 || sig.hashed_offset + sig.hashed_len > size ||
	    sig.trailer[0] != 4 || sig.trailer[1] != 0xFF ||
	    (size_t)(sig.trailer[4] << 8 | sig.trailer[5]) != sig.hashed_len)
		abort();
	if (parse(data, size - 1, &other) == ST_OK ||
	    parse(data, size / 2, &other) == ST_OK)
		abort();
	if ((longer = calloc(1, size + 1)) == NULL)
		return 0;
	memcpy(longer, data, size);
	if (parse(longer, size + 1, &other) == ST_OK)
		abort();
	free(longer);
	return 0;
}
