/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place - the imported tree: a private staging directory beside the
 * destination, filled entry by entry, walked, made durable, and published by one
 * rename.  Its twin is pack/gather.h.
 */
#ifndef SATCHEL_UNPACK_PLACE_H
#define SATCHEL_UNPACK_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/findings.h"
#include "bundle/tarread.h"
#include "manifests/bag.h"
#include "manifests/contents.h"
#include "manifests/diag.h"

struct place;

/*
 * place_check_destination - may NAME be imported below dest?  Notes go to f.
 * Errors: ST_HOST: dest is no directory; world-writable without sticky bit
 * (rule "dest-writable"); dest/name exists (rule "dest-exists").
 * A group-writable dest is a note.
 */
enum status place_check_destination(const char *dest, const char *name,
    struct findings *f, struct diag *d) __attribute__((warn_unused_result));

/*
 * place_open - make the staging directory DEST/.satchel-HEX (first 32 hex
 * digits of the bundle digest), 0700, under a lock; one that a killed run left
 * is emptied and taken over (only if it is ours, 0700 and no link).
 * total   bytes that will be written: compared with the free space first (and n_files with free inodes)
 * Errors: ST_BUSY, ST_HOST (space, permission, a staging that is not ours).
 */
enum status place_open(const char *dest, const char *name,
    const uint8_t *bundle_digest, uint64_t total, uint64_t n_files,
    struct place **out, struct diag *d) __attribute__((warn_unused_result));

/* place_sink - where tar_read() puts the entries: tree/data/PATH, modes 0644 and 0755. */
void place_sink(struct place *p, struct tar_sink *sink);

/* place_tag_files - write the bag's files outside data/. */
enum status place_tag_files(struct place *p, const struct bag_file *files,
    size_t n, struct diag *d) __attribute__((warn_unused_result));

/*
 * place_publish - walk staging through directory descriptors (exactly the derived set of
 * c and files: types, modes, sizes, link count 1, nothing else), sync it, rename it to
 * DEST/NAME (RENAME_NOREPLACE, with a safe fallback), sync DEST, compare device and inode, and
 * remove the rest of staging.
 * That the file system has no such rename is a note in f (may be NULL).
 * Errors: ST_HOST; ST_REFUSED (rule "staging-changed") where something else stands in staging.
 */
enum status place_publish(struct place *p, const struct contents *c,
    const struct bag_file *files, size_t n, struct findings *f, struct diag *d)
    __attribute__((warn_unused_result));

/* place_free - remove what was not published, and release the lock; accepts NULL. */
void place_free(struct place *p);

#endif
