/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay - a main() for fuzz targets where there is no libFuzzer: gives every
 * file named, and every file of every folder named, to the target once.
 * It makes no inputs and judges nothing: a bad target crashes.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static size_t n_inputs;

/* The whole file, in a buffer of exactly its size: one byte over is seen. */
static void
replay_file(const char *path, size_t size)
{
	FILE *f;
	uint8_t *data;

	/* Said before, so that the last name is the one that crashed. */
	printf("%s\n", path);
	fflush(stdout);
	f = fopen(path, "rb");
	data = malloc(size == 0 ? 1 : size);
	if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
		perror(path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_inputs++;
}

static void
replay(const char *path)
{
	struct stat sb;
	struct dirent **entries;
	char *name;
	int i, n;

	if (stat(path, &sb) == -1) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(sb.st_mode)) {
		replay_file(path, (size_t)sb.st_size);
		return;
	}
	if ((n = scandir(path, &entries, NULL, alphasort)) == -1) {
		perror(path);
		exit(1);
	}
	for (i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&name, "%s/%s", path,
			    entries[i]->d_name) == -1)
				exit(1);
			replay(name);
			free(name);
		}
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	int i;

	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%zu inputs\n", n_inputs);
	/* An empty corpus proves nothing. */
	return n_inputs == 0;
}
