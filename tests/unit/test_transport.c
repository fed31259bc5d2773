/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_transport - manifest.yaml: round trips, one wrong manifest for each
 * rule, and every bit of a small one flipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/transport.h"
#include "tests/unit/manifest_samples.h"

static void
emit_sample(enum sample kind, struct bytes *out)
{
	struct transport *t = sample_transport(kind);

	memset(out, 0, sizeof(*out));
	transport_emit(t, out);
	assert_false(out->failed);
	transport_free(t);
}

static void
round_trip(void **state)
{
	static const enum sample kinds[] = { SAMPLE_ENCRYPTED, SAMPLE_HIDDEN,
	    SAMPLE_PLAIN, SAMPLE_PORTABLE };
	struct diag d = DIAG_INIT;
	struct transport *t, *s;
	struct bytes a, b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		emit_sample(kinds[i], &a);
		if (transport_parse(a.data, a.len, "m", &t, &d) != ST_OK)
			fail_msg("sample %zu: %s", i, d.text);
		transport_emit(t, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		s = sample_transport(kinds[i]);
		assert_memory_equal(t->bundle_id, s->bundle_id, BUNDLE_ID_LEN);
		assert_string_equal(t->title, s->title);
		assert_string_equal(t->control_number, s->control_number);
		assert_string_equal(t->created, s->created);
		assert_int_equal(t->encrypted, s->encrypted);
		assert_int_equal(t->hidden_recipients, s->hidden_recipients);
		assert_int_equal(t->portable, s->portable);
		assert_int_equal(t->chunk_size, s->chunk_size);
		assert_int_equal(t->padding, s->padding);
		assert_int_equal(t->n_media, s->n_media);
		assert_int_equal(t->n_lanes, s->n_lanes);
		assert_int_equal(t->lanes[0].n_runs, s->lanes[0].n_runs);
		assert_int_equal(t->lanes[0].n_volumes, s->lanes[0].n_volumes);
		assert_memory_equal(&t->lanes[0].volumes[2], &s->lanes[0].volumes[2],
		    sizeof(t->lanes[0].volumes[2]));
		assert_memory_equal(&t->lanes[0].contents, &s->lanes[0].contents,
		    sizeof(t->lanes[0].contents));
		transport_free(s);
		transport_free(t);
		bytes_free(&a);
		bytes_free(&b);
	}
}

static const char example[] =
    "satchel-manifest: \"1\"\n"
    "bundle-id: \"00112233445566778899aabbccddeeff\"\n"
    "created: \"2026-11-24T19:12:01Z\"\n"
    "title: \"AE-0042\"\n"
    "control-number: \"2026-117\"\n"
    "encryption: \"none\"\n"
    "digest: \"sha-512\"\n"
    "chunk-size: \"1048576\"\n"
    "readme:\n"
    "  size: \"1234\"\n"
    "  digest: \"";

/* The spelling is fixed: bytes, not only that both directions agree. */
static void
spelling_is_fixed(void **state)
{
	static const char volume[] =
	    "- medium: \"1\"\n"
	    "    first: \"2\"\n"
	    "    chunks: \"3\"\n"
	    "    size: \"325\"\n"
	    "    index: \"1212";
	struct bytes a;

	(void)state;
	emit_sample(SAMPLE_PLAIN, &a);
	assert_true(a.len > sizeof(example));
	assert_memory_equal(a.data, example, sizeof(example) - 1);
	assert_non_null(memmem(a.data, a.len, volume, sizeof(volume) - 1));
	bytes_free(&a);
}

