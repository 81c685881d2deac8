/*
 * The baseline compiler: one pass over a body, machine code out. Private to jit/baseline.
 *
 * wasm_body_next() hands out an instruction, its row in jit_rows[] names the function that emits
 * code for it and moves the abstract stack. An entry of that stack says where its value is; most
 * instructions emit nothing until their result is used.
 *
 * Registers are numbered 0..31: 0..15 general, 16..31 vector (JIT_XMM(n)). At each point
 *  - f->local_regs hold locals: which, changes only at loop boundaries (region.c);
 *  - f->pool are the others that hold operands; of them f->free are unused, the rest belong to one
 *    stack entry each, or to the function that popped it;
 *  - r13 is memory 0's base, rbp the frame, rsp the stack: never touched.
 * An i32 in a register or a slot that was stored whole is zero-extended to 64 bits.
 *
 * Frame, from rbp down: saved registers, homes of locals, operand slots. Each stack entry owns the
 * slot of its height (jit_slot()), used or not: 8 bytes, or 16 if the function may hold a v128.
 *
 *	rbp + 16 + n	stack arguments			a slot or home at distance d is [rbp - d]
 *	rbp + 8		return address			(d is negative for arguments)
 *	rbp		caller's rbp
 *	rbp - 8...	saved rbx r12 r14 r15, then homes, then operand slots
 *	rsp		multiple of 16 (in a leaf: anywhere, it is not moved)
 */
#ifndef JIT_BASELINE_H
#define JIT_BASELINE_H

#include "jit/cc.h"
#include "jit/compile.h"
#include "jit/vmctx.h"
#include "jit/x64.h"
#include "jit/image.h"
#include "jit/equal.h"
#include "jit/osr.h"
#include "runtime/base/num.h"
#include "runtime/base/vec.h"
#include "runtime/wasm/body.h"

#define JIT_XMM(n) (16u + (n))
#define JIT_NOREG 0xffu
#define JIT_BIT(r) ((uint32_t)1 << (r))
#define JIT_MEM_BASE X64_R13

/* On what is hot and knows much of its operands: the encoder is inlined, and most of it goes. */
#define JIT_FLATTEN __attribute__((flatten))

/* Temporaries that never hold locals. */
#define JIT_TEMP_GPRS \
	(JIT_BIT(X64_RAX) | JIT_BIT(X64_RCX) | JIT_BIT(X64_RDX) | JIT_BIT(X64_R10) | \
	 JIT_BIT(X64_R11))
#define JIT_SAVED_GPRS (JIT_BIT(X64_RBX) | JIT_BIT(X64_R12) | JIT_BIT(X64_R14) | JIT_BIT(X64_R15))
#define JIT_SCRATCH_GPRS (JIT_BIT(X64_RSI) | JIT_BIT(X64_RDI) | JIT_BIT(X64_R8) | JIT_BIT(X64_R9))
#define JIT_TEMP_XMMS 0x003f0000u	/* xmm0..5 */
#define JIT_LOCAL_XMMS 0xffc00000u	/* xmm6..15 */
#define JIT_GPRS 0x0000ffffu
#define JIT_XMMS 0xffff0000u

/* Hottest locals that the scan keeps for each loop: more than there are registers. */
#define JIT_MAX_USES 32

/* Where the value of a stack entry is (wasm_val.kind). */
enum jit_kind {
	JIT_SLOT,	/* in its slot; also what wasm_body_apply() leaves */
	JIT_CONST,	/* bits (v128: number of a constant in the pool) */
	JIT_REG,	/* reg; owned by this entry */
	JIT_LOCAL,	/* the value that local has now: counted in f->naliases */
	/* i32: reg + (reg2 << scale) + disp, wrapping; a register may be JIT_NOREG */
	JIT_SUM,
	/* i32 0 or 1: condition reg. On top of the stack only, until the next one */
	JIT_FLAGS,
	JIT_LOAD,	/* to be read from memory. On top of the stack only, until the next one */
};

/*
 * Conditions beyond the machine's, for equality of floating-point numbers; the opposite is again c
 * ^ 1.
 */
