/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked list whose node is embedded in the element; putting in and out allocates nothing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define LIST_OF(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))
/* Safe only against removing the current element. */
#define LIST_EACH(it, nx, head) \
	for (it = (head)->next, nx = (it)->next; it != (head); it = nx, nx = (it)->next)

static inline void
list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool
list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void
list_add_tail(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Harmless on a node that is in no list but was initialised. */
static inline void
list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}
