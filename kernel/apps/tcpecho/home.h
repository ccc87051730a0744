/* SPDX-License-Identifier: MIT */
/*
 * home.h - has all the network's memory come home?
 */
#ifndef TCPECHO_HOME_H
#define TCPECHO_HOME_H

#include <stdbool.h>

/* How much is out now is what may always be. */
void home_remember(void);

/* Is no more out than then? But for connections that only wait to be
 * forgotten. */
bool home_is_all(void);

#endif
