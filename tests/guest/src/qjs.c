/*
 * qjs.c: a small host for the QuickJS engine: qjs FILE [args] runs a script that has print() and
 * scriptArgs; without arguments it runs and times the built-in one, as the measured guests do.
 * An uncaught exception is printed and exits with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "quickjs.h"

static const char builtin[] =
	"function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }\n"
	"let words = {}, list = [], sum = 0;\n"
	"for (let i = 0; i < 20000; i++) {\n"
	"  let k = 'k' + i * 7919 % 1009;\n"
	"  words[k] = (words[k] || 0) + i;\n"
	"  list.push(i * 31 % 977);\n"
	"}\n"
	"list.sort((a, b) => a - b);\n"
	"for (let k in words) sum = (sum * 31 + words[k]) | 0;\n"
	"let text = list.slice(9000, 12000).map(x => x.toString(36)).join(' ');\n"
	"let hits = (text.match(/[a-f]+\\d/g) || []).length;\n"
	"let copy = JSON.parse(JSON.stringify(words));\n"
	"class P {\n"
	"  constructor(x) { this.x = x }\n"
	"  step() { this.x = (this.x * 1103515245 + 12345) % 2147483648; return this.x }\n"
	"}\n"
	"let p = new P(1); for (let i = 0; i < 60000; i++) sum = (sum ^ p.step()) | 0;\n"
	"print(sum, hits, Object.keys(copy).length, fib(23), list[5000]);\n";

static JSValue print(JSContext *ctx, JSValueConst self, int count, JSValueConst *args)
{
	for (int i = 0; i < count; i++) {
		const char *text = JS_ToCString(ctx, args[i]);

		if (!text)
			return JS_EXCEPTION;
		printf("%s%s", i ? " " : "", text);
		JS_FreeCString(ctx, text);
	}
	putchar('\n');
	return JS_UNDEFINED;
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);
	size_t count = f && text ? fread(text, 1, (1 << 20) - 1, f) : 0;

	if (!f || !text)
		return NULL;
	text[count] = 0;
	fclose(f);
	return text;
}

static int run(JSContext *ctx, const char *text, const char *name)
{
	JSValue result = JS_Eval(ctx, text, strlen(text), name, JS_EVAL_TYPE_GLOBAL), thrown;
	const char *message;
	JSContext *job;

	while (!JS_IsException(result) && JS_ExecutePendingJob(JS_GetRuntime(ctx), &job) > 0)
		;
	if (!JS_IsException(result)) {
		JS_FreeValue(ctx, result);
		return 0;
	}
	thrown = JS_GetException(ctx);
	message = JS_ToCString(ctx, thrown);
	fprintf(stderr, "qjs: %s\n", message ? message : "?");
	return 1;
}

static void globals(JSContext *ctx, int argc, char **argv)
{
	JSValue global = JS_GetGlobalObject(ctx), args = JS_NewArray(ctx);

	for (int i = 1; i < argc; i++)
		JS_SetPropertyUint32(ctx, args, (uint32_t)i - 1, JS_NewString(ctx, argv[i]));
	JS_SetPropertyStr(ctx, global, "scriptArgs", args);
	JS_SetPropertyStr(ctx, global, "print", JS_NewCFunction(ctx, print, "print", 1));
	JS_FreeValue(ctx, global);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	double start = now();
	JSContext *ctx = JS_NewContext(JS_NewRuntime());
	const char *text = argc > 1 ? slurp(argv[1]) : builtin;
	int status;

	if (!text) {
		fprintf(stderr, "qjs: cannot read %s\n", argv[1]);
		return 2;
	}
	globals(ctx, argc, argv);
	status = run(ctx, text, argc > 1 ? argv[1] : "builtin");
	if (argc < 2)
		fprintf(stderr, "work %.3f ms\n", now() - start);
	return status;
}
