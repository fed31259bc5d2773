/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_ring - what is read from the user's own key ring: certificates, and of
 * which of them there is a secret key.  Runs in a helper with job.user set, as
 * the user's own gpg but without gpg.conf; writes nothing there.
 */
#ifndef SATCHEL_BUNDLE_GPG_RING_H
#define SATCHEL_BUNDLE_GPG_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

/* One key or subkey of the ring. */
struct gpg_ring_key {
	char primary[FPR_MAX + 1];
	char fpr[FPR_MAX + 1];
	bool disabled;		/* the user switched it off: that is in the trustdb, not in the certificate */
	bool secret;		/* a secret key, or a card's stub */
};

/*
 * gpg_ring_exists - is there a key ring at all?  gpg and its agent would begin
 * one where there is none, and we leave no trace.  In doubt, yes.
 */
bool gpg_ring_exists(void);

/*
 * gpg_ring_export - the certificates that match, binary, maybe none.
 * selectors  as gpg has them, checked already; n of them
 */
enum status gpg_ring_export(const char *const *selectors, size_t n,
    struct bytes *out, struct diag *d) __attribute__((warn_unused_result));

/*
 * gpg_ring_list - the (sub)keys that match: an array to free().  No selector and
 * only_secret: all those with a secret key.  with_secret asks the user's agent: start it first.
 */
enum status gpg_ring_list(const char *const *selectors, size_t n,
    bool only_secret, bool with_secret, struct gpg_ring_key **keys,
    size_t *n_keys, struct diag *d) __attribute__((warn_unused_result));

#endif
