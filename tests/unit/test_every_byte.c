/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_every_byte - every byte counts: whichever byte of a bundle is changed, cut
 * off or appended, check and extract refuse it with the right status, and nothing
 * comes into being.  test_every_bag_byte.c does the same for audit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/helper.h"
#include "tests/unit/bytelean.h"
#include "tests/unit/bytetest.h"
#include "tests/unit/gpg_memo.h"

/* Of so many changes the verbs themselves see one, from options to verdict. */
#define WHOLE 32

struct reader {
	struct bytetest_copy copy;
	struct lean lean;
};

static const struct bytetest_folder *current;

/* The status of any change of such a file. */
static enum status
expected(const struct bytetest_file *f)
{
	return f->role == ROLE_MANIFEST || f->role == ROLE_SIGNATURE ?
	    ST_UNTRUSTED : ST_DAMAGED;
}

static void
judge(const struct reader *r, const struct bytetest_file *f,
    const struct change *how, const char *who, enum status st, const char *rule)
{
	char text[64];

	if (st == expected(f))
		return;
	worker_fail("%s: %s %s: %s gives %d (%s), not %d", r->copy.of->name, f->path,
	    change_spell(how, text, sizeof(text)), who, st, rule, expected(f));
}

/* Both verbs, whole. */
static void
read_whole(const struct reader *r, const struct bytetest_file *f,
    const struct change *how)
{
	/* a medium's own signature is judged by itself; what both say is another test */
	int which = f->role == ROLE_SIGNATURE && r->copy.n_media > 1 ?
	    (int)f->medium : -1;
	struct outcome o;

	verb_run(UNPACK_CHECK, &r->copy, which, &o);
	judge(r, f, how, "check", o.status, o.rule);
	verb_run(UNPACK_EXTRACT, &r->copy, which, &o);
	judge(r, f, how, "extract", o.status, o.rule);
	if (!dest_empty(&r->copy))
		worker_fail("%s: %s: there is something at the destination",
		    r->copy.of->name, f->path);
}

/* What of check and extract meets such a file. */
static void
read_lean(const struct reader *r, const struct bytetest_file *f,
    const struct change *how)
{
	const struct lean *l = &r->lean;
	bool several = r->copy.of == &bytetest_bundles[BYTES_RECIPIENTS] ||
	    r->copy.n_media > 1;
	struct outcome o;
	enum status st;

	switch (f->role) {
	case ROLE_MANIFEST:
	case ROLE_SIGNATURE:
		verb_run(UNPACK_CHECK, &r->copy, f->role == ROLE_SIGNATURE ?
		    (int)f->medium : -1, &o);
		judge(r, f, how, "check", o.status, o.rule);
		return;
	case ROLE_KEY:
		/* the other recipient's or medium's serves; that it is damaged comes out all the same */
		if ((st = lean_keys(l)) != (several ? ST_OK : ST_DAMAGED))
			judge(r, f, how, "unwrapping", st, "");
		judge(r, f, how, "both", lean_small(l), "");
		return;
	case ROLE_FIXED:
		judge(r, f, how, "both", lean_small(l), "");
		return;
	case ROLE_CONTENTS:
		if (how->kind == CHANGE_FLIP)
			judge(r, f, how, "check", lean_check(l), "");
		judge(r, f, how, "extract", lean_contents(l), "");
		return;
	case ROLE_VOLUME:
		if (how->kind == CHANGE_FLIP) {
			judge(r, f, how, "check", lean_check(l), "");
			judge(r, f, how, "extract", lean_payload(l), "");
		} else	/* both look at its size first */
			judge(r, f, how, "both", lean_volume(l, f), "");
		return;
	case ROLE_TAG:
	case ROLE_DATA:
		break;
	}
	worker_fail("%s: what is it?", f->path);
}

/* One change of one file; i counts them. */
static void
try(const struct reader *r, const struct bytetest_file *f,
    const struct change *how, size_t i)
{
	change_make(&r->copy, f, how);
	read_lean(r, f, how);
	if (i % WHOLE == 0)
		read_whole(r, f, how);
	change_undo(&r->copy, f, how);
	worker_count(1);
}

