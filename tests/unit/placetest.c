/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placetest - see placetest.h.
 */
#include "tests/unit/placetest.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "tests/unit/foldertest.h"

static uint8_t large[5 << 20];

const struct tartest_entry place_entries[PLACE_ENTRIES] = {
	{ "a", NULL, 0, false },
	{ "a-b", "x", 1, true },
	{ "a/b", NULL, 0, false },
	{ "a/b/c", NULL, 0, false },
	{ "a/b/c/deep", "deep", 4, false },
	{ "a/b/large", large, sizeof(large), false },
	{ "a/empty", "", 0, false },
	{ "void", NULL, 0, false },
};
struct tartest place_tree;
struct bag_file place_tags[PLACE_TAGS];
uint8_t place_digest[64];

bool
placetest_start(void)
{
	static const char *const paths[PLACE_TAGS] = { "bagit.txt",
		"satchel/manifest.yaml", "satchel/signatures/F.sig" };
	size_t i;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return false;
	for (i = 0; i < sizeof(place_digest); i++)
		place_digest[i] = (uint8_t)i;
	for (i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 2654435761U >> 11);
	for (i = 0; i < PLACE_TAGS; i++) {
		snprintf(place_tags[i].path, sizeof(place_tags[i].path), "%s",
		    paths[i]);
		bytes_string(&place_tags[i].bytes, paths[i]);
	}
	tartest_make(&place_tree, place_entries, PLACE_ENTRIES);
	return true;
}

void
placetest_end(void)
{
	size_t i;

	tartest_free(&place_tree);
	for (i = 0; i < PLACE_TAGS; i++)
		bytes_free(&place_tags[i].bytes);
}

void
put(const char *path, const char *text)
{
	int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd == -1)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void
expect_names(const char *expected)
{
	struct diag d = DIAG_INIT;
	char seen[256] = "", **names;
	size_t n, i;

	assert_int_equal(dir_list(folder, &names, &n, &d), ST_OK);
	for (i = 0; i < n; i++)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s ",
		    names[i]);
	dir_list_free(names, n);
	assert_string_equal(seen, expected);
}

enum status
place_start(struct place **p, struct diag *d)
{
	return place_open(folder_top, "name", place_digest, contents_total(&place_tree.contents),
	    place_tree.contents.n_files, p, d);
}

enum status
place_fill(struct place **p, struct diag *d)
{
	struct tar_sink sink;
	enum status st;

	if ((st = place_start(p, d)) != ST_OK)
		return st;
	place_sink(*p, &sink);
	st = tartest_read(&place_tree.contents, place_tree.stream.data, place_tree.stream.len,
	    1 << 20, &sink, d);
	if (st != ST_OK)
		return st;
	return place_tag_files(*p, place_tags, PLACE_TAGS, d);
}

enum status
place_import(struct diag *d)
{
	struct place *p = NULL;
	enum status st;

	if ((st = place_fill(&p, d)) == ST_OK)
		st = place_publish(p, &place_tree.contents, place_tags, PLACE_TAGS, NULL, d);
	place_free(p);
	return st;
}

static void
expect_entry(const char *path, mode_t mode, const void *content, size_t size)
{
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	struct stat sb;
	char full[256];

	assert_int_equal(fstatat(folder, path, &sb, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(sb.st_mode, mode);
	assert_int_equal(sb.st_mtim.tv_sec, TARTEST_TIME);
	assert_int_equal(sb.st_mtim.tv_nsec, 0);
	if (S_ISDIR(mode))
		return;
	assert_int_equal(sb.st_nlink, 1);
	snprintf(full, sizeof(full), "%s/%s", folder_top, path);
	assert_int_equal(file_read_path(full, size, &b, &d), ST_OK);
	assert_int_equal(b.len, size);
	if (size != 0)
		assert_memory_equal(b.data, content, size);
	bytes_free(&b);
}

void
expect_import(void)
{
	char path[128];
	size_t i;

	expect_names("name ");
	for (i = 0; i < PLACE_ENTRIES; i++) {
		const struct tartest_entry *e = &place_entries[i];

		snprintf(path, sizeof(path), "name/data/%s", e->path);
		expect_entry(path, e->content == NULL ? S_IFDIR | 0755 :
		    S_IFREG | (e->executable ? 0755U : 0644U), e->content,
		    e->size);
	}
	for (i = 0; i < PLACE_TAGS; i++) {
		snprintf(path, sizeof(path), "name/%.100s", place_tags[i].path);
		expect_entry(path, S_IFREG | 0644, place_tags[i].bytes.data,
		    place_tags[i].bytes.len);
	}
	expect_entry("name", S_IFDIR | 0755, NULL, 0);
	expect_entry("name/data", S_IFDIR | 0755, NULL, 0);
	expect_entry("name/satchel", S_IFDIR | 0755, NULL, 0);
	expect_entry("name/satchel/signatures", S_IFDIR | 0755, NULL, 0);
}