enum { JIT_CC_FEQ = 16, JIT_CC_FNE = 17 };

/* A second operand, as machine instructions take it. */
enum jit_opnd_kind { JIT_OPND_REG, JIT_OPND_MEM, JIT_OPND_IMM };

struct jit_opnd {
	uint8_t kind;
	uint8_t reg;		/* REG */
	bool site;		/* MEM may fault: jit_opnd_use() before the instruction */
	uint32_t at;
	uint32_t regs;		/* that jit_opnd_done() frees */
	int32_t imm;
	struct x64_mem mem;
};

struct jit_ctl {
	uint32_t label;		/* where branches go */
	uint32_t else_label;
	/* somebody branches to label, perhaps from code that is not emitted yet */
	bool used;
	uint32_t region;	/* state at the label */
	uint32_t outer;		/* region around */
	uint32_t stub_label, stub_region;	/* the last exit stub made for a branch here */
	/* try_table: where its code begins; into f->catches */
	uint32_t try_start, first_catch;
	uint32_t table_at, table_label;		/* the last br_table that goes here, and how */
};

/* Which local is in which register between two loop boundaries; see region.c. */
struct jit_region {
	uint32_t parent;
	uint32_t regs;		/* that hold locals */
	uint32_t stale;		/* of them, those whose home may be out of date */
	uint32_t local[32];
};

/*
 * Code out of the way of the function, emitted after it: f->pool and f->loc are then not what they
 * were where it branches off.
 */
struct jit_func;
struct jit_cold {
	void (*emit)(struct jit_func *f, const struct jit_cold *c);
	uint32_t label;		/* its start */
	uint32_t back;		/* where it returns to, or unused */
	uint32_t at;
	uint32_t a, b;		/* the emitter's own */
	uint8_t regs[4];
};

/* The convention for one function type. */
struct jit_sig {
	struct jit_cc cc;
	struct jit_loc *params, *results;
};

struct jit_reloc {
	uint32_t at;		/* of the 32-bit field */
	uint32_t func;		/* function index */
	bool inner;		/* jit_entry.inner */
};

struct jit_jump_table {
	uint32_t label, first, n;	/* in f->targets */
};

/* A catch clause of a try_table that is open. */
struct jit_catch {
	uint32_t pc, tag;
	bool ref;
};

struct jit_const {
	uint64_t lo, hi;
	uint32_t label;
	uint8_t size;		/* 4, 8, 16 */
};

/* What a worker compiles into; lives through a batch of functions. */
struct jit_out {
	struct x64_buf code;
	struct VEC(struct jit_site) sites;
	struct VEC(struct jit_reloc) relocs;
	struct VEC(struct jit_handler) handlers;
	struct VEC(struct jit_osr) osrs;	/* of a tier */
	struct jit_lines lines;
};

struct jit_func {
	struct wasm_body b;
	struct x64_buf *x;
	struct jit_out *out;
	const struct wasm_module *m;
	const struct jit_layout *layout;
	const struct jit_options *options;
	struct arena *arena;
	struct arena *sig_arena;	/* lives as long as this struct */
	struct jit_sig **sigs;		/* of each type, made when it is first called */
	uint32_t at;			/* byte offset of the instruction being compiled */

	uint32_t pool, free;		/* registers */
	uint32_t local_regs;
	uint32_t local_of[32];
	uint8_t *loc;			/* of each local: register or JIT_NOREG (at home) */
	int32_t *home;			/* of each local: distance below rbp */
	uint32_t *naliases;		/* of each local: stack entries that stand for it */
	uint32_t settled;		/* stack entries below this index are SLOT or CONST */
	uint32_t slots_start;		/* distance of the end of the homes */
	uint32_t slots_max;		/* distance of the end of the slots that are used */
	uint8_t slot_log2;		/* bytes of a slot */

	struct wasm_scan scan;
	struct jit_region *regions;
	uint32_t nregions, region;	/* the current one */
	uint32_t next_loop;		/* in scan.loops */
	bool module_vectors;		/* the module's types or globals have a v128 */
	bool own_memory;		/* memory 0 is the module's own, and guard pages check it */
	/* a loop uses more locals than were kept: what it writes is not known */
	bool uses_cut;

