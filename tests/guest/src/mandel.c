/* mandel.c: iterations before a point of the plane escapes; measures a double loop with one exit.
 */
#include "guest.h"

#define SIDE 600
#define MOST 300

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	for (int row = 0; row < SIDE; row++)
		for (int col = 0; col < SIDE; col++) {
			double cx = 2.5 * col / SIDE - 2, cy = 2.5 * row / SIDE - 1.25, x = 0,
			       y = 0;
			int n = 0;

			while (n < MOST && x * x + y * y < 4) {
				double t = x * x - y * y + cx;

				y = 2 * x * y + cy;
				x = t;
				n++;
			}
			MIX(sum, n);
		}
	return sum;
}
