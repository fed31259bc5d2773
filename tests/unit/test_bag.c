/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bag - the tag files of a bag against texts written down here.
 * That BagIt tools take such a bag is tested with real runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "manifests/bag.h"

#define FPR_A "018F60916C3A94D50FF5587B684E9A943CCBFAC6"
#define FPR_B "BB1C93E196DD9FF28787C1BAD33B630E5A9A165D"

/* bag.h takes strings that it never writes to; ours are literals. */
#define STR(s) ((char *)(uintptr_t)(s))

static int
sha256(void *arg, const uint8_t *data, size_t len, uint8_t out[SHA256_LEN])
{
	int *countdown = arg;

	if (countdown != NULL && --*countdown < 0)
		return -1;
	assert_non_null(data);
	return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

/* A bundle with two lanes, two signatures, and what stands in it. */
struct world {
	struct content_file files[2][3];
	struct contents contents[2];
	struct transport_lane transport_lanes[3];
	struct transport transport;
	struct bag_signature signatures[2];
	struct bag_lane lanes[2];
	uint8_t digest[SHA512_LEN];
	uint8_t opener[2][32];
	struct bag_source src;
};

static const char manifest_text[] = "satchel-manifest: \"1\"\n";

static void
make_file(struct content_file *f, const char *path, uint64_t size, uint8_t fill)
{
	f->path = STR(path);
	f->size = size;
	memset(f->digest, fill, sizeof(f->digest));
}

static void
make_world(struct world *w)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	make_file(&w->files[0][0], "a/x.bin", 10, 0x11);
	make_file(&w->files[0][1], "b", 5, 0x22);
	make_file(&w->files[0][2], "z/\xC3\xA9 1", 0, 0x33);
	make_file(&w->files[1][0], "a", 7, 0x44);
	make_file(&w->files[1][1], "a-b", 8, 0x55);
	for (i = 0; i < 2; i++) {
		struct contents *c = &w->contents[i];

		c->name = STR("aurora-preview");
		c->sequence = 3;
		c->from = STR("Example Org: Models");
		c->to = STR("Elsewhere");
		memcpy(c->date, "2026-11-23", 11);
		c->marking = STR("UNCLASSIFIED");
		memcpy(c->originator, FPR_A, sizeof(FPR_A));
		c->files = w->files[i];
		c->n_files = i == 0 ? 3 : 2;
		w->lanes[i].lane = (uint32_t)i;
		w->lanes[i].contents = c;
		w->lanes[i].text = (const uint8_t *)(i == 0 ? "zero" : "one");
		w->lanes[i].text_len = i == 0 ? 4 : 3;
		memset(w->opener[i], i == 0 ? 0xAB : 0xCD, 32);
		w->lanes[i].opener = w->opener[i];
	}
	for (i = 0; i < 3; i++)
		w->transport_lanes[i].lane = (uint32_t)i;
	w->transport.lanes = w->transport_lanes;
	w->transport.n_lanes = 1;
	memcpy(w->transport.title, "AE-0042", 8);
	/* Not in order: the bag sorts them. */
	memcpy(w->signatures[0].fpr, FPR_B, sizeof(FPR_B));
	memcpy(w->signatures[1].fpr, FPR_A, sizeof(FPR_A));
	for (i = 0; i < 2; i++) {
		w->signatures[i].data = (const uint8_t *)"SIG";
		w->signatures[i].len = 3;
	}
	memset(w->digest, 0x5A, sizeof(w->digest));
	w->src.manifest = (const uint8_t *)manifest_text;
	w->src.manifest_len = strlen(manifest_text);
	w->src.transport = &w->transport;
	w->src.bundle_digest = w->digest;
	w->src.signatures = w->signatures;
	w->src.n_signatures = 2;
	w->src.lanes = w->lanes;
	w->src.n_lanes = 1;
}

/* The text of a file of the bag; empty where there is no such file. */
static const char *
text_of(struct bag_file *files, size_t n, const char *path)
{
	static char text[1 << 16];
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(files[i].path, path) == 0) {
			assert_true(files[i].bytes.len < sizeof(text));
			if (files[i].bytes.len > 0)
				memcpy(text, files[i].bytes.data, files[i].bytes.len);
			text[files[i].bytes.len] = '\0';
			return text;
		}
	return "";
}

#define HEX16(d) d d d d d d d d d d d d d d d d

static void
test_one_lane(void **state)
{
	static const char *const paths[] = { "bag-info.txt", "bagit.txt",
	    "manifest-sha256.txt", "satchel/contents-00.yaml",
	    "satchel/manifest.yaml", "satchel/opener-00",
	    "satchel/signatures/" FPR_A ".sig", "satchel/signatures/" FPR_B ".sig",
	    "tagmanifest-sha256.txt" };
	struct world w;
	struct bag_file *files;
	struct diag d = DIAG_INIT;
	size_t n, i;

	(void)state;
	make_world(&w);
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_OK);
	assert_int_equal(n, sizeof(paths) / sizeof(paths[0]));
	for (i = 0; i < n; i++)
		assert_string_equal(files[i].path, paths[i]);
	assert_string_equal(text_of(files, n, "bagit.txt"),
	    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
	assert_string_equal(text_of(files, n, "bag-info.txt"),
	    "Source-Organization: Example Org: Models\n"
	    "Bagging-Date: 2026-11-23\n"
	    "External-Identifier: " HEX16("5a5a5a5a") "\n"
	    "Payload-Oxum: 15.3\n"
	    "Satchel-Name: aurora-preview\n"
	    "Satchel-Sequence: 3\n"
	    "Satchel-To: Elsewhere\n"
	    "Satchel-Marking: UNCLASSIFIED\n"
	    "Satchel-Title: AE-0042\n"
	    "Satchel-Originator: " FPR_A "\n");
	assert_string_equal(text_of(files, n, "manifest-sha256.txt"),
	    HEX16("1111") "  data/a/x.bin\n"
	    HEX16("2222") "  data/b\n"
	    HEX16("3333") "  data/z/\xC3\xA9 1\n");
	assert_string_equal(text_of(files, n, "satchel/manifest.yaml"), manifest_text);
	assert_string_equal(text_of(files, n, "satchel/contents-00.yaml"), "zero");
	assert_string_equal(text_of(files, n, "satchel/opener-00"),
	    HEX16("abab") "\n");
	assert_string_equal(text_of(files, n, "satchel/signatures/" FPR_A ".sig"), "SIG");
	bag_free(files, n);
}