	struct jit_ctl *ctls;
	uint32_t ctls_cap;
	struct jit_cc cc;
	struct jit_loc *params, *results;
	uint32_t saved;			/* callee-saved registers in use */
	uint32_t nsaved;
	bool leaf;			/* calls nothing: rsp is not moved */
	bool failed;			/* out of memory */
	bool force_frame;		/* not a leaf: its frame turned out to be large */
	int32_t sret_home;		/* of the address of results */
	uint32_t sub_at;		/* offset of the prologue's sub rsp */
	uint32_t back_label;		/* behind it */
	uint32_t entry;			/* offset of the function */

	uint32_t zf_at;			/* at this offset ZF and SF reflect zf_reg */
	uint8_t zf_reg;
	uint8_t zf_width;
	bool flags_live;		/* there is a JIT_FLAGS entry: nothing may change flags */

	struct VEC(struct x64_label) labels;
	struct VEC(struct jit_cold) cold;
	struct VEC(struct jit_const) consts;
	struct VEC(struct jit_jump_table) tables;
	struct VEC(uint32_t) targets;
	struct VEC(struct jit_catch) catches;
	struct VEC(uint32_t) landings;	/* ends of displacements that are to be the frame's size */
	uint32_t const_hash[64];
	enum jit_osr_heads heads;	/* of loops that look whether the function was replaced */
	int32_t slot, head;		/* of the function in the context */
	struct VEC(void *) heads_at;	/* osr.c's, of this function */
	uint32_t sret_bytes;		/* largest area for results in memory of calls made */
};

/* An instruction's row: who emits it, and what that function needs to know. */
struct jit_row {
	void (*emit)(struct jit_func *f, const struct wasm_insn *in, const struct jit_row *row);
	uint32_t op;		/* enum x64_op or the emitter's own */
	uint8_t w;		/* enum x64_width of operands, or the emitter's own */
	uint8_t cc;		/* enum x64_cond, or the emitter's own */
};

extern const struct jit_row jit_rows[WASM_OPS];

/* ---- value.c: the abstract stack ---- */

/* As jit_alloc() when no register of the mask is free. */
unsigned int jit_alloc_slow(struct jit_func *f, uint32_t mask);

/*
 * Takes a free register of the mask (all of it general, or all vector); spills the oldest entry if
 * there is none.
 */
static inline unsigned int jit_alloc(struct jit_func *f, uint32_t mask)
{
	uint32_t m = f->free & mask;

	if (__builtin_expect(!m, 0))
		return jit_alloc_slow(f, mask);
	f->free &= ~(m & -m);
	return (unsigned int)__builtin_ctz(m);
}

static inline unsigned int jit_alloc_gpr(struct jit_func *f)
{
	return jit_alloc(f, JIT_GPRS);
}

/* As 0..15. */
static inline unsigned int jit_alloc_xmm(struct jit_func *f)
{
	return jit_alloc(f, JIT_XMMS) - 16;
}

/* Whether reg is a temporary: it may be written. Registers of locals may only be read. */
static inline bool jit_is_temp(const struct jit_func *f, unsigned int reg)
{
	return f->pool >> reg & 1;
}

/* Gives back a register; of a local's it does nothing. */
static inline void jit_free(struct jit_func *f, unsigned int reg)
{
	f->free |= JIT_BIT(reg) & f->pool;
}

static inline void jit_free_xmm(struct jit_func *f, unsigned int xmm)
{
	jit_free(f, xmm + 16);
}

/*
 * Makes the registers of the mask free, moving entries that hold them elsewhere. Not those that the
 * caller has popped.
 */
void jit_evict(struct jit_func *f, uint32_t mask);

/* Takes this very register. */
static inline void jit_take(struct jit_func *f, unsigned int reg)
{
	if (!(f->free >> reg & 1))
		jit_evict(f, JIT_BIT(reg));
	f->free &= ~JIT_BIT(reg);
}

