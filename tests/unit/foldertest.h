/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foldertest - a folder of a test's own, and things put into it.  Whatever
 * cannot be made fails the test; it tests nothing.
 */
#ifndef SATCHEL_TESTS_UNIT_FOLDERTEST_H
#define SATCHEL_TESTS_UNIT_FOLDERTEST_H

#include <stdbool.h>

extern char folder_top[64];		/* its path */
extern int folder;			/* its descriptor */

/* For cmocka_unit_test_setup_teardown(): made anew, removed with all in it. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* Paths are relative to the folder; missing parents are made. */
void make_file(const char *path, const char *text);
void make_directory(const char *path);
void make_link(const char *path, const char *target);
void make_fifo(const char *path);
void make_socket(const char *path);

/* is_there - whether there is anything of that name, a link included. */
bool is_there(const char *path);
/* remove_it - a file, a link or an empty directory. */
void remove_it(const char *path);

#endif
