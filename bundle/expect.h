/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect - a bundle digest as a person typed it from a sheet or the telephone.
 */
#ifndef SATCHEL_BUNDLE_EXPECT_H
#define SATCHEL_BUNDLE_EXPECT_H

#include <stdint.h>

#include "manifests/diag.h"
#include "manifests/transport.h"

/*
 * expect_form - whether s could be a digest at all: to be asked before any work.
 * Errors: ST_USAGE (rule "expect-form").
 */
enum status expect_form(const char *s, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * expect_check - compare all 128 hexadecimal digits of s, in either case, with
 * blanks and dashes between them allowed, with a digest.
 * Errors: ST_USAGE (rule "expect-form"), ST_UNTRUSTED (rule "expect").
 */
enum status expect_check(const char *s, const uint8_t digest[SHA512_LEN],
    struct diag *d) __attribute__((warn_unused_result));

#endif
