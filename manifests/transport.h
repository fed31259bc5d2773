/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport - the transport manifest, manifest.yaml: its fields, its one
 * spelling, its limits.  It says nothing about whether anybody signed it:
 * struct unverified_manifest and struct verified_manifest (bundle/trust.h) do.
 */
#ifndef SATCHEL_MANIFESTS_TRANSPORT_H
#define SATCHEL_MANIFESTS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"

#define SHA512_LEN 64
#define BUNDLE_ID_LEN 16
#define FPR_MAX 64		/* hexadecimal digits: 40 of a version 4 key, 64 of a version 5 key */

/* The first bytes of every transport manifest, of whatever version. */
#define TRANSPORT_PURPOSE "satchel-manifest: "

/* A whole file that the manifest fixes. */
struct transport_file {
	uint64_t size;			/* bytes */
	uint8_t digest[SHA512_LEN];	/* plain SHA-512 */
};

struct transport_key {
	char recipient[FPR_MAX + 1];	/* primary fingerprint, or "000", "001", ... when hidden */
	struct transport_file file;
};

struct transport_run {
	uint32_t run;
	uint8_t commitment[SHA512_LEN];
	struct transport_key *keys;
	size_t n_keys;
};

/* One volume, or the contents file of a lane (medium 0 there: on each one; first 0). */
struct transport_volume {
	uint32_t medium;		/* from 1 */
	uint32_t run;			/* 0 when not encrypted */
	uint64_t first;			/* number of its first chunk in the lane */
	uint64_t n_chunks;
	uint64_t size;			/* bytes of the file */
	uint8_t index[SHA512_LEN];	/* index digest */
};

struct transport_lane {
	uint32_t lane;
	uint8_t commitment[SHA512_LEN];	/* content commitment */
	struct transport_volume contents;
	struct transport_run *runs;	/* none when not encrypted */
	size_t n_runs;
	struct transport_volume *volumes;
	size_t n_volumes;
};

struct transport {
	uint8_t bundle_id[BUNDLE_ID_LEN];
	char created[21];		/* 2026-11-24T19:12:01Z */
	char title[33];
	char control_number[33];	/* "" if there is none */
	bool encrypted;
	bool hidden_recipients;
	bool portable;
	uint32_t chunk_size;		/* bytes */
	uint32_t padding;		/* bytes; 0 when not encrypted */
	struct transport_file readme;
	struct transport_file sums[2];	/* portable: SHA512SUMS, SHA256SUMS */
	char (*signers)[FPR_MAX + 1];
	size_t n_signers;
	struct transport_lane *lanes;
	size_t n_lanes;
	uint32_t n_media;		/* derived: the greatest medium number */
};

/*
 * transport_parse - read a manifest of len bytes; every rule of FORMAT applies:
 * the one spelling, every cap, and that the statements agree with each other
 * (first = sum of chunks; volume size possible for its chunk count; stored
 * chunks within bounds; every medium and run used; ...).
 *
 * what  how errors name the document, e.g. "manifest.yaml"
 * out   new; the caller frees it with transport_free()
 *
 * Errors: ST_MALFORMED with line and rule.
 */
enum status transport_parse(const uint8_t *buf, size_t len, const char *what,
    struct transport **out, struct diag *d) __attribute__((warn_unused_result));

/* transport_emit - append the one spelling of t to out (check out->failed). */
void transport_emit(const struct transport *t, struct bytes *out);

/* transport_free - accepts NULL. */
void transport_free(struct transport *t);

/* transport_find_run - the run with that number, or NULL. */
const struct transport_run *transport_find_run(const struct transport_lane *l,
    uint32_t run);

/* transport_max_stored - the greatest stored length of a chunk in this bundle. */
uint64_t transport_max_stored(const struct transport *t);

/* transport_total - bytes of all contents files and volumes, each counted once. */
uint64_t transport_total(const struct transport *t);
/* transport_n_volumes - payload volumes of all lanes. */
size_t transport_n_volumes(const struct transport *t);

/*
 * File names below a bundle directory, computed from numbers and fingerprints.
 * buf holds TRANSPORT_NAME_MAX bytes; returned for convenience.
 */
#define TRANSPORT_NAME_MAX 128
char *transport_name_payload(char *buf, uint32_t lane, uint64_t volume);	/* payload-00.000003 */
char *transport_name_contents(char *buf, uint32_t lane);			/* contents-00 */
char *transport_name_key_dir(char *buf, uint32_t lane, uint32_t run);		/* 00.0 (below keys/) */
char *transport_name_key(char *buf, const char *recipient);			/* FPR.pgp */
char *transport_name_signature(char *buf, const char *fpr);			/* FPR.sig */

#endif
