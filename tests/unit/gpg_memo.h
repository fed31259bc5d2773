/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_memo - what gpg has answered once it is not asked again: a test that reads
 * a bundle a hundred thousand times cannot start gpg as often.  The answers are
 * gpg's own, for the very same bytes; what the packet parser refuses is judged
 * anew each time.  Only for programs that are linked with --wrap (Makefile).
 */
#ifndef SATCHEL_TESTS_UNIT_GPG_MEMO_H
#define SATCHEL_TESTS_UNIT_GPG_MEMO_H

#include <stddef.h>

/* gpg_memo_asked - how many signatures and wrapped keys gpg was really asked about. */
size_t gpg_memo_asked(void);

#endif
