// Runs a harness once for each file that it is given, or that stands in a folder that it is given: seeds and
// old crashes, without a fuzzer. It ends with 1 where there was no file at all: nothing would have been
// tested.
#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDERS_OPEN 8

static size_t count;

// Each input is a piece of memory of its own size, so that a byte too far is seen.
static int run(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)place;
    if (kind != FTW_F) {
        return 0;
    }
    size_t size = (size_t)status->st_size;
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    FILE *file = fopen(path, "r");
    if (bytes == NULL || file == NULL || fread(bytes, 1, size, file) != size) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        return 1;
    }
    (void)fclose(file);
    (void)printf("%s\n", path);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    count++;
    return 0;
}

int main(int words, char **arguments)
{
    for (int i = 1; i < words; i++) {
        if (nftw(arguments[i], run, FOLDERS_OPEN, FTW_PHYS) != 0) {
            (void)fprintf(stderr, "%s cannot be replayed\n", arguments[i]);
            return EXIT_FAILURE;
        }
    }
    (void)printf("%zu inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
