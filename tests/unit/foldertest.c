/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foldertest - see foldertest.h.
 */
#include "tests/unit/foldertest.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "manifests/caps.h"

char folder_top[64];
int folder = -1;

int
folder_setup(void **state)
{
	(void)state;
	snprintf(folder_top, sizeof(folder_top), "/tmp/satchel-test-XXXXXX");
	if (mkdtemp(folder_top) == NULL)
		return -1;
	folder = open(folder_top, O_RDONLY | O_DIRECTORY);
	return folder == -1 ? -1 : 0;
}

int
folder_teardown(void **state)
{
	char command[200];

	(void)state;
	fd_close(&folder);
	/* Some trees are deeper than satchel removes. */
	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s",
	    folder_top, folder_top);
	return system(command) == 0 ? 0 : -1;
}

/* Make the parents of a path below the top. */
static void
make_parents(const char *path)
{
	char part[2 * CAP_PATH];
	const char *p;

	for (p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdirat(folder, part, 0755) == -1 && errno != EEXIST)
			fail_msg("%s: %s", part, strerror(errno));
	}
}

void
make_file(const char *path, const char *text)
{
	int fd;

	make_parents(path);
	fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd == -1)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

void
make_directory(const char *path)
{
	make_parents(path);
	assert_int_equal(mkdirat(folder, path, 0755), 0);
}

void
make_link(const char *path, const char *target)
{
	make_parents(path);
	assert_int_equal(symlinkat(target, folder, path), 0);
}

void
make_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	make_parents(path);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.60s/%.40s", folder_top, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
}

void
make_fifo(const char *path)
{
	make_parents(path);
	assert_int_equal(mkfifoat(folder, path, 0644), 0);
}

bool
is_there(const char *path)
{
	struct stat sb;

	return fstatat(folder, path, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

void
remove_it(const char *path)
{
	if (unlinkat(folder, path, 0) == -1 &&
	    unlinkat(folder, path, AT_REMOVEDIR) == -1)
		fail_msg("%s: %s", path, strerror(errno));
}
