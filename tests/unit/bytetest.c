/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytetest - see bytetest.h: the bundles, and the verbs in process.
 */
#include "tests/unit/bytetest.h"

#include <locale.h>

#include "bundle/console.h"
#include "pack/create.h"
#include "tests/unit/gpg_fixture.h"

#define CHUNK 16384

struct bytetest_folder bytetest_bundles[BYTES_KINDS];
char bytetest_sender[FPR_MAX + 1], bytetest_reader[FPR_MAX + 1];

char bytetest_trust[160];

/*
 * How a bundle is made, so that it has three volumes (the last one: one).
 * single  one chunk in each volume, however small; else as many as fit
 * noise   bytes that do not compress in each chunk of the stream
 */
static const struct recipe {
	const char *name;
	bool encrypt, portable, media, single;
	size_t signers, recipients;
	size_t noise[8];
} recipes[BYTES_KINDS] = {
	[BYTES_ENCRYPTED] = { "encrypted", true, false, false, false, 1, 1,
		{ 14000, 100, 100, 100, 9000, 0 } },
	[BYTES_CLEAR] = { "unencrypted", false, false, false, true, 1, 0,
		{ 2000, 100, 3000, 0 } },
	[BYTES_PORTABLE] = { "portable", false, true, false, true, 1, 0,
		{ 2000, 100, 3000, 0 } },
	[BYTES_RECIPIENTS] = { "two recipients", true, false, false, true, 1, 2,
		{ 100, 100, 100, 0 } },
	[BYTES_MEDIA] = { "two media", true, false, true, true, 1, 1,
		{ 100, 100, 100, 0 } },
	[BYTES_SIGNERS] = { "two signers", true, false, false, true, 2, 1,
		{ 100, 0 } },
};

/* The linker puts the first in the place of the second (Makefile). */
enum status __wrap_writer_open(const struct writer_params *p, struct writer **out,
    struct diag *d);
enum status __real_writer_open(const struct writer_params *p, struct writer **out,
    struct diag *d);

static bool single_chunks;

enum status
__wrap_writer_open(const struct writer_params *p, struct writer **out,
    struct diag *d)
{
	struct writer_params small = *p;

	/* the contents are one file always */
	if (single_chunks && p->seal.kind == VOLUME_PAYLOAD)
		small.volume_size = 1;
	return __real_writer_open(&small, out, d);
}

static void
no_progress(void *arg, const char *label, uint64_t done, uint64_t total)
{
	(void)arg;
	(void)label;
	(void)done;
	(void)total;
}

/* One that says nothing. */
static void
console_mute(struct console *c)
{
	memset(c, 0, sizeof(*c));
	c->program = "test";
	c->quiet = c->json = true;
	c->progress.report = no_progress;
}

/* The file whose noise falls into the chunks as the recipe says; a little is in front of it in the stream. */
static void
write_weights(const char *folder, const struct recipe *r)
{
	static uint8_t buf[8 * CHUNK];
	uint32_t x = 2463534242;
	char path[256];
	size_t i, k;
	FILE *f;

	memset(buf, 0, sizeof(buf));
	for (i = 0; r->noise[i] != 0; i++)
		for (k = 0; k < r->noise[i]; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			/* the first chunk begins with the headers of other entries */
			buf[i * CHUNK + (i == 0 ? 0 : 200) + k] = (uint8_t)(x >> 9);
		}
	snprintf(path, sizeof(path), "%s/%s/w/model.bin", base, folder);
	assert_non_null(f = fopen(path, "we"));
	assert_int_equal(fwrite(buf, 1, i * CHUNK - 6000, f), i * CHUNK - 6000);
	assert_int_equal(fclose(f), 0);
}

static void
write_source(const char *folder, const struct recipe *r)
{
	char name[128];

	run("mkdir -p %s/%s/w/void", base, folder);
	write_weights(folder, r);
	snprintf(name, sizeof(name), "%s/w/run.sh", folder);
	spit(name, "#!/bin/sh\n", 0755);
	snprintf(name, sizeof(name), "%s/w/empty", folder);
	spit(name, "", 0644);
	snprintf(name, sizeof(name), "%s/handoff.yaml", folder);
	spit(name, "satchel-handoff: 1\nbundle:\n  name: aurora\n  sequence: 1\n"
	    "  title: AE-0042\n  from: Example AI, Inc.\n  to: Evaluation Centre\n"
	    "  marking: UNCLASSIFIED\ncomponents:\n  - name: weights\n"
	    "    kind: model\n    path: w\n", 0644);
}