/*
 * Pops the top into a general register. pop: only to be read (may be a local's). own: may be
 * written. into: this register, which the caller has taken. All but `into` give a register to
 * jit_free() later.
 */
unsigned int jit_pop_reg_slow(struct jit_func *f);

/* General or vector, as 0..31. */
static inline unsigned int jit_pop_reg(struct jit_func *f)
{
	struct wasm_val *v = f->b.sp - 1;

	if (v->kind == JIT_REG) {
		f->b.sp--;
		return v->reg;
	}
	if (v->kind == JIT_LOCAL && f->loc[v->local] != JIT_NOREG) {
		f->b.sp--;
		f->naliases[v->local]--;
		return f->loc[v->local];
	}
	return jit_pop_reg_slow(f);
}

static inline unsigned int jit_pop_gpr(struct jit_func *f)
{
	return jit_pop_reg(f);
}

unsigned int jit_pop_gpr_own(struct jit_func *f);
void jit_pop_into(struct jit_func *f, unsigned int reg);

/* The same for vector registers, as 0..15. */
static inline unsigned int jit_pop_xmm(struct jit_func *f)
{
	return jit_pop_reg(f) & 15;
}

unsigned int jit_pop_xmm_own(struct jit_func *f);

/* Pops without a use of the value. */
void jit_drop(struct jit_func *f);

/*
 * Pops the top as a second operand. imm: integer constants that fit a sign-extended imm32 may stay
 * immediates. Otherwise register or memory (slot, home of a local, pending load, constant pool for
 * f32 f64 v128). Memory operands are exactly as wide as the type (v128: unaligned, which VEX
 * allows). For v128 and float instructions that take memory of the type's width only.
 */
void jit_pop_opnd(struct jit_func *f, struct jit_opnd *o, bool imm);

/* Directly before the instruction that has the operand: records the site of a pending load. */
void jit_opnd_use(struct jit_func *f, const struct jit_opnd *o);

static inline void jit_opnd_done(struct jit_func *f, const struct jit_opnd *o)
{
	f->free |= o->regs & f->pool;
}

/* jit_pushed() if there is something to do. */
void jit_pushed_slow(struct jit_func *f, const struct wasm_val *first);

#define JIT_UNSETTLED_MAX 64
#define JIT_RUN_MAX 16

/*
 * Up to JIT_RUN_MAX entries from `first` up have been pushed, the last of them perhaps without its
 * value: they are not settled. If too many are not, all but the newest half go into their slots.
 */
static inline void jit_pushed(struct jit_func *f, const struct wasm_val *first)
{
	/* one branch for both: below what is settled, or too far above */
	if (__builtin_expect((uint32_t)(first - f->b.stack) - f->settled >
				     JIT_UNSETTLED_MAX - JIT_RUN_MAX, 0))
		jit_pushed_slow(f, first);
}

/* Pushes an entry of a kind that the caller fills in. */
static inline struct wasm_val *jit_push(struct jit_func *f, wasm_valtype t, enum jit_kind kind)
{
	struct wasm_val *v = wasm_body_push(&f->b, t);

	v->kind = (uint8_t)kind;
	jit_pushed(f, v);
	return v;
}

/* Pushes a value in a register that the caller owns (or that jit_dest() gave). */
static inline void jit_push_gpr(struct jit_func *f, wasm_valtype t, unsigned int reg)
{
	jit_push(f, t, JIT_REG)->reg = (uint8_t)reg;
}

/* Pushes a load that the next instruction does as its operand: from m, at the place f->at. */
void jit_push_load(struct jit_func *f, wasm_valtype t, struct x64_mem m);

static inline void jit_push_const(struct jit_func *f, wasm_valtype t, uint64_t bits)
{
	bool narrow = wasm_kind(t) == WASM_KIND_I32 || wasm_kind(t) == WASM_KIND_F32;

	jit_push(f, t, JIT_CONST)->bits = narrow ? (uint32_t)bits : bits;
}