/* One change each; most are still spelled canonically. */
static const struct {
	enum sample kind;
	const char *old;
	size_t nth;
	const char *new;
	const char *rule;		/* NULL: still a manifest */
	const char *why;
} changes[] = {
	{ SAMPLE_PLAIN, "satchel-manifest: \"1\"", 0, "satchel-manifest: \"2\"",
	    "manifest-version", "another version" },
	{ SAMPLE_PLAIN, "satchel-manifest: \"1\"", 0, "satchel-manifest: 2",
	    "manifest-version", "another version, spelled in another way" },
	{ SAMPLE_PLAIN, "satchel-manifest", 0, "satchel-contents",
	    "manifest-purpose", "another purpose" },
	{ SAMPLE_PLAIN, "satchel-manifest: \"1\"\n", 0, "", "manifest-purpose",
	    "no purpose" },
	{ SAMPLE_PLAIN, "bundle-id: \"00", 0, "bundle-id: \"", "yaml-hex", "a short id" },
	{ SAMPLE_PLAIN, "aabb", 0, "AAbb", "yaml-hex", "an id in upper case" },
	{ SAMPLE_PLAIN, "11-24T", 0, "11-31T", "manifest-created", "no such day" },
	{ SAMPLE_PLAIN, "T19:", 0, "T24:", "manifest-created", "no such hour" },
	{ SAMPLE_PLAIN, ":12:", 0, ":60:", "manifest-created", "no such minute" },
	{ SAMPLE_PLAIN, ":01Z", 0, ":60Z", "manifest-created", "a leap second" },
	{ SAMPLE_PLAIN, ":01Z", 0, ":01+00:00", "manifest-created", "an offset" },
	{ SAMPLE_PLAIN, ":01Z", 0, ":01", "manifest-created", "no zone" },
	{ SAMPLE_PLAIN, "2026-11-24", 0, "1969-11-24", "manifest-created", "before 1970" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "ae-0042", "field-title", "lower case" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "AE_0042", "field-title", "an underscore" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "123456789012345678901234567890123",
	    "field-title", "33 characters" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "12345678901234567890123456789012", NULL,
	    "32 characters" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "", "field-title", "no title" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "IMPORTED", "manifest-title", "a verdict" },
	{ SAMPLE_PLAIN, "2026-117", 0, "REFUSED", "manifest-title",
	    "a verdict as control number" },
	{ SAMPLE_PLAIN, "title: \"AE-0042\"\n", 0, "", "yaml-key", "no title key" },
	{ SAMPLE_PLAIN, "title: \"AE-0042\"\n", 0,
	    "title: \"AE-0042\"\ntitle: \"AE-0042\"\n", "yaml-key", "a key twice" },
	{ SAMPLE_PLAIN, "control-number: \"2026-117\"\n", 0, "", NULL,
	    "no control number" },
	{ SAMPLE_PLAIN, "\"none\"", 0, "\"rot13\"", "manifest-encryption",
	    "an unknown cipher" },
	{ SAMPLE_PLAIN, "\"none\"", 0, "\"aes-256-gcm\"", "yaml-key",
	    "encrypted without padding" },
	{ SAMPLE_ENCRYPTED, "\"aes-256-gcm\"", 0, "\"none\"", "yaml-key",
	    "not encrypted, with padding" },
	{ SAMPLE_PLAIN, "digest: \"sha-512\"\n", 0,
	    "hidden-recipients: \"yes\"\ndigest: \"sha-512\"\n", "yaml-key",
	    "hidden recipients without encryption" },
	{ SAMPLE_ENCRYPTED, "digest: \"sha-512\"\n", 0,
	    "portable: \"yes\"\ndigest: \"sha-512\"\n", "yaml-key",
	    "portable with encryption" },
	{ SAMPLE_PORTABLE, "portable: \"yes\"", 0, "portable: \"no\"", "yaml-word",
	    "portable: no" },
	{ SAMPLE_HIDDEN, "recipients: \"yes\"", 0, "recipients: \"true\"", "yaml-word",
	    "hidden-recipients: true" },
	{ SAMPLE_PLAIN, "sha-512", 0, "sha-256", "yaml-word", "another digest" },
	{ SAMPLE_PLAIN, "chunk-size: \"1048576\"", 0, "chunk-size: \"16383\"",
	    "yaml-integer", "a chunk size too small" },
	{ SAMPLE_PLAIN, "chunk-size: \"1048576\"", 0, "chunk-size: \"16793600\"",
	    "yaml-integer", "a chunk size too large" },
	{ SAMPLE_PLAIN, "chunk-size: \"1048576\"", 0, "chunk-size: \"1048577\"",
	    "manifest-chunk-size", "no multiple of a leaf" },
	{ SAMPLE_PLAIN, "chunk-size: \"1048576\"", 0, "chunk-size: \"16777216\"", NULL,
	    "the greatest chunk size" },
	{ SAMPLE_ENCRYPTED, "padding: \"4096\"", 0, "padding: \"4095\"",
	    "yaml-integer", "padding too small" },
	{ SAMPLE_ENCRYPTED, "padding: \"4096\"", 0, "padding: \"16777217\"",
	    "yaml-integer", "padding too large" },
	{ SAMPLE_ENCRYPTED, "padding: \"4096\"", 0, "padding: \"4100\"",
	    "volume-padding", "sizes that are another padding's" },
	{ SAMPLE_ENCRYPTED, "padding: \"4096\"", 0, "padding: \"9000\"",
	    "volume-size", "sizes that are too small for the padding" },
	{ SAMPLE_PLAIN, "size: \"1234\"", 0, "size: \"65537\"", "yaml-integer",
	    "a README over its cap" },
	{ SAMPLE_PLAIN, "size: \"1234\"", 0, "size: \"0\"", "yaml-integer",
	    "an empty README" },
	{ SAMPLE_PLAIN, "size: \"1234\"", 0, "size: \"01234\"", "yaml-integer",
	    "a leading zero" },
	{ SAMPLE_PLAIN, "readme:\n", 0, "sums:\n", "yaml-key", "another key" },
	{ SAMPLE_PLAIN, "signers:\n", 0, "more: \"x\"\nsigners:\n", "yaml-key",
	    "a key more" },
	{ SAMPLE_PORTABLE, "sums:\n- size: \"300\"\n", 0,
	    "sums:\n- size: \"1073741825\"\n", "yaml-integer", "sums over their cap" },
	{ SAMPLE_PORTABLE, "\nsigners:\n", 0, "\n- size: \"1\"\nsigners:\n",
	    "manifest-sums", "the beginning of a third list" },
	{ SAMPLE_PORTABLE, "- size: \"301\"", 0, "- size: \"0\"", NULL,
	    "no file: SHA256SUMS is empty" },
	{ SAMPLE_PLAIN, "- \"" SAMPLE_FPR_A "\"\n- \"" SAMPLE_FPR_B "\"", 0,
	    "- \"" SAMPLE_FPR_B "\"\n- \"" SAMPLE_FPR_A "\"", "manifest-order",
	    "signers in another order" },
	{ SAMPLE_PLAIN, "\n- \"" SAMPLE_FPR_B "\"", 0, "\n- \"" SAMPLE_FPR_A "\"",
	    "manifest-order", "a signer twice" },
	{ SAMPLE_PLAIN, "\n- \"" SAMPLE_FPR_B "\"", 0, "", NULL, "one signer" },
	{ SAMPLE_PLAIN, SAMPLE_FPR_A, 0, "0123456789abcdef0123456789abcdef01234567",
	    "manifest-fingerprint", "a fingerprint in lower case" },
	{ SAMPLE_PLAIN, "- \"0123", 0, "- \"123", "manifest-fingerprint",
	    "39 digits" },
	{ SAMPLE_PLAIN, "- \"0123", 0, "- \"000000000000000000000000" "0123", NULL,
	    "64 digits" },
	{ SAMPLE_PLAIN, "lane: \"0\"", 0, "lane: \"100\"", "yaml-integer", "lane 100" },
	{ SAMPLE_PLAIN, "lane: \"0\"", 0, "lane: \"99\"", NULL, "lane 99" },
	{ SAMPLE_ENCRYPTED, "lane: \"1\"", 0, "lane: \"0\"", "manifest-order",
	    "a lane twice" },
	{ SAMPLE_ENCRYPTED, "lane: \"0\"", 0, "lane: \"2\"", "manifest-order",
	    "lanes in another order" },
	{ SAMPLE_ENCRYPTED, "contents:\n    run: \"0\"", 0, "contents:\n    run: \"1\"",
	    "run-unknown", "contents under a run that is not listed" },
	{ SAMPLE_ENCRYPTED, "medium: \"1\"\n    run: \"0\"", 0,
	    "medium: \"1\"\n    run: \"1\"", "run-unknown",
	    "a volume under a run that is not listed" },
	{ SAMPLE_ENCRYPTED, "medium: \"2\"\n    run: \"3\"", 0,
	    "medium: \"2\"\n    run: \"0\"", "run-unused", "a run that nothing uses" },
	{ SAMPLE_ENCRYPTED, "- run: \"3\"", 0, "- run: \"0\"", "manifest-order",
	    "a run twice" },
	{ SAMPLE_ENCRYPTED, "- run: \"3\"", 0, "- run: \"1000\"", "yaml-integer",
	    "run 1000" },
	{ SAMPLE_ENCRYPTED, "contents:\n    run: \"0\"\n", 0, "contents:\n",
	    "yaml-key", "encrypted contents without a run" },
	{ SAMPLE_PLAIN, "contents:\n", 0, "contents:\n    run: \"0\"\n", "yaml-key",
	    "contents with a run, not encrypted" },
	{ SAMPLE_PLAIN, "- medium: \"1\"\n", 0, "- medium: \"1\"\n    run: \"0\"\n",
	    "yaml-key", "a volume with a run, not encrypted" },
	{ SAMPLE_ENCRYPTED, "recipient: \"" SAMPLE_FPR_B, 0,
	    "recipient: \"" SAMPLE_FPR_A, "manifest-order", "a recipient twice" },
	{ SAMPLE_ENCRYPTED, "recipient: \"" SAMPLE_FPR_B, 1,
	    "recipient: \"F9ABCDEF0123456789ABCDEF0123456789ABCDEF",
	    "run-recipients", "a run with other recipients" },
	{ SAMPLE_ENCRYPTED, "recipient: \"" SAMPLE_FPR_A, 0, "recipient: \"000",
	    "manifest-fingerprint", "a number for a recipient" },
	{ SAMPLE_HIDDEN, "recipient: \"000\"", 0, "recipient: \"001\"", "yaml-word",
	    "hidden recipients that begin at 1" },
	{ SAMPLE_HIDDEN, "recipient: \"001\"", 0, "recipient: \"1\"", "yaml-word",
	    "a hidden recipient with one digit" },
	{ SAMPLE_HIDDEN, "recipient: \"000\"", 0, "recipient: \"" SAMPLE_FPR_A "\"",
	    "yaml-word", "a fingerprint for a hidden recipient" },
	{ SAMPLE_ENCRYPTED, "size: \"600\"", 0, "size: \"16385\"", "yaml-integer",
	    "a wrapped key over its cap" },
	{ SAMPLE_ENCRYPTED, "size: \"600\"", 0, "size: \"0\"", "yaml-integer",
	    "an empty wrapped key" },
	{ SAMPLE_PLAIN, "medium: \"1\"", 0, "medium: \"0\"", "yaml-integer",
	    "medium 0" },
	{ SAMPLE_PLAIN, "medium: \"1\"", 0, "medium: \"65536\"", "yaml-integer",
	    "medium 65536" },
	{ SAMPLE_PLAIN, "medium: \"1\"", 1, "medium: \"3\"", "manifest-media",
	    "a medium after a greater one" },
	{ SAMPLE_PLAIN, "medium: \"2\"", 0, "medium: \"3\"", "manifest-media",
	    "no medium 2" },
	{ SAMPLE_ENCRYPTED, "medium: \"2\"", 0, "medium: \"3\"", "manifest-media",
	    "no medium 2 in all lanes" },
	{ SAMPLE_ENCRYPTED, "medium: \"3\"", 0, "medium: \"2\"", NULL,
	    "two media in all lanes" },
	{ SAMPLE_PLAIN, "first: \"0\"", 0, "first: \"1\"", "volume-first",
	    "a gap in front" },
	{ SAMPLE_PLAIN, "first: \"5\"", 0, "first: \"4\"", "volume-first",
	    "an overlap" },
	{ SAMPLE_PLAIN, "chunks: \"2\"", 0, "chunks: \"1\"", "volume-first",
	    "a chunk less" },
	{ SAMPLE_PLAIN, "chunks: \"1\"", 1, "chunks: \"0\"", "yaml-integer",
	    "no chunk" },
	{ SAMPLE_PLAIN, "chunks: \"1\"", 1, "chunks: \"1048577\"", "yaml-integer",
	    "too many chunks" },
	{ SAMPLE_PLAIN, "chunks: \"1\"", 0, "chunks: \"1030\"", "volume-size",
	    "a contents file too small for its chunks" },
	{ SAMPLE_PLAIN, "chunks: \"1\"\n    size: \"155\"", 0,
	    "chunks: \"1\"\n    size: \"153\"", "volume-size", "a byte too few" },
	{ SAMPLE_PLAIN, "chunks: \"1\"\n    size: \"155\"", 0,
	    "chunks: \"1\"\n    size: \"154\"", NULL, "the smallest chunk" },
	{ SAMPLE_PLAIN, "chunks: \"1\"\n    size: \"155\"", 0,
	    "chunks: \"1\"\n    size: \"1049745\"", NULL, "the greatest chunk" },
	{ SAMPLE_PLAIN, "chunks: \"1\"\n    size: \"155\"", 0,
	    "chunks: \"1\"\n    size: \"1049746\"", "volume-size", "a byte too many" },
	{ SAMPLE_PORTABLE, "chunks: \"1\"\n    size: \"142\"", 0,
	    "chunks: \"1\"\n    size: \"140\"", "volume-size",
	    "portable: a byte too few" },
	{ SAMPLE_ENCRYPTED, "size: \"8385\"", 0, "size: \"8386\"", "volume-padding",
	    "a byte beside the padding" },
	{ SAMPLE_ENCRYPTED, "size: \"8385\"", 0, "size: \"4289\"", NULL,
	    "one unit of padding" },
	{ SAMPLE_ENCRYPTED, "size: \"8385\"", 0, "size: \"193\"", "volume-size",
	    "no unit of padding" },
	{ SAMPLE_PLAIN, "size: \"155\"", 0, "size: \"1099511627777\"", "yaml-integer",
	    "a volume over its cap" },
	{ SAMPLE_PLAIN, "\nlanes:\n", 0, "\n\nlanes:\n", "yaml-spelling",
	    "an empty line" },
	{ SAMPLE_PLAIN, "AE-0042", 0, "AE\\x2D0042", "yaml-spelling",
	    "an escape that is not needed" },
	{ SAMPLE_PLAIN, "\n  size: \"1234\"", 0, "\n   size: \"1234\"", "yaml-key",
	    "a line with another indent" },
	{ SAMPLE_PLAIN, "", 0, "x-more: \"1\"\n", "yaml-key", "a key behind the end" },
	{ SAMPLE_PLAIN, "", 0, "\n", "yaml-spelling", "an empty line at the end" },
	{ SAMPLE_PLAIN, "", 0, "...\n", "yaml-spelling", "an explicit end" },
};

