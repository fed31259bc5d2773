/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outdir - the directory in which a bundle comes into being: made or found
 * empty, filled, spread over media, and emptied again when the run fails.
 */
#ifndef SATCHEL_PACK_OUTDIR_H
#define SATCHEL_PACK_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "bundle/media.h"
#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

struct outdir {
	char *path;
	int fd;
	bool made;			/* it was absent */
	bool grouped;			/* holds medium-01, medium-02, ... */
	int stage;			/* where files are made before they are spread */
	int *media;			/* descriptor of each medium's directory */
	char **labels;			/* and its path */
	size_t n_media;
};

/*
 * outdir_open - an absent or empty directory.
 * Errors: ST_HOST  it holds something (rule "output-exists")
 *         ST_BUSY  another run is packing into it (rule "output-busy")
 */
enum status outdir_open(const char *path, bool grouped, struct outdir *out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * outdir_spread - make the media's directories and move every volume to its
 * own (t has the medium numbers), and the rest to each; sync them.
 */
enum status outdir_spread(struct outdir *o, const struct transport *t,
    struct diag *d) __attribute__((warn_unused_result));

/* outdir_media - the directories as bundle/open.h reads them, with that manifest. */
enum status outdir_media(const struct outdir *o, const struct bytes *manifest,
    struct media **out, struct diag *d) __attribute__((warn_unused_result));

/* outdir_put - a file of that name on each medium, in subdir if not NULL; synced. */
enum status outdir_put(struct outdir *o, const char *subdir, const char *name,
    const struct bytes *data, struct diag *d) __attribute__((warn_unused_result));

/* outdir_close - keep what is there (keep), or remove all that was made, and nothing else. */
void outdir_close(struct outdir *o, bool keep);

#endif
