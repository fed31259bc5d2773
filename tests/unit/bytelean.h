/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytelean - the reading passes of check and extract by themselves: on a bundle
 * whose manifest was verified once, whose keys were unwrapped and whose contents
 * were opened once.  For one byte after another there is no time for more.
 */
#ifndef SATCHEL_TESTS_UNIT_BYTELEAN_H
#define SATCHEL_TESTS_UNIT_BYTELEAN_H

#include "tests/unit/bytetest.h"

struct lean {
	const struct bytetest_copy *copy;
	struct media *media;
	struct verified_manifest *verified;
	struct opened *opened;		/* with its contents */
	uint8_t key[KEY_LEN];		/* the run's; encrypted bundles only */
};

/* lean_trust - the certificates that are trusted, as the programs read them. */
struct gpg_trust *lean_trust(void);

/* lean_open - everything must be right then; lean_close accepts what it made. */
void lean_open(struct lean *l, const struct bytetest_copy *c);
void lean_close(struct lean *l);

/* What each ends with, findings included: */
enum status lean_check(const struct lean *l);	/* check: all stored bytes */
enum status lean_keys(const struct lean *l);	/* extract: unwrapping */
enum status lean_contents(const struct lean *l);	/* extract: the content manifest */
enum status lean_small(const struct lean *l);	/* both: the files beside the volumes */
enum status lean_payload(const struct lean *l);	/* extract: the stream */
/* both: the one volume or contents file */
enum status lean_volume(const struct lean *l, const struct bytetest_file *f);

#endif
