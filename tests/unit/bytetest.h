/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytetest - small bundles of every kind, made by satchel-pack's own code, each
 * byte of which is changed in turn while the verbs of satchel-unpack read them:
 * all in process, in a few workers.  It judges nothing.
 */
#ifndef SATCHEL_TESTS_UNIT_BYTETEST_H
#define SATCHEL_TESTS_UNIT_BYTETEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/transport.h"
#include "unpack/session.h"

/* The last one is small, has one volume, and the reader has signed it as well. */
enum bytetest_kind { BYTES_ENCRYPTED, BYTES_CLEAR, BYTES_PORTABLE, BYTES_RECIPIENTS,
	BYTES_MEDIA, BYTES_SIGNERS, BYTES_KINDS };

/* What a file is to the one who reads it. */
enum bytetest_role { ROLE_MANIFEST, ROLE_SIGNATURE, ROLE_KEY, ROLE_VOLUME,
	ROLE_CONTENTS, ROLE_FIXED, ROLE_TAG, ROLE_DATA };

struct bytetest_file {
	char path[256];			/* below the bundle's or bag's folder */
	enum bytetest_role role;
	unsigned medium;		/* from 0 */
	uint8_t *data;			/* as it was made */
	size_t len;
};

#define BYTETEST_FILES 64

/* A folder that is copied for each worker: a bundle or an imported bag. */
struct bytetest_folder {
	char name[32];
	char path[128];
	size_t n_media;			/* 0: a bag */
	struct bytetest_file files[BYTETEST_FILES];
	size_t n_files;
};

extern struct bytetest_folder bytetest_bundles[BYTES_KINDS];
extern char bytetest_sender[FPR_MAX + 1], bytetest_reader[FPR_MAX + 1];
extern char bytetest_trust[160];	/* the file with both certificates */

/* bytetest_start - keys, and a bundle of each kind; 0 or -1.  bytetest_end removes all. */
int bytetest_start(void);
int bytetest_end(void);

/* folder_find - the first file of that kind. */
const struct bytetest_file *folder_find(const struct bytetest_folder *f, enum bytetest_role role);

/* bytetest_import - import a bundle, and read the bag into *out. */
void bytetest_import(const struct bytetest_folder *bundle, struct bytetest_folder *out);
void folder_free(struct bytetest_folder *f);	/* what it holds in memory */

/* One worker's copy of a folder. */
struct bytetest_copy {
	const struct bytetest_folder *of;
	char path[192];
	char media[2][256];		/* the directories to give */
	size_t n_media;
	char dest[192];			/* an empty folder */
};
/* copy_make, copy_remove - anew at a path that is not there; nothing here fails quietly. */
void copy_make(struct bytetest_copy *c, const struct bytetest_folder *of, const char *path);
void copy_remove(struct bytetest_copy *c);
/* copy_intact - whether every file still is as it was made, and the destination empty. */
bool copy_intact(const struct bytetest_copy *c);
bool dest_empty(const struct bytetest_copy *c);

/* How a run of a verb ended. */
struct outcome {
	enum status status;		/* what the program would exit with */
	char rule[64];			/* of the first finding that counts, or of the run's end */
	size_t bad_signatures;		/* notes about them */
	char recipient[FPR_MAX + 1];	/* whose key opened it */
};

/* verb_run - the verb's own code, from the options on; which: the one medium to give, or -1 for all. */
void verb_run(enum unpack_verb verb, const struct bytetest_copy *c, int which,
    struct outcome *o);

/* What is done to one file. */
enum change_kind { CHANGE_FLIP, CHANGE_CUT, CHANGE_APPEND };
struct change {
	enum change_kind kind;
	size_t at;			/* FLIP: offset; CUT: new length */
	uint8_t value;			/* FLIP: bits; APPEND: the byte */
};
void change_make(const struct bytetest_copy *c, const struct bytetest_file *f,
    const struct change *how);
void change_undo(const struct bytetest_copy *c, const struct bytetest_file *f,
    const struct change *how);
char *change_spell(const struct change *how, char *out, size_t cap);
/* change_due - whether change i of n is to be made: all, or where everything is slow a sample. */
bool change_due(size_t i, size_t n);

/*
 * workers_run - the same function in several processes, each with its number of
 * how many, and a folder of its own; they say what is wrong with worker_fail(),
 * and how many changes they made with worker_count().  Returns that sum; what was said fails the test.
 */
typedef void worker_fn(unsigned number, unsigned of, const char *folder);
size_t workers_run(worker_fn *fn);
void worker_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void worker_count(size_t n);

#endif
