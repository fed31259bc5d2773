/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * media - the directories that a person gave, each with a manifest: which
 * volumes lie where, and which files nothing names.  It reads manifests and
 * small files; it trusts nothing.
 */
#ifndef SATCHEL_BUNDLE_MEDIA_H
#define SATCHEL_BUNDLE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bundle/findings.h"
#include "bundle/scan.h"
#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

/* One directory. */
struct medium {
	char *label;			/* as given, escaped, no trailing slash */
	int dirfd;
	struct bytes manifest;		/* manifest.yaml as read, once */
};

struct media {
	struct medium *items;
	size_t n;
};

/*
 * media_open - open n directories and read each one's manifest.yaml.
 * Errors: ST_MALFORMED  no manifest.yaml, or one over its cap
 *         ST_USAGE      the same directory twice
 *         ST_HOST
 */
enum status media_open(char *const *paths, size_t n, struct media **out,
    struct diag *d) __attribute__((warn_unused_result));
void media_free(struct media *m);

/* media_differ - the first medium whose manifest is not that of the first, or 0. */
size_t media_differ(const struct media *m);

/* Which media of the set the given directories stand for. */
struct coverage {
	bool *present;			/* n_media, position = medium number - 1 */
	uint32_t n_media;		/* of the whole set */
	uint32_t n_present;
	bool whole;			/* every volume of the set is to be found here */
};
void coverage_free(struct coverage *c);

/*
 * media_plan - what there is to read: each lane's contents on every directory,
 * then each payload volume on every directory that must hold it, in stream
 * order.  A directory that holds no volume is a finding (ST_INCOMPLETE); with
 * `all`, so is each volume that lies nowhere here.
 * items   new array of *n; the caller frees it
 */
enum status media_plan(const struct media *m, const struct transport *t,
    bool all, struct findings *f, struct scan_item **items, size_t *n,
    struct coverage *cov, struct diag *d) __attribute__((warn_unused_result));

/* media_label - "LABEL/NAME" into out (cap bytes); just NAME where there is one directory only. */
void media_label(char *out, size_t cap, const struct media *m, size_t i,
    const char *name);

/*
 * media_check_small - README.txt, the lists of a portable bundle and the wrapped
 * keys on every directory: size, digest and packet rule.  Damage goes to f.
 */
enum status media_check_small(const struct media *m, const struct transport *t,
    struct findings *f, struct diag *d) __attribute__((warn_unused_result));

/*
 * media_read_file - a file that the manifest fixes, from the first directory where it is right.
 * DIR/SUBDIR/NAME; dir and subdir are NULL for what lies at the top.  ST_DAMAGED or ST_INCOMPLETE if it is right nowhere.
 */
enum status media_read_file(const struct media *m, const char *dir,
    const char *subdir, const char *name, const struct transport_file *want,
    uint64_t cap, struct bytes *out, struct diag *d)
    __attribute__((warn_unused_result));

/* media_report_strays - a note for each file that nothing names, signatures/ apart. */
void media_report_strays(const struct media *m, const struct transport *t,
    struct findings *f);

#endif