static void
flip_all(const struct reader *r, const struct bytetest_file *f, unsigned number,
    unsigned of)
{
	/* every bit of what all else depends on, elsewhere one of each byte, in turn */
	bool bits = f->role == ROLE_MANIFEST || f->role == ROLE_SIGNATURE;
	struct change how = { .kind = CHANGE_FLIP };
	unsigned bit;

	for (how.at = number; how.at < f->len; how.at += of)
		for (bit = 0; bit < 8 && change_due(how.at, f->len); bit++) {
			if (!bits && bit != how.at * 5 % 8)
				continue;
			how.value = (uint8_t)(1 << bit);
			try(r, f, &how, how.at / of + bit);
		}
}

static void
change_all(const struct reader *r, const struct bytetest_file *f, unsigned number,
    unsigned of)
{
	struct change how = { .kind = CHANGE_CUT };
	unsigned byte;

	flip_all(r, f, number, of);
	for (how.at = number; how.at < f->len; how.at += of)
		if (change_due(how.at, f->len))
			try(r, f, &how, how.at / of);
	how.kind = CHANGE_APPEND;
	for (byte = number; byte < 256; byte += of) {
		how.value = (uint8_t)byte;
		if (change_due(byte, 256))
			try(r, f, &how, byte / of);
	}
}

static void
work_current(unsigned number, unsigned of, const char *folder)
{
	struct reader r;
	size_t i;

	copy_make(&r.copy, current, folder);
	lean_open(&r.lean, &r.copy);
	for (i = 0; i < current->n_files; i++)
		change_all(&r, &current->files[i], number, of);
	if (!copy_intact(&r.copy))
		worker_fail("%s: it is not what it was", current->name);
	if (lean_check(&r.lean) != ST_OK || lean_contents(&r.lean) != ST_OK ||
	    lean_small(&r.lean) != ST_OK || lean_payload(&r.lean) != ST_OK)
		worker_fail("%s: it is not accepted any more", current->name);
	lean_close(&r.lean);
	copy_remove(&r.copy);
}

/*
 * gpg's answers about all one-bit changes of a signature that are still a
 * signature packet, in one call.
 */
static void
ask_about_flips(const struct bytetest_folder *folder)
{
	const struct bytetest_file *sig = folder_find(folder, ROLE_SIGNATURE);
	const struct bytetest_file *doc = folder_find(folder, ROLE_MANIFEST);
	size_t i, n = 8 * sig->len;
	struct gpg_candidate *c = calloc(n, sizeof(*c));
	uint8_t *packets = malloc(n * sig->len), *packet;
	struct gpg_trust *t = lean_trust();
	struct diag d = DIAG_INIT;

	assert_true(c != NULL && packets != NULL);
	for (i = 0; i < n; i++) {
		packet = packets + i * sig->len;
		memcpy(packet, sig->data, sig->len);
		packet[i / 8] ^= (uint8_t)(1 << i % 8);
		c[i].fpr = bytetest_sender;
		c[i].data = packet;
		c[i].len = sig->len;
	}
	helper_set_left(60000);
	if (gpg_verify(t, doc->data, doc->len, c, n, false, &d) != ST_OK)
		fail_msg("%s: %s", d.rule, d.text);
	for (i = 0; i < n; i++)
		assert_int_equal(c[i].status, ST_UNTRUSTED);
	gpg_trust_free(t);
	free(packets);
	free(c);
}

/* Both verbs accept it as it is; so gpg's good answers are known to the workers as well. */
static void
accepted(const struct bytetest_folder *folder)
{
	struct bytetest_copy c;
	struct outcome o;
	char path[160];

	snprintf(path, sizeof(path), "%s-good", folder->path);
	copy_make(&c, folder, path);
	verb_run(UNPACK_CHECK, &c, -1, &o);
	assert_int_equal(o.status, ST_OK);
	verb_run(UNPACK_EXTRACT, &c, -1, &o);
	if (o.status != ST_OK)
		fail_msg("%s: %s", folder->name, o.rule);
	assert_false(dest_empty(&c));
	copy_remove(&c);
}

static void
every_byte_of(enum bytetest_kind kind)
{
	current = &bytetest_bundles[kind];
	accepted(current);
	ask_about_flips(current);
	print_message("# %s: %zu changes, each refused\n", current->name,
	    workers_run(work_current));
}

static void
test_encrypted(void **state)
{
	(void)state;
	every_byte_of(BYTES_ENCRYPTED);
}

