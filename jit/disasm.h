/*
 * A disassembler. Who compiles with LLVM has LLVM's (jit/llvm/llvm.h); nothing else has one.
 */
#ifndef JIT_DISASM_H
#define JIT_DISASM_H

#include <stddef.h>
#include <stdint.h>

/* A name for what a branch leads to, an offset in text, or NULL. Valid until the next call. */
typedef const char *(*jit_disasm_name)(void *arg, uint64_t pc);

struct jit_disasm {
	/* Once, while the process may still do anything. */
	void (*start)(void);
	/* NULL: out of memory. arg is name's. */
	void *(*open)(jit_disasm_name name, void *arg);
	void (*close)(void *disasm);
	/*
	 * The instruction at p, of which n bytes are there, at offset pc of the text: its text,
	 * Intel's syntax, cut where that is full. Its length, or 0 if those bytes are no
	 * instruction.
	 */
	size_t (*one)(void *disasm, const uint8_t *p, size_t n, uint64_t pc, char *text,
		      size_t size);
};

#endif
