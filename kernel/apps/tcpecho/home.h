/* SPDX-License-Identifier: MIT */
/*
 * home.h - has all the network's memory come home?
 */
#ifndef TCPECHO_HOME_H
#define TCPECHO_HOME_H

#include <stdbool.h>

/* How much is out now is what may always be. */
void home_remember(void);

/* Is no more out than then? But for pcbs, which wait for a minute to be
 * forgotten when we have closed first. */
bool home_is_all(void);

#endif