static inline void jit_push_xmm(struct jit_func *f, wasm_valtype t, unsigned int xmm)
{
	jit_push_gpr(f, t, xmm + 16);
}

/*
 * Where to put a result: after all operands are popped. The register of the local that the next
 * instruction (local.set, local.tee) writes, if it has one and nothing on the stack stands for its
 * old value; else JIT_NOREG. It may be one of the operands.
 */
unsigned int jit_dest_local(struct jit_func *f, uint32_t mask);

static inline unsigned int jit_dest(struct jit_func *f, uint32_t mask)
{
	const uint8_t *p = f->b.r.at;

	/* local.set 0x21, local.tee 0x22; an index of one or two bytes */
	if (f->b.r.end - p < 3 || (unsigned int)*p - 0x21 > 1)
		return JIT_NOREG;
	return jit_dest_local(f, mask);
}

/*
 * jit_dest(), or `owned` if that is a temporary, or a new temporary. The caller frees `owned` if it
 * is not the result.
 */
unsigned int jit_dest_gpr(struct jit_func *f, unsigned int owned);
/* as 0..15; owned may be JIT_NOREG */
unsigned int jit_dest_xmm(struct jit_func *f, unsigned int owned);

/*
 * All entries that are not constants into their slots (moves only: flags are kept). keep: leave the
 * topmost n as they are.
 */
void jit_settle(struct jit_func *f, uint32_t keep);

/* Entries (but for the topmost keep) in caller-saved registers into their slots: before a call. */
void jit_spill_for_call(struct jit_func *f, uint32_t keep);

/* Entries that stand for the local get a place of their own: before it is written. */
void jit_unalias(struct jit_func *f, uint32_t local);

/* local.set, local.tee */
void jit_local_set(struct jit_func *f, uint32_t local);
void jit_local_tee(struct jit_func *f, uint32_t local);

/* Drops entries above height without a trace. */
void jit_truncate(struct jit_func *f, uint32_t height);

/*
 * Loads v (which stays on the stack) into reg; moves only, but for SUM (lea), FLAGS (setcc, movzx).
 * Releases nothing.
 */
void jit_load_val(struct jit_func *f, const struct wasm_val *v, unsigned int reg);
/* Stores v to memory. */
void jit_store_val(struct jit_func *f, const struct wasm_val *v, struct x64_mem m);
void jit_release_slow(struct jit_func *f, const struct wasm_val *v);

/* Gives up what the entry holds. No jump table: kinds come in any order. */
static inline void jit_release(struct jit_func *f, const struct wasm_val *v)
{
	if (v->kind == JIT_REG) {
		jit_free(f, v->reg);
	} else if (v->kind == JIT_LOCAL) {
		assert(f->naliases[v->local]);
		f->naliases[v->local]--;
	} else if (v->kind > JIT_LOCAL) {
		jit_release_slow(f, v);
	}
}

static inline struct x64_mem jit_frame(int32_t distance)
{
	return x64_at(X64_RBP, -distance);
}

/* Distance of the slot that an entry of the stack owns. */
static inline uint32_t jit_slot_distance(const struct jit_func *f, const struct wasm_val *v)
{
	return f->slots_start + ((uint32_t)(v + 1 - f->b.stack) << f->slot_log2);
}

/* The slot itself, to be used: the frame reaches down to it. */
static inline struct x64_mem jit_slot(struct jit_func *f, const struct wasm_val *v)
{
	uint32_t distance = jit_slot_distance(f, v);

	if (distance > f->slots_max)
		f->slots_max = distance;
	return jit_frame((int32_t)distance);
}

/* reg <- reg, memory <- reg, reg <- memory of a type; registers 0..31 */
void jit_move(struct jit_func *f, wasm_valtype t, unsigned int dst, unsigned int src);
void jit_load(struct jit_func *f, wasm_valtype t, unsigned int dst, struct x64_mem m);
void jit_store(struct jit_func *f, wasm_valtype t, struct x64_mem m, unsigned int src);

