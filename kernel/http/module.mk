# SPDX-License-Identifier: MIT
SRCS      := server.c waiting.c connection.c requests.c rank.c remember.c \
             lasting.c answer.c select.c content.c directory.c lend.c \
             refine.c conditional.c range.c multipart.c encoding.c listing.c \
             date.c access.c host.c target.c registry.c text.c
EXERCISES := 12-http/parse.c 12-http/path.c 12-http/respond.c
NEEDS     := fs net event mem console core lib without
