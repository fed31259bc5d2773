/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * version - the version, as the Makefile gives it.
 */
#include "bundle/version.h"

#include "bundle/crypto.h"

#ifndef SATCHEL_VERSION
#define SATCHEL_VERSION "unknown"
#endif

const char *
version_number(void)
{
	return SATCHEL_VERSION;
}

void
version_text(const char *program, struct bytes *out)
{
	bytes_printf(out, "%s %s\n", program, version_number());
	bytes_printf(out, "bundle format: %d\n", FORMAT_VERSION);
	bytes_printf(out, "chunk digests: %s\n", chunk_digest_engine());
}
