/* nbody.c: planets pulling at each other; measures scalar double arithmetic with sqrt and division.
 */
#include <math.h>
#include "guest.h"

#define BODIES 5
#define STEPS 1500000

struct body {
	double x, y, z, vx, vy, vz, mass;
};

static struct body body[BODIES];

static void step(double dt)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &body[i];

		for (int j = i + 1; j < BODIES; j++) {
			struct body *b = &body[j];
			double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
			double d2 = dx * dx + dy * dy + dz * dz + 0.01;
			double pull = dt / (d2 * sqrt(d2));

			a->vx -= dx * b->mass * pull;
			a->vy -= dy * b->mass * pull;
			a->vz -= dz * b->mass * pull;
			b->vx += dx * a->mass * pull;
			b->vy += dy * a->mass * pull;
			b->vz += dz * a->mass * pull;
		}
	}
	for (int i = 0; i < BODIES; i++) {
		body[i].x += dt * body[i].vx;
		body[i].y += dt * body[i].vy;
		body[i].z += dt * body[i].vz;
	}
}

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	for (int i = 0; i < BODIES; i++) {
		double r = 1 + 2.5 * i;

		body[i] =
			(struct body){ r, 0.3 * r, 0.1 * i, 0.1 * i, 1 / r, 0, i ? 0.001 * i : 1 };
	}
	for (int i = 0; i < STEPS; i++)
		step(0.001);
	return MIX(sum, body);
}
