/* simdmm.c: multiplies matrices of floats four lanes at a time with the compiler's vector types. */
#include "guest.h"

#define N 384

typedef float lanes __attribute__((vector_size(16)));

static float a[N][N], b[N][N] __attribute__((aligned(16))), c[N][N] __attribute__((aligned(16)));

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = (float)((i * 3 + j) % 17) / 16;
			b[i][j] = (float)((i + j * 5) % 13) / 8;
		}
	for (int round = 0; round < 12; round++)
		for (int i = 0; i < N; i++)
			for (int j = 0; j < N; j += 16) {
				lanes t[4] = { 0 };

				for (int k = 0; k < N; k++) {
					lanes x = (lanes){ 0 } + a[i][k];

					for (int l = 0; l < 4; l++)
						t[l] += x * *(lanes *)&b[k][j + 4 * l];
				}
				memcpy(&c[i][j], t, sizeof(t));
			}
	return MIX(sum, c);
}
