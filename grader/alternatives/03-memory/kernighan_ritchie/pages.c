/* SPDX-License-Identifier: MIT */
/*
 * pages.c - another right answer to lab 03: the free runs are a tree by
 * address, whose nodes lie in the runs; to the left is what lies below.
 */
#include "mem/pages.h"
#include "core/panic.h"

/* At the beginning of each free run. */
struct node {
    size_t count;
    struct node *left, *right;
};

static struct node *root;

/* The tree without its leftmost node, which comes back in *first. */
static struct node *without_first(struct node *node, struct node **first)
{
    if (!node->left) {
        *first = node;
        return node->right;
    }
    node->left = without_first(node->left, first);
    return node;
}

/* What takes the place of a node that goes. */
static struct node *without(struct node *node)
{
    struct node *first;

    if (!node->left || !node->right)
        return node->left ? node->left : node->right;
    struct node *right = without_first(node->right, &first);

    first->left = node->left;
    first->right = right;
    return first;
}

static void remove(struct node *node)
{
    struct node **link = &root;

    while (*link != node)
        link = node < *link ? &(*link)->left : &(*link)->right;
    *link = without(node);
}

static void insert(struct node *node, size_t count)
{
    struct node **link = &root;

    while (*link)
        link = node < *link ? &(*link)->left : &(*link)->right;
    *node = (struct node){ .count = count };
    *link = node;
}

void pages_init(const struct mem_map *map)
{
    root = NULL;
    pages = (struct pages){ .map = map };
    /* The middle ones first would make it lower; there are at most sixteen. */
    for (unsigned i = 0; i < map->count; i++) {
        insert((void *)map->region[i].base, map->region[i].size / PAGE_SIZE);
        pages.total += map->region[i].size / PAGE_SIZE;
    }
}

/* The largest run that there is; NULL without any. */
static struct node *largest(struct node *node)
{
    if (!node)
        return NULL;
    struct node *most = node, *left = largest(node->left);
    struct node *right = largest(node->right);

    if (left && left->count > most->count)
        most = left;
    if (right && right->count > most->count)
        most = right;
    return most;
}

void *pages_alloc(size_t count)
{
    struct node *node = largest(root);

    if (!node || count == 0 || count > node->count)
        return NULL;
    pages.used += count;
    node->count -= count;
    void *taken = (char *)node + node->count * PAGE_SIZE;

    if (node->count == 0)
        remove(node);
    return taken;
}

void pages_free(void *first, size_t count)
{
    struct node *below = NULL, *above = NULL, *node = root;

    if (!pages_known(first, count))
        panic("There are no such pages.");
    while (node)
        if ((uintptr_t)node <= (uintptr_t)first) {
            below = node;
            node = node->right;
        } else {
            above = node;
            node = node->left;
        }
    if ((below && pages_end(below, below->count) > (uintptr_t)first) ||
        (above && pages_end(first, count) > (uintptr_t)above))
        panic("Pages were freed twice.");

    pages.used -= count;
    if (above && pages_end(first, count) == (uintptr_t)above) {
        count += above->count;
        remove(above);
    }
    if (below && pages_end(below, below->count) == (uintptr_t)first)
        below->count += count;
    else
        insert(first, count);
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ .total = pages.total, .used = pages.used };
}
