/*
 * poly.c: small numeric kernels in the manner of PolyBench, each on arrays that fit the caches.
 * -DKERNEL=name picks the one that work() runs; ROUNDS and the sizes give about 0.1 s natively.
 */
#include "guest.h"

#define N 200

static double A[N][N], B[N][N], C[N][N];
static int32_t D[N][N];

static void gemm(void)
{
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				C[i][j] += 1.5 * A[i][k] * B[k][j];
}

static void jacobi(void)
{
	for (int t = 0; t < 40; t++) {
		for (int i = 1; i < N - 1; i++)
			for (int j = 1; j < N - 1; j++)
				B[i][j] = 0.2 * (A[i][j] + A[i][j - 1] + A[i][j + 1] + A[i + 1][j] +
						 A[i - 1][j]);
		for (int i = 1; i < N - 1; i++)
			for (int j = 1; j < N - 1; j++)
				A[i][j] = 0.2 * (B[i][j] + B[i][j - 1] + B[i][j + 1] + B[i + 1][j] +
						 B[i - 1][j]);
	}
}

static void seidel(void)
{
	for (int t = 0; t < 6; t++)
		for (int i = 1; i < N - 1; i++)
			for (int j = 1; j < N - 1; j++)
				A[i][j] = (A[i - 1][j - 1] + A[i - 1][j] + A[i - 1][j + 1] +
					   A[i][j - 1] + A[i][j] + A[i][j + 1] + A[i + 1][j - 1] +
					   A[i + 1][j] + A[i + 1][j + 1]) / 9;
}

static void floyd(void)
{
	for (int k = 0; k < N; k++)
		for (int i = 0; i < N; i++)
			for (int j = 0; j < N; j++) {
				int32_t through = D[i][k] + D[k][j];

				D[i][j] = through < D[i][j] ? through : D[i][j];
			}
}

static void lu(void)
{
	for (int i = 0; i < N; i++)
		A[i][i] += N;
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < i; j++) {
			for (int k = 0; k < j; k++)
				A[i][j] -= A[i][k] * A[k][j];
			A[i][j] /= A[j][j];
		}
		for (int j = i; j < N; j++)
			for (int k = 0; k < i; k++)
				A[i][j] -= A[i][k] * A[k][j];
	}
}

static void correlation(void)
{
	for (int j = 0; j < N; j++) {
		double mean = 0;

		for (int i = 0; i < N; i++)
			mean += A[i][j] / N;
		for (int i = 0; i < N; i++)
			B[i][j] = A[i][j] - mean;
	}
	for (int i = 0; i < N; i++)
		for (int j = i; j < N; j++) {
			C[i][j] = 0;
			for (int k = 0; k < N; k++)
				C[i][j] += B[k][i] * B[k][j];
			C[j][i] = C[i][j];
		}
}

/* Best pairing of a sequence of four letters, by dynamic programming. */
static void nussinov(void)
{
	for (int i = N - 1; i >= 0; i--)
		for (int j = i + 1; j < N; j++) {
			int32_t best = D[i + 1 < N ? i + 1 : i][j], pair = (i * 7 + j * 5) % 4 == 3;

			best = D[i][j - 1] > best ? D[i][j - 1] : best;
			if (i + 1 < N && i < j - 1 && D[i + 1][j - 1] + pair > best)
				best = D[i + 1][j - 1] + pair;
			for (int k = i + 1; k < j; k++)
				best = D[i][k] + D[k + 1][j] > best ? D[i][k] + D[k + 1][j] : best;
			D[i][j] = best;
		}
}

static void fill(void)
{
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			A[i][j] = (double)((i * j + 1) % N) / N;
			B[i][j] = (double)((i * 3 + j) % N) / N;
			C[i][j] = 0;
			D[i][j] = (i * 13 + j * 7) % 911 + 1;
		}
}

static const struct {
	void (*run)(void);
	int rounds;
} kernels[] = {
	{ gemm, 50 }, { jacobi, 50 }, { seidel, 60 }, { floyd, 16 }, { lu, 50 },
	{ correlation, 25 }, { nussinov, 90 },
};

enum { GEMM, JACOBI, SEIDEL, FLOYD, LU, CORRELATION, NUSSINOV };

uint64_t work(void)
{
	uint64_t sum = GUEST_SUM;

	for (int i = 0; i < kernels[KERNEL].rounds; i++) {
		fill();
		kernels[KERNEL].run();
		sum += D[N / 2][N / 3] + (uint64_t)i;
	}
	MIX(sum, A);
	MIX(sum, B);
	MIX(sum, C);
	return MIX(sum, D);
}
