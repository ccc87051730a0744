SRCS    := main.c
NEEDS   := console event mem core lib
DEVICES := rng0
