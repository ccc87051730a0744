/* SPDX-License-Identifier: MIT */
/*
 * without.c - reads without=tso,csum off the command line, once.
 */
#include "without/without.h"

#include "console/log.h"
#include "core/cmdline.h"
#include "core/start.h"
#include "lib/string.h"

unsigned without_what;

static const char *const names[WITHOUT_COUNT] = {
    [WITHOUT_CONTENT] = "content",     [WITHOUT_TRANSMIT] = "transmit",
    [WITHOUT_RECEIVE] = "receive",     [WITHOUT_KICK] = "kick",
    [WITHOUT_EVENT_IDX] = "event_idx", [WITHOUT_CSUM] = "csum",
    [WITHOUT_TSO] = "tso",             [WITHOUT_ANSWERS] = "answers",
    [WITHOUT_READAHEAD] = "readahead",
};

static void add(const char *word, size_t len)
{
    for (unsigned i = 0; i < WITHOUT_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], word, len) == 0) {
            without_what |= 1u << i;
            return;
        }
    }
    log_line("without=%.*s on the kernel's command line: there is no such "
             "thing; it can do without content, transmit, receive, kick, "
             "event_idx, csum, tso, answers, readahead", (int)len, word);
}

static void without_read(void)
{
    char words[CMDLINE_MAX + 1];

    if (cmdline_value("without", words, sizeof words) <= 0)
        return;
    for (const char *word = words; *word != '\0';) {
        const char *end = strchr(word, ',');
        size_t len = end != NULL ? (size_t)(end - word) : strlen(word);

        if (len > 0)
            add(word, len);
        word += len;
        if (*word == ',')
            word++;
    }
}
INITCALL(INIT_MEMORY, without_read);