static size_t
print_wrong(const char *why, enum status st, const struct diag *d)
{
	print_error("%s: status %d, %s (%s)\n", why, st, d->text, d->rule);
	return 1;
}

static void
one_change_each(void **state)
{
	struct diag d;
	struct transport *t;
	struct bytes a, b;
	enum status st;
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		d = (struct diag)DIAG_INIT;
		emit_sample(changes[i].kind, &a);
		sample_replace(&b, &a, changes[i].old, changes[i].nth, changes[i].new);
		st = transport_parse(b.data, b.len, "m", &t, &d);
		if (changes[i].rule == NULL ? st != ST_OK : st != ST_MALFORMED ||
		    strcmp(d.rule, changes[i].rule) != 0)
			wrong += print_wrong(changes[i].why, st, &d);
		assert_true((st == ST_OK) == (t != NULL));
		transport_free(t);
		bytes_free(&a);
		bytes_free(&b);
	}
	assert_int_equal(wrong, 0);
}

/* All re-indented: every line is canonical, only the layout is not. */
static void
indented_lists_are_refused(void **state)
{
	static const char old[] = "signers:\n- \"" SAMPLE_FPR_A "\"\n- \"";
	static const char new[] = "signers:\n  - \"" SAMPLE_FPR_A "\"\n  - \"";
	struct diag d = DIAG_INIT;
	struct transport *t;
	struct bytes a, b;

	(void)state;
	emit_sample(SAMPLE_PLAIN, &a);
	sample_replace(&b, &a, old, 0, new);
	assert_int_equal(transport_parse(b.data, b.len, "m", &t, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "yaml-spelling");
	assert_non_null(strstr(d.text, "line 13: "));
	bytes_free(&a);
	bytes_free(&b);
}

/*
 * Flip a bit: refused, or a value that stays legal, and then the manifest says
 * exactly the bytes it was read from.
 */
static void
every_bit_counts(void **state)
{
	struct bytes a, b = { 0 };
	struct transport *t;
	size_t i, n_taken = 0;
	unsigned int bit;

	(void)state;
	emit_sample(SAMPLE_PORTABLE, &a);
	for (i = 0; i < a.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			a.data[i] ^= (uint8_t)(1U << bit);
			if (transport_parse(a.data, a.len, "m", &t, NULL) == ST_OK) {
				transport_emit(t, &b);
				assert_int_equal(a.len, b.len);
				assert_memory_equal(a.data, b.data, a.len);
				bytes_free(&b);
				transport_free(t);
				n_taken++;
			}
			a.data[i] ^= (uint8_t)(1U << bit);
		}
	}
	/* Digits of digests and some numbers may change; little else. */
	assert_true(n_taken > 0 && n_taken < a.len * 8 / 2);
	bytes_free(&a);
}