static void
test_unencrypted(void **state)
{
	(void)state;
	every_byte_of(BYTES_CLEAR);
}

static void
test_portable(void **state)
{
	(void)state;
	every_byte_of(BYTES_PORTABLE);
}

static void
test_two_recipients(void **state)
{
	(void)state;
	every_byte_of(BYTES_RECIPIENTS);
}

static void
test_two_media(void **state)
{
	(void)state;
	every_byte_of(BYTES_MEDIA);
}

/* Whose wrapped key is changed, the other's opens the bundle; with both changed nobody's does. */
static void
test_the_other_recipients_key(void **state)
{
	const struct bytetest_folder *folder = &bytetest_bundles[BYTES_RECIPIENTS];
	const struct change how = { CHANGE_FLIP, 100, 1 };
	const struct bytetest_file *f;
	struct bytetest_copy c;
	struct outcome o;
	char path[160];
	size_t i, changed = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s-other", folder->path);
	copy_make(&c, folder, path);
	for (i = 0; i < folder->n_files; i++) {
		f = &folder->files[i];
		if (f->role != ROLE_KEY)
			continue;
		change_make(&c, f, &how);
		verb_run(UNPACK_EXTRACT, &c, -1, &o);
		assert_int_equal(o.status, ST_DAMAGED);
		assert_true(dest_empty(&c));
		if (++changed == 2) {
			assert_string_equal(o.recipient, "");
			continue;
		}
		assert_int_equal(strlen(o.recipient), 40);
		assert_null(strstr(f->path, o.recipient));
	}
	assert_int_equal(changed, 2);
	copy_remove(&c);
}

/* A changed signature on one of two media is said, and harms nothing. */
static void
work_signatures(unsigned number, unsigned of, const char *folder)
{
	struct bytetest_copy c;
	struct outcome o;
	size_t i, at;

	copy_make(&c, current, folder);
	for (i = 0; i < current->n_files; i++) {
		const struct bytetest_file *f = &current->files[i];

		if (f->role != ROLE_SIGNATURE)
			continue;
		for (at = number; at < 8 * f->len; at += of) {
			const struct change bit = { CHANGE_FLIP, at / 8,
				(uint8_t)(1 << at % 8) };

			if (!change_due(at, 8 * f->len))
				continue;
			change_make(&c, f, &bit);
			verb_run(UNPACK_CHECK, &c, -1, &o);
			if (o.status != ST_OK || o.bad_signatures != 1)
				worker_fail("%s bit %zu: %d, %zu notes", f->path,
				    at, o.status, o.bad_signatures);
			change_undo(&c, f, &bit);
			worker_count(1);
		}
	}
	copy_remove(&c);
}

static void
test_a_changed_signature_on_one_medium(void **state)
{
	const struct bytetest_file *f;
	const struct change how = { CHANGE_FLIP, 100, 1 };
	struct bytetest_copy c;
	struct outcome o;
	char path[160];
	size_t n;

	(void)state;
	current = &bytetest_bundles[BYTES_MEDIA];
	n = workers_run(work_signatures);
	print_message("# two media: %zu changes of a signature, each said\n", n);
	f = folder_find(current, ROLE_SIGNATURE);
	snprintf(path, sizeof(path), "%s-signature", current->path);
	copy_make(&c, current, path);
	change_make(&c, f, &how);
	verb_run(UNPACK_CHECK, &c, (int)f->medium, &o);
	assert_int_equal(o.status, ST_UNTRUSTED);
	verb_run(UNPACK_EXTRACT, &c, -1, &o);
	assert_int_equal(o.status, ST_OK);
	assert_int_equal(o.bad_signatures, 1);
	copy_remove(&c);
}

static int
start(void **state)
{
	(void)state;
	(void)gpg_memo_asked();
	return bytetest_start();
}

static int
end(void **state)
{
	(void)state;
	return bytetest_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_unencrypted),
		cmocka_unit_test(test_portable),
		cmocka_unit_test(test_two_recipients),
		cmocka_unit_test(test_two_media),
		cmocka_unit_test(test_the_other_recipients_key),
		cmocka_unit_test(test_a_changed_signature_on_one_medium),
	};

	return cmocka_run_group_tests(tests, start, end);
}
