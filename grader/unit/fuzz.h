/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - for the fuzz entries, fuzz_NAME.c, which run in two ways:
 *
 * - by test_NAME.c, for a bounded number of inputs made from the run's seed,
 *   as an ordinary test;
 * - by libFuzzer, for as long as one likes:
 *
 *     clang -g -fsanitize=fuzzer,address,undefined -Ikernel \
 *         -Ikernel/arch/unix grader/unit/fuzz_parse.c \
 *         solutions/12-http/parse.c -o build/fuzz_parse && build/fuzz_parse
 */
#ifndef UNIT_FUZZ_H
#define UNIT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for any input whatever. */
#define MUST(cond, ...)                                                  \
    do {                                                                 \
        if (!(cond)) {                                                   \
            fprintf(stderr, __VA_ARGS__);                                \
            fprintf(stderr, "\n  (%s:%d: %s)\n", __FILE__, __LINE__,     \
                    #cond);                                              \
            abort();                                                     \
        }                                                                \
    } while (0)

/* A copy that ends where its memory ends, so that reading on is noticed. */
static inline char *fuzz_copy(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    return copy;
}

/*
 * One more input, by `random`: pieces of `words` in any order, and then a few
 * bytes changed, cut out or doubled. Returns its length, at most cap.
 */
static inline size_t fuzz_input(char *buf, size_t cap, uint64_t (*random)(void),
                                const char *const *words, size_t count)
{
    size_t len = 0;

    for (size_t n = random() % 24; n > 0; n--) {
        const char *word = words[random() % count];
        size_t word_len = strlen(word);
        if (word_len > cap - len)
            break;
        memcpy(buf + len, word, word_len);
        len += word_len;
    }
    for (size_t n = random() % 4; n > 0 && len > 0; n--) {
        size_t at = random() % len;
        switch (random() % 3) {
        case 0:
            buf[at] = (char)random();
            break;
        case 1:
            memmove(buf + at, buf + at + 1, len - at - 1);
            len--;
            break;
        case 2:
            if (len == cap)
                break;
            memmove(buf + at + 1, buf + at, len - at);
            len++;
            break;
        }
    }
    return len;
}

#endif