/* Cut anywhere: refused, but where what is left is a manifest of fewer volumes. */
static void
every_byte_is_needed(void **state)
{
	struct bytes a, b = { 0 };
	struct transport *t;
	size_t i, n_taken = 0;

	(void)state;
	emit_sample(SAMPLE_PLAIN, &a);
	for (i = 0; i < a.len; i++) {
		if (transport_parse(a.data, i, "m", &t, NULL) != ST_OK)
			continue;
		transport_emit(t, &b);
		assert_int_equal(b.len, i);
		assert_memory_equal(a.data, b.data, i);
		bytes_free(&b);
		transport_free(t);
		n_taken++;
	}
	assert_int_equal(n_taken, 2);		/* of three volumes */
	bytes_free(&a);
}

static void
runs_and_sums_are_found(void **state)
{
	struct transport *t = sample_transport(SAMPLE_ENCRYPTED);
	const struct transport_lane *l = &t->lanes[0];

	(void)state;
	assert_ptr_equal(transport_find_run(l, 0), &l->runs[0]);
	assert_ptr_equal(transport_find_run(l, 3), &l->runs[1]);
	assert_null(transport_find_run(l, 1));
	assert_null(transport_find_run(l, 4));
	assert_int_equal(transport_max_stored(t), 1048576 + 4096 + 1024);
	assert_int_equal(transport_n_volumes(t), 6);
	assert_int_equal(transport_total(t), 2 * (8385 + 12605 + 16825 + 8385));
	transport_free(t);
	transport_free(NULL);
}

static void
names_of_files(void **state)
{
	char buf[TRANSPORT_NAME_MAX];

	(void)state;
	assert_string_equal(transport_name_payload(buf, 0, 3), "payload-00.000003");
	assert_string_equal(transport_name_payload(buf, 99, 65534),
	    "payload-99.065534");
	assert_string_equal(transport_name_contents(buf, 7), "contents-07");
	assert_string_equal(transport_name_key_dir(buf, 0, 12), "00.12");
	assert_string_equal(transport_name_key(buf, "000"), "000.pgp");
	assert_string_equal(transport_name_signature(buf, SAMPLE_FPR_A),
	    SAMPLE_FPR_A ".sig");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(spelling_is_fixed),
		cmocka_unit_test(one_change_each),
		cmocka_unit_test(indented_lists_are_refused),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(every_byte_is_needed),
		cmocka_unit_test(runs_and_sums_are_found),
		cmocka_unit_test(names_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
