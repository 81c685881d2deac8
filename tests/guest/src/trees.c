/* trees.c: builds, walks and frees binary trees; measures malloc and pointer chasing. */
#include <stdlib.h>
#include "guest.h"

struct node {
	struct node *left, *right;
};

static struct node *grow(int depth)
{
	struct node *n = malloc(sizeof(*n));

	if (!n)
		abort();
	n->left = depth ? grow(depth - 1) : NULL;
	n->right = depth ? grow(depth - 1) : NULL;
	return n;
}

static uint32_t count(const struct node *n)
{
	return n ? 1 + count(n->left) + count(n->right) : 0;
}

static void drop(struct node *n)
{
	if (!n)
		return;
	drop(n->left);
	drop(n->right);
	free(n);
}

uint64_t work(void)
{
	struct node *kept = grow(17);
	uint64_t sum = 0;

	for (int depth = 4; depth <= 16; depth += 4)
		for (int i = 0; i < 1 << (17 - depth); i++) {
			struct node *tree = grow(depth);

			sum += count(tree) * (uint64_t)(i + 1);
			drop(tree);
		}
	sum = sum * 31 + count(kept);
	drop(kept);
	return sum;
}