static enum bytetest_role
role_of(const char *path, bool bag)
{
	const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	size_t n = strlen(name);

	if (strcmp(name, "manifest.yaml") == 0)
		return ROLE_MANIFEST;
	if (n > 4 && strcmp(name + n - 4, ".sig") == 0)
		return ROLE_SIGNATURE;
	if (bag)
		return strncmp(path, "data/", 5) == 0 ? ROLE_DATA : ROLE_TAG;
	if (n > 4 && strcmp(name + n - 4, ".pgp") == 0)
		return ROLE_KEY;
	return strncmp(name, "payload-", 8) == 0 ? ROLE_VOLUME :
	    strncmp(name, "contents-", 9) == 0 ? ROLE_CONTENTS : ROLE_FIXED;
}

/* All files of a folder, as find(1) names them. */
static void
read_folder(struct bytetest_folder *f)
{
	struct bytes list = output("cd '%s' && find . -type f -printf '%%P\\n' | sort",
	    f->path), data;
	char *line, *save = NULL, *text = strndup((char *)list.data, list.len);
	struct bytetest_file *file;
	struct diag d = DIAG_INIT;
	char path[512];

	f->n_files = 0;
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		assert_true(f->n_files < BYTETEST_FILES);
		file = &f->files[f->n_files++];
		snprintf(file->path, sizeof(file->path), "%s", line);
		snprintf(path, sizeof(path), "%s/%s", f->path, line);
		memset(&data, 0, sizeof(data));
		assert_int_equal(file_read_path(path, 1 << 24, &data, &d), ST_OK);
		file->data = data.data;
		file->len = data.len;
		file->role = role_of(line, f->n_media == 0);
		file->medium = strncmp(line, "medium-02/", 10) == 0;
	}
	free(text);
	bytes_free(&list);
}

const struct bytetest_file *
folder_find(const struct bytetest_folder *f, enum bytetest_role role)
{
	size_t i;

	for (i = 0; i < f->n_files; i++)
		if (f->files[i].role == role)
			return &f->files[i];
	fail_msg("%s: no such file", f->name);
	return NULL;
}

static size_t
count_volumes(const struct bytetest_folder *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->n_files; i++)
		n += f->files[i].role == ROLE_VOLUME;
	return n;
}

static void
pack(const struct recipe *r, struct bytetest_folder *f)
{
	const char *both[] = { bytetest_sender, bytetest_reader };
	struct option_values signers = { both, r->signers };
	struct option_values recipients = { both, r->recipients };
	char handoff[256], source[64];
	struct pack_options o = { .verb = PACK_CREATE, .common.jobs = 1, .level = 3,
		.signers = &signers, .recipients = &recipients,
		.encrypt = r->encrypt, .portable = r->portable,
		.padding = r->encrypt ? 4096 : 0, .read_back = true,
		.handoff = handoff, .output = f->path };
	struct findings found = { 0 };
	struct seal_params p = { .chunk_size = CHUNK, .padding = o.padding,
		.portable = o.portable, .key = r->encrypt ? (uint8_t *)handoff : NULL };
	struct diag d = DIAG_INIT;
	struct console con;

	snprintf(f->name, sizeof(f->name), "%s", r->name);
	snprintf(source, sizeof(source), "in%zu", (size_t)(r - recipes));
	snprintf(f->path, sizeof(f->path), "%s/out%zu", base, (size_t)(r - recipes));
	snprintf(handoff, sizeof(handoff), "%s/%s/handoff.yaml", base, source);
	write_source(source, r);
	console_mute(&con);
	o.volume_size = writer_min_volume(&p);
	single_chunks = r->single;
	/* two volumes and all else fit on a medium, three do not */
	o.media_size = r->media ? (1 << 20) + 20500 : 0;
	helper_set_left(25000);
	if (pack_create(&o, &con, &found, &d) != ST_OK)
		fail_msg("%s: %s: %s", r->name, d.rule, d.text);
	findings_free(&found);
	f->n_media = r->media ? 2 : 1;
	read_folder(f);
	assert_int_equal(count_volumes(f), r == &recipes[BYTES_SIGNERS] ? 1 : 3);
}

