/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime - the process as satchel wants it.
 */
#include "bundle/runtime.h"

#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bundle/file.h"
#include "bundle/proof.h"

/*
 * A descriptor that is closed would be taken by the next file that is opened.
 * What is said to a closed standard output is lost, and must not pass for said:
 * it fails there as it would have without this.
 */
static enum status
fill_standard_descriptors(struct diag *d)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* the lowest free one is taken, which is fd */
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) == -1)
			return diag_errno(d, "/dev/null");
	}
	return ST_OK;
}

#define MANY_FILES 8192

/* One descriptor a medium: the usual 1,024 would bound the set. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < MANY_FILES &&
	    files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max < MANY_FILES ? files.rlim_max :
		    MANY_FILES;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

enum status
runtime_init(struct diag *d)
{
	static const char *const locales[] = { "C.UTF-8", "C.utf8", "en_US.UTF-8", "" };
	static const struct rlimit none = { 0, 0 };
	enum status st;
	size_t i;

	if ((st = fill_standard_descriptors(d)) != ST_OK)
		return st;
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return diag_errno(d, "cannot turn core dumps off");
#ifndef SATCHEL_SANITIZED	/* the leak checker has to attach to its own process */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return diag_errno(d, "cannot turn core dumps off");
#endif
#ifdef M_MMAP_THRESHOLD
	/* What is large and freed is given back at once, whatever came before. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 18);
#endif
	proof_enable();
	raise_files();
	interrupt_install();
	/* only the character type: libarchive needs it for names that are not ASCII */
	for (i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
		if (setlocale(LC_CTYPE, locales[i]) != NULL)
			break;
	return ST_OK;
}
