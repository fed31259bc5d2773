/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * media_files - the small files beside the volumes: README.txt, the lists of a
 * portable bundle, wrapped keys; and the files that nothing names.  It opens
 * nothing but what the manifest names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/file.h"
#include "bundle/media.h"
#include "manifests/caps.h"
#include "manifests/packet.h"
#include "manifests/sums.h"

/* DIR/SUBDIR below a medium, opened link by link; the medium's own top where dir is NULL. */
static enum status
open_below(int dirfd, const char *dir, const char *subdir, int *fd, struct diag *d)
{
	int mid = -1;
	enum status st;

	*fd = -1;
	if (dir == NULL)
		return dir_open(dirfd, ".", fd, d);
	if ((st = dir_open(dirfd, dir, &mid, d)) != ST_OK)
		return st;
	st = dir_open(mid, subdir, fd, d);
	fd_close(&mid);
	return st;
}

/* Read one file of a medium, and compare it with the manifest. */
static enum status
read_fixed(const struct medium *m, const char *dir, const char *subdir,
    const char *name, const struct transport_file *want, uint64_t cap,
    struct bytes *out, struct diag *d)
{
	uint8_t digest[SHA512_LEN];
	int dirfd = -1, fd = -1;
	uint64_t size;
	enum status st;

	if ((st = open_below(m->dirfd, dir, subdir, &dirfd, d)) != ST_OK)
		return st;
	if ((st = file_open_read(dirfd, name, &fd, &size, d)) != ST_OK)
		goto out;
	if (size != want->size || size > cap) {
		st = diag_set(d, ST_DAMAGED, "size",
		    "%s: %llu bytes, but %llu were signed", name,
		    (unsigned long long)size, (unsigned long long)want->size);
		diag_hint(d, "copy the medium again");
		goto out;
	}
	if ((out->data = malloc((size_t)size + 1)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	out->len = out->cap = (size_t)size;
	if ((st = file_pread(fd, out->data, out->len, 0, d)) != ST_OK) {
		diag_within(d, "%s", name);
		goto out;
	}
	if ((st = digest_sha512(out->data, out->len, digest, d)) != ST_OK)
		goto out;
	if (!crypto_equal(digest, want->digest, sizeof(digest))) {
		st = diag_set(d, ST_DAMAGED, "digest",
		    "%s: differs from the signed digest", name);
		diag_hint(d, "copy the medium again");
		goto out;
	}
	st = ST_OK;
out:
	fd_close(&fd);
	fd_close(&dirfd);
	if (st != ST_OK)
		bytes_free(out);
	return st;
}

enum status
media_read_file(const struct media *m, const char *dir, const char *subdir,
    const char *name, const struct transport_file *want, uint64_t cap,
    struct bytes *out, struct diag *d)
{
	enum status st = ST_INCOMPLETE, worst = ST_OK;
	struct diag why = DIAG_INIT;
	size_t i;

	for (i = 0; i < m->n; i++) {
		st = read_fixed(&m->items[i], dir, subdir, name, want, cap, out, &why);
		if (st == ST_OK)
			return ST_OK;
		if (worst == ST_OK || status_worse(st, worst) == st) {
			worst = st;
			*d = why;
		}
	}
	return worst;
}

/* Check one such file on every directory. */
static void
check_everywhere(const struct media *m, const char *dir, const char *subdir,
    const char *name, const struct transport_file *want, uint64_t cap,
    bool wrapped, bool hidden, struct findings *f)
{
	char shown[512], label[1024];
	size_t i;

	if (dir == NULL)
		snprintf(shown, sizeof(shown), "%s", name);
	else
		snprintf(shown, sizeof(shown), "%s/%s/%s", dir, subdir, name);
	for (i = 0; i < m->n; i++) {
		struct bytes b = { 0 };
		struct diag d = DIAG_INIT;
		enum status st;

		st = read_fixed(&m->items[i], dir, subdir, name, want, cap, &b, &d);
		if (st == ST_OK && wrapped)
			st = packet_check_wrapped_key(b.data, b.len, hidden, NULL,
			    0, &d);
		if (st != ST_OK) {
			if (st == ST_INCOMPLETE)
				diag_hint(&d, "copy the medium again, whole");
			media_label(label, sizeof(label), m, i, shown);
			findings_add(f, st, label, &d);
		}
		bytes_free(&b);
	}
}

/* The list that stock tools go by must name the very volumes of the manifest. */
static void
check_volume_list(const struct media *m, const struct transport *t,
    struct findings *f)
{
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;

	if (media_read_file(m, NULL, NULL, "SHA512SUMS", &t->sums[0], CAP_SUMS, &b,
	    &d) == ST_OK && !sums_volumes_fit(t, b.data, b.len)) {
		diag_set(&d, ST_MALFORMED, "sums",
		    "does not name the volumes of the manifest in their order");
		findings_add(f, ST_MALFORMED, "SHA512SUMS", &d);
	}
	bytes_free(&b);
}

enum status
media_check_small(const struct media *m, const struct transport *t,
    struct findings *f, struct diag *d)
{
	char dir[TRANSPORT_NAME_MAX], name[TRANSPORT_NAME_MAX];
	size_t l, r, k;
	enum status st;

	check_everywhere(m, NULL, NULL, "README.txt", &t->readme, CAP_README,
	    false, false, f);
	if (t->portable) {
		check_everywhere(m, NULL, NULL, "SHA512SUMS", &t->sums[0], CAP_SUMS,
		    false, false, f);
		check_everywhere(m, NULL, NULL, "SHA256SUMS", &t->sums[1], CAP_SUMS,
		    false, false, f);
		check_volume_list(m, t, f);
	}
	for (l = 0; l < t->n_lanes; l++)
		for (r = 0; r < t->lanes[l].n_runs; r++) {
			const struct transport_run *run = &t->lanes[l].runs[r];

			if ((st = interrupt_check(d)) != ST_OK)
				return st;
			transport_name_key_dir(dir, t->lanes[l].lane, run->run);
			for (k = 0; k < run->n_keys; k++) {
				transport_name_key(name, run->keys[k].recipient);
				check_everywhere(m, "keys", dir, name,
				    &run->keys[k].file, CAP_WRAPPED_KEY, true,
				    t->hidden_recipients, f);
			}
		}
	return ST_OK;
}

/* Whether name is that of a payload volume: its number is read, and its name made again. */
static bool
is_volume(const struct transport_lane *l, const char *name)
{
	char want[TRANSPORT_NAME_MAX];
	unsigned long v;

	if (strncmp(name, "payload-", 8) != 0 || strlen(name) < 12)
		return false;
	v = strtoul(name + 11, NULL, 10);
	return v < l->n_volumes &&
	    strcmp(transport_name_payload(want, l->lane, v), name) == 0;
}

/* Whether the manifest names a file or directory of a medium's top. */
static bool
is_named(const struct transport *t, const char *name)
{
	char want[TRANSPORT_NAME_MAX];
	size_t l;

	if (strcmp(name, "manifest.yaml") == 0 || strcmp(name, "README.txt") == 0 ||
	    strcmp(name, "signatures") == 0 ||
	    (t->encrypted && strcmp(name, "keys") == 0) ||
	    (t->portable && (strcmp(name, "SHA512SUMS") == 0 ||
	    strcmp(name, "SHA256SUMS") == 0)))
		return true;
	for (l = 0; l < t->n_lanes; l++)
		if (is_volume(&t->lanes[l], name) || strcmp(name,
		    transport_name_contents(want, t->lanes[l].lane)) == 0)
			return true;
	return false;
}

static bool
is_key_dir(const struct transport *t, const char *name, const struct transport_run **run)
{
	char want[TRANSPORT_NAME_MAX];
	size_t l, r;

	for (l = 0; l < t->n_lanes; l++)
		for (r = 0; r < t->lanes[l].n_runs; r++) {
			*run = &t->lanes[l].runs[r];
			transport_name_key_dir(want, t->lanes[l].lane, (*run)->run);
			if (strcmp(want, name) == 0)
				return true;
		}
	return false;
}

static bool
is_key(const struct transport_run *run, const char *name)
{
	char want[TRANSPORT_NAME_MAX];
	size_t k;

	for (k = 0; k < run->n_keys; k++)
		if (strcmp(transport_name_key(want, run->keys[k].recipient), name) == 0)
			return true;
	return false;
}

static void
note_stray(const struct media *m, size_t i, const char *dir, const char *name,
    struct findings *f)
{
	char shown[1400], label[1900];

	snprintf(shown, sizeof(shown), "%s%s%s", dir, *dir == '\0' ? "" : "/",
	    ESC(name));
	media_label(label, sizeof(label), m, i, shown);
	findings_note(f, label, "stray",
	    "nothing in the manifest names this; it was not opened");
}

static void
stray_keys(const struct media *m, size_t i, const struct transport *t,
    struct findings *f)
{
	const struct transport_run *run = NULL;
	struct diag d = DIAG_INIT;
	char **dirs = NULL, **names = NULL, shown[TRANSPORT_NAME_MAX + 8];
	size_t n_dirs = 0, n = 0, a, b;
	int keys = -1, fd = -1;

	if (dir_open(m->items[i].dirfd, "keys", &keys, &d) != ST_OK ||
	    dir_list(keys, &dirs, &n_dirs, &d) != ST_OK)
		goto out;
	for (a = 0; a < n_dirs; a++) {
		if (!is_key_dir(t, dirs[a], &run)) {
			note_stray(m, i, "keys", dirs[a], f);
			continue;
		}
		if (dir_open(keys, dirs[a], &fd, &d) != ST_OK ||
		    dir_list(fd, &names, &n, &d) != ST_OK)
			goto next;
		snprintf(shown, sizeof(shown), "keys/%s", dirs[a]);
		for (b = 0; b < n; b++)
			if (!is_key(run, names[b]))
				note_stray(m, i, shown, names[b], f);
next:
		dir_list_free(names, n);
		names = NULL;
		n = 0;
		fd_close(&fd);
	}
out:
	dir_list_free(dirs, n_dirs);
	fd_close(&keys);
}

void
media_report_strays(const struct media *m, const struct transport *t,
    struct findings *f)
{
	struct diag d = DIAG_INIT;
	char **names;
	size_t i, k, n;

	for (i = 0; i < m->n; i++) {
		if (dir_list(m->items[i].dirfd, &names, &n, &d) != ST_OK)
			continue;
		for (k = 0; k < n; k++)
			if (!is_named(t, names[k]))
				note_stray(m, i, "", names[k], f);
		dir_list_free(names, n);
		if (t->encrypted)
			stray_keys(m, i, t, f);
	}
}