/* Every tag file but the tag manifest itself stands in it, with its digest. */
static void
test_tag_manifest(void **state)
{
	struct world w;
	struct bag_file *files;
	struct bytes want = { 0 };
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	struct diag d = DIAG_INIT;
	size_t n, i;

	(void)state;
	make_world(&w);
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_OK);
	for (i = 0; i + 1 < n; i++) {
		assert_int_equal(sha256(NULL, files[i].bytes.data, files[i].bytes.len,
		    digest), 0);
		hex_encode(hex, digest, SHA256_LEN);
		bytes_printf(&want, "%s  %s\n", hex, files[i].path);
	}
	assert_int_equal(files[n - 1].bytes.len, want.len);
	assert_memory_equal(files[n - 1].bytes.data, want.data, want.len);
	bytes_free(&want);
	bag_free(files, n);
}

static void
test_two_lanes(void **state)
{
	struct world w;
	struct bag_file *files;
	struct diag d = DIAG_INIT;
	size_t n;

	(void)state;
	make_world(&w);
	w.contents[1].marking = STR("CONTROLLED");
	w.transport.n_lanes = 3;
	memcpy(w.transport.control_number, "2026-117", 9);
	w.src.n_lanes = 2;
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_OK);
	assert_string_equal(text_of(files, n, "manifest-sha256.txt"),
	    HEX16("4444") "  data/a\n"
	    HEX16("5555") "  data/a-b\n"
	    HEX16("1111") "  data/a/x.bin\n"
	    HEX16("2222") "  data/b\n"
	    HEX16("3333") "  data/z/\xC3\xA9 1\n");
	assert_non_null(strstr(text_of(files, n, "bag-info.txt"),
	    "Payload-Oxum: 30.5\n"));
	assert_non_null(strstr(text_of(files, n, "bag-info.txt"),
	    "Satchel-Marking: UNCLASSIFIED\nSatchel-Marking: CONTROLLED\n"
	    "Satchel-Title: AE-0042\nSatchel-Control-Number: 2026-117\n"
	    "Satchel-Originator: " FPR_A "\nSatchel-Lane-Not-Opened: 2\n"));
	assert_string_equal(text_of(files, n, "satchel/contents-01.yaml"), "one");
	assert_string_equal(text_of(files, n, "satchel/opener-01"),
	    HEX16("cdcd") "\n");
	bag_free(files, n);
}

/* Unencrypted, and nothing but directories in it. */
static void
test_empty(void **state)
{
	struct world w;
	struct bag_file *files;
	struct diag d = DIAG_INIT;
	size_t n;

	(void)state;
	make_world(&w);
	w.contents[0].files = NULL;
	w.contents[0].n_files = 0;
	w.lanes[0].opener = NULL;
	w.src.n_signatures = 0;
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_OK);
	assert_int_equal(n, 6);
	assert_string_equal(text_of(files, n, "manifest-sha256.txt"), "");
	assert_non_null(strstr(text_of(files, n, "bag-info.txt"), "Payload-Oxum: 0.0\n"));
	assert_non_null(strstr(text_of(files, n, "tagmanifest-sha256.txt"),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	    "  manifest-sha256.txt\n"));
	bag_free(files, n);
}

static void
test_contact(void **state)
{
	static const struct {
		const char *contact;
		const char *line;
	} rows[] = {
		{ "models@example.org", "\nContact-Email: models@example.org\n" },
		{ "A. Person", "\nContact-Name: A. Person\n" },
		{ "A. Person <a@example.org>", "\nContact-Name: A. Person <a@example.org>\n" },
	};
	struct world w;
	struct bag_file *files;
	struct diag d = DIAG_INIT;
	size_t n, i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_world(&w);
		w.contents[0].contact = STR(rows[i].contact);
		assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_OK);
		assert_non_null(strstr(text_of(files, n, "bag-info.txt"), rows[i].line));
		bag_free(files, n);
	}
}

static void
test_errors(void **state)
{
	struct world w;
	struct bag_file *files;
	struct diag d = DIAG_INIT;
	size_t n;
	int countdown;

	(void)state;
	make_world(&w);
	w.src.n_lanes = 0;
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_INTERNAL);
	assert_null(files);
	/* A digest that fails, at each of the files. */
	for (countdown = 0; countdown < 8; countdown++) {
		int left = countdown;

		make_world(&w);
		assert_int_equal(bag_make(&w.src, sha256, &left, &files, &n, &d),
		    ST_HOST);
		assert_null(files);
		assert_int_equal(n, 0);
	}
	make_world(&w);
	w.files[0][0].size = UINT64_MAX;
	assert_int_equal(bag_make(&w.src, sha256, NULL, &files, &n, &d), ST_MALFORMED);
	assert_null(files);
	bag_free(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_lane),
		cmocka_unit_test(test_tag_manifest),
		cmocka_unit_test(test_two_lanes),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
