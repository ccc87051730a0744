/* SPDX-License-Identifier: MIT */
/*
 * init.c - the first process of the Linux guest that `make bench` measures
 * ours against: loads the modules that the network card needs, gives it its
 * address, and becomes nginx.
 *
 * It is linked statically and does nothing else, so that the time to the first
 * byte is the kernel's and nginx's. The kernel hands words of its command line
 * that it doesn't know to the first process as its environment: address= and
 * netmask= come that way.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A first process that ends is a kernel panic: with panic=-1 on the command
 * line the machine resets, and QEMU's -no-reboot makes that its end. */
static void must(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

/* /modules/0, /modules/1 and on stand in the order in which each finds what it
 * needs already there. */
static void load_modules(void)
{
    for (int i = 0;; i++) {
        char path[32];

        snprintf(path, sizeof path, "/modules/%d", i);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return;
        must((int)syscall(SYS_finit_module, file, "", 0), path);
        close(file);
    }
}

static void set(int s, struct ifreq *interface, unsigned long request,
                const char *variable)
{
    const char *text = getenv(variable);
    struct sockaddr_in address = { .sin_family = AF_INET };

    if (text == NULL || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        fprintf(stderr, "init: no %s= on the command line\n", variable);
        exit(1);
    }
    memcpy(&interface->ifr_addr, &address, sizeof address);
    must(ioctl(s, request, interface), variable);
}

static void bring_up_network(void)
{
    struct ifreq interface = { .ifr_name = "eth0" };
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    must(s, "socket");
    set(s, &interface, SIOCSIFADDR, "address");
    set(s, &interface, SIOCSIFNETMASK, "netmask");
    interface.ifr_flags = IFF_UP | IFF_RUNNING;
    must(ioctl(s, SIOCSIFFLAGS, &interface), "eth0");
    close(s);
}

int main(void)
{
    char *const words[] = { "nginx", "-c", "/etc/nginx.conf", NULL };

    load_modules();
    bring_up_network();
    must(execv("/usr/sbin/nginx", words), "/usr/sbin/nginx");
}