/* Vector or general registers hold this type. */
static inline uint32_t jit_class(wasm_valtype t)
{
	unsigned int k = wasm_kind(t);

	return k == WASM_KIND_F32 || k == WASM_KIND_F64 || k == WASM_KIND_V128 ? JIT_XMMS :
										 JIT_GPRS;
}

static inline enum x64_width jit_width(wasm_valtype t)
{
	return wasm_kind(t) == WASM_KIND_I32 ? X64_32 : X64_64;
}

/*
 * Whether the next instruction takes the top of the stack as a condition (br_if, if, select,
 * i32.eqz).
 */
static inline bool jit_next_is_condition(const struct jit_func *f)
{
	const uint8_t *p = f->b.r.at;

	return p < f->b.r.end &&
	       (*p == 0x0d || *p == 0x04 || *p == 0x45 || *p == 0x1b || *p == 0x1c);
}

/* The next opcode, 0 at the end. */
static inline unsigned int jit_peek(const struct jit_func *f)
{
	return f->b.r.at < f->b.r.end ? *f->b.r.at : 0;
}

/*
 * Pushes the result of a compare that has just been emitted: for the next instruction to use, or as
 * 0 or 1.
 */
void jit_push_cond(struct jit_func *f, unsigned int cc);

/* ---- constants behind the function ---- */

/* A RIP-relative operand; equal constants are shared. size 4, 8 or 16 bytes. */
struct x64_mem jit_const_mem(struct jit_func *f, uint64_t lo, uint64_t hi, unsigned int size);
/* Its number in f->consts: `bits` of a v128 constant on the stack. */
uint32_t jit_const(struct jit_func *f, uint64_t lo, uint64_t hi, unsigned int size);
/* What lies behind the function: constants and jump tables. */
void jit_data(struct jit_func *f);
void jit_cold_code(struct jit_func *f);
/* jmp to the label f->targets[first + reg]; reg is below n, zero-extended, and clobbered. */
void jit_table_jump(struct jit_func *f, unsigned int reg, uint32_t first, uint32_t n);

/* ---- labels, sites, cold code: emit.c ---- */

uint32_t jit_label(struct jit_func *f);
void jit_bind(struct jit_func *f, uint32_t label);

static inline struct x64_label *jit_label_at(struct jit_func *f, uint32_t label)
{
	return &f->labels.at[label];
}

static inline void jit_jcc(struct jit_func *f, enum x64_cond cc, uint32_t label)
{
	x64_jcc(f->x, cc, jit_label_at(f, label));
}

static inline void jit_jmp(struct jit_func *f, uint32_t label)
{
	x64_jmp(f->x, jit_label_at(f, label));
}

/* The current place may fault or (behind a call) return: at is the wasm offset. */
static inline void jit_site(struct jit_func *f, uint32_t at)
{
	struct jit_site s = { .pc = x64_offset(f->x), .at = at };

	if (!vec_push(&f->out->sites, s))
		f->failed = true;
}

/* With a line table: what is emitted from here on is of `at` (lines.h). */
static inline void jit_line(struct jit_func *f, uint32_t at)
{
	if (f->options->lines && !f->failed && !f->x->overflow)
		f->failed = !jit_line_add(&f->out->lines, x64_offset(f->x), at);
}

/* Cold code; the result is valid until the next call. c->label and c->at are set. */
struct jit_cold *jit_cold(struct jit_func *f,
			  void (*emit)(struct jit_func *, const struct jit_cold *));

/* Jumps to a cold trap on a condition. */
void jit_trap_if(struct jit_func *f, enum x64_cond cc, enum rt_trap kind);
/* Traps here. at: wasm offset. */
void jit_trap(struct jit_func *f, enum rt_trap kind, uint32_t at);

/* ---- memory.c: addresses ---- */

/*
 * Pops an address and makes a machine operand of it with the memarg of `in`; *ret_regs are to be
 * freed (f->free |= regs & f->pool) behind the access. Directly before the access: jit_site(f,
 * f->at).
 */
struct x64_mem jit_pop_addr(struct jit_func *f, const struct wasm_insn *in, uint32_t *ret_regs);

/*
 * Before a loop whose places of locals are those of now: steps over bytes that are equal. Nothing,
 * if its locals are not in registers.
 */
