# SPDX-License-Identifier: MIT
SRCS      := server.c connection.c answer.c lend.c target.c registry.c text.c
EXERCISES := 12-http/parse.c 12-http/path.c 12-http/respond.c
NEEDS     := fs net event mem console core lib