int
bytetest_start(void)
{
	char *fpr;
	size_t i;

	/* for a leaf or two the other engine is no help */
	setenv("SATCHEL_DIGEST_ENGINE", "libcrypto", 1);
	if (fixture_begin() == -1 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return -1;
	make_key("Sender <sender@x.org>", "ed25519", "sign");
	add_subkey("sender@x.org", "cv25519", "encr");
	make_key("Reader <reader@x.org>", "ed25519", "sign");
	add_subkey("reader@x.org", "cv25519", "encr");
	strcpy(bytetest_sender, fpr = fpr_of("sender@x.org"));
	free(fpr);
	strcpy(bytetest_reader, fpr = fpr_of("reader@x.org"));
	free(fpr);
	run(GPG "--export -o %s/trust.gpg", base);
	snprintf(bytetest_trust, sizeof(bytetest_trust), "%s/trust.gpg", base);
	for (i = 0; i < BYTES_KINDS; i++)
		pack(&recipes[i], &bytetest_bundles[i]);
	return 0;
}

void
folder_free(struct bytetest_folder *f)
{
	size_t i;

	for (i = 0; i < f->n_files; i++)
		free(f->files[i].data);
	f->n_files = 0;
}

int
bytetest_end(void)
{
	size_t i;

	for (i = 0; i < BYTES_KINDS; i++)
		folder_free(&bytetest_bundles[i]);
	return fixture_end();
}

void
bytetest_import(const struct bytetest_folder *bundle, struct bytetest_folder *out)
{
	struct bytetest_copy c;
	struct outcome o;
	char path[128];

	snprintf(path, sizeof(path), "%s/import-%s", base, bundle->name);
	copy_make(&c, bundle, path);
	verb_run(UNPACK_EXTRACT, &c, -1, &o);
	assert_int_equal(o.status, ST_OK);
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "bag, %.20s", bundle->name);
	snprintf(out->path, sizeof(out->path), "%s/bag-%.20s", base, bundle->name);
	run("mv '%s'/aurora '%s'", c.dest, out->path);
	copy_remove(&c);
	folder_free(out);
	read_folder(out);
}

/* The finding that decided, or what ended the run. */
static void
note_outcome(const struct session *s, const struct diag *d, struct outcome *o)
{
	const struct finding *first = findings_first(&s->findings);
	size_t i;

	for (i = 0; i < s->findings.n; i++)
		o->bad_signatures += s->findings.items[i].status == ST_OK &&
		    strcmp(s->findings.items[i].rule, "signature-bad") == 0;
	snprintf(o->rule, sizeof(o->rule), "%s", first != NULL &&
	    first->status != ST_OK ? first->rule : d->rule);
	if (s->n_lanes > 0)
		strcpy(o->recipient, s->lanes[0]->recipient);
}

void
verb_run(enum unpack_verb verb, const struct bytetest_copy *c, int which,
    struct outcome *o)
{
	char media[2][256], *given[2] = { media[0], media[1] };
	struct unpack_options opt = { .verb = verb, .json = true,
		.common = { .quiet = true, .jobs = 1 }, .media = given, .n_media = c->n_media,
		.trust = bytetest_trust };
	struct diag d = DIAG_INIT;
	struct console con;
	struct session s = { .options = &opt, .console = &con };

	memset(o, 0, sizeof(*o));
	memcpy(media, c->media, sizeof(media));
	if (which >= 0) {
		given[0] = media[which];
		opt.n_media = 1;
	}
	console_mute(&con);
	helper_set_left(25000);
	o->status = ST_INTERNAL;
	if (verb == UNPACK_CHECK)
		o->status = unpack_check(&s, &d);
	else if (verb == UNPACK_EXTRACT) {
		opt.directory = c->dest;
		o->status = unpack_extract(&s, &d);
	} else if (verb == UNPACK_AUDIT) {
		opt.tree = c->path;
		o->status = unpack_audit(&s, &d);
	}
	o->status = status_worse(o->status, s.findings.worst);
	note_outcome(&s, &d, o);
	session_clear(&s);
}

void
copy_make(struct bytetest_copy *c, const struct bytetest_folder *of, const char *path)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->of = of;
	snprintf(c->path, sizeof(c->path), "%s/copy", path);
	snprintf(c->dest, sizeof(c->dest), "%s/dest", path);
	run("mkdir -p '%s' && cp -a '%s' '%s'", c->dest, of->path, c->path);
	c->n_media = of->n_media;
	for (i = 0; i < of->n_media; i++)
		snprintf(c->media[i], sizeof(c->media[i]), "%s%s", c->path,
		    of->n_media == 1 ? "" : i == 0 ? "/medium-01" : "/medium-02");
}

void
copy_remove(struct bytetest_copy *c)
{
	run("rm -rf '%s' '%s'", c->path, c->dest);
}

bool
dest_empty(const struct bytetest_copy *c)
{
	const struct dirent *e;
	DIR *dir = opendir(c->dest);
	size_t n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	return dir != NULL && closedir(dir) == 0 && n == 0;
}

bool
copy_intact(const struct bytetest_copy *c)
{
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	char path[512];
	bool same = dest_empty(c);
	size_t i;

	for (i = 0; i < c->of->n_files && same; i++) {
		const struct bytetest_file *f = &c->of->files[i];

		snprintf(path, sizeof(path), "%s/%s", c->path, f->path);
		same = file_read_path(path, 1 << 24, &b, &d) == ST_OK &&
		    b.len == f->len &&
		    (b.len == 0 || memcmp(b.data, f->data, b.len) == 0);
		bytes_free(&b);
	}
	return same;
}