void jit_equal_ahead(struct jit_func *f, const struct jit_equal *e);

/* ---- region.c, frame.c, control.c, call.c ---- */

bool jit_regions_make(struct jit_func *f);
void jit_region_enter(struct jit_func *f, uint32_t region);
/*
 * Moves locals from where region `from` has them to where `to` has them; no temporaries, flags
 * kept.
 */
void jit_region_move(struct jit_func *f, uint32_t from, uint32_t to);
bool jit_region_same(const struct jit_func *f, uint32_t from, uint32_t to);

/* Computes homes. Before the prologue and after the regions. */
void jit_frame_layout(struct jit_func *f);
void jit_prologue(struct jit_func *f);
void jit_epilogue(struct jit_func *f);
/* What the epilogue does before it returns: rsp is at the return address. */
void jit_frame_leave(struct jit_func *f);
/*
 * The same for a tail call with `bytes` of stack arguments, which lie at rsp: moves them over the
 * frame, below the end of our own arguments, since that is where our caller's stack goes on. The
 * frame is always below: highest first.
 */
void jit_frame_replace(struct jit_func *f, uint32_t bytes);
/*
 * Writes the frame's size into the prologue. false: a leaf with so large a frame must be compiled
 * with force_frame.
 */
bool jit_frame_finish(struct jit_func *f);

/*
 * Calls the runtime; args are the topmost n entries, in order, preceded by nconsts constants. Pops
 * them; result is in rax.
 */
void jit_libcall(struct jit_func *f, enum jit_libcall lib, const uint64_t *consts, uint32_t nconsts,
		 uint32_t n);

/* Saves and reloads locals in caller-saved registers round a call. */
void jit_save_locals(struct jit_func *f);
void jit_reload_locals(struct jit_func *f);

/* Moves that happen at once: destinations differ, sources may be destinations. Flags are kept. */
struct jit_shuffle {
	uint32_t n;
	uint8_t dst[16], src[16];
	wasm_valtype type[16];
};

void jit_shuffle(struct jit_func *f, struct jit_shuffle *s);

/*
 * Loads n entries, which stay on the stack, into registers (places on the stack are skipped): all
 * at once.
 */
void jit_place(struct jit_func *f, struct wasm_val *v, const struct jit_loc *locs, uint32_t n);

/*
 * Pops an i32 as a condition for the next jump, setcc or cmov: enum x64_cond or JIT_CC_FEQ/FNE.
 * Between, emit moves only.
 */
unsigned int jit_pop_cond(struct jit_func *f);
/* Jumps if the condition holds. */
void jit_branch(struct jit_func *f, unsigned int cc, uint32_t label);

/*
 * One of a worker's: zeroed, then m, layout, options, module_vectors and the arenas set;
 * jit_func_done() frees what it holds. Compiles a body into out, behind what is there. 0 and
 * *ret_entry, the offset of its entry; -ENOEXEC; -ENOMEM; -ENOTSUP; -ENOSPC when out->code is too
 * small: *out is then as it was, but for bytes behind its end, and the caller may try again with a
 * larger one.
 */
int jit_baseline(struct jit_func *f, uint32_t func, struct jit_out *out, uint32_t *ret_entry,
		 struct wsbox_err *err);
void jit_func_done(struct jit_func *f);

/*
 * exception.c, control.c: the code of a try_table from `start` has been emitted; its clauses are
 * f->catches from `first`.
 */
void jit_try_end(struct jit_func *f, uint32_t start, uint32_t first);
void jit_try_begin(struct jit_func *f, uint32_t first);
/* Branches with what lies on the stack, which stays there. */
void jit_branch_to(struct jit_func *f, uint32_t depth);

/*
 * osr.c: at the head of a loop, whose label is bound and whose region entered, and behind it; the
 * stack is settled.
 */
void jit_osr_look(struct jit_func *f, uint32_t at);

/* control.c: the function's own frame, at the start; END and ELSE also in unreachable code. */
bool jit_control_start(struct jit_func *f);

#endif
