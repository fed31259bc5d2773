/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * version - what --version says: our number, the format's, and which engine serves.
 */
#ifndef SATCHEL_BUNDLE_VERSION_H
#define SATCHEL_BUNDLE_VERSION_H

#include "manifests/bytes.h"

#define FORMAT_VERSION 1

/* version_text - the lines of --version. */
void version_text(const char *program, struct bytes *out);
/* version_number - "0.1.0". */
const char *version_number(void);

#endif
