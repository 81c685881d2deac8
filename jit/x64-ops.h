/*
 * The machine instructions that our compilers emit: one row a form, read by jit/x64.h (encoding)
 * and by tests/unit/x64.c, which has the system assembler encode every row and compares.
 *
 *	X64_OPS(X) expands X(name, text, form, pp, map, opcode, digit, W, mem) for each row.
 *
 *	 name      enumerator X64_<name>
 *	 |     text    mnemonic for the assembler (Intel)
 *	 |     |      form   which operands it takes, and so which emitter: see X64_FORMS
 *	 |     |      |    pp   mandatory prefix: 0 none, 1 66, 2 F3, 3 F2 (the VEX numbering)
 *	 |     |      |    |  map   0 one-byte, 1 0F, 2 0F38, 3 0F3A
 *	 |     |      |    |  |  opcode   of the 32-bit form; of the load where there are two
 *	 |     |      |    |  |  |    digit   the reg field of ModRM where no register is in it
 *	 |     |      |    |  |  |    |  W   0, 1, or G: by the width of the general operand
 *	 |     |      |    |  |  |    |  |  mem   bytes of memory: 1 to 16, G by width, N none
 *	X(ADD, "add", ALU, 0, 0, 0x03, 0, G, G)
 */
#ifndef JIT_X64_OPS_H
#define JIT_X64_OPS_H

/*
 * Forms: name and what the emitters of this form are. r general register, v vector register, m
 * memory, i immediate. "r/m" means one emitter for each. In forms of VEX instructions the
 * destination comes first.
 */
#define X64_FORMS(X) \
	X(ALU)		/* x64_rr x64_rm x64_mr x64_ri x64_mi; widths 8 to 64 */ \
	X(MOV)		/* x64_rr x64_rm x64_mr x64_mi; widths 8 to 64 */ \
	X(TEST)		/* x64_rr x64_mr x64_ri x64_mi; widths 8 to 64 */ \
	X(RM)		/* x64_rr x64_rm; widths 16 to 64 */ \
	X(RM8)		/* the same with an 8-bit source */ \
	X(LOAD)		/* x64_rm; widths 16 to 64 */ \
	X(STORE)	/* x64_mr; widths 16 to 64 */ \
	X(MR)		/* x64_mr x64_rr (destination is r/m); widths 8 to 64 */ \
	X(UNARY)	/* x64_r x64_m; widths 8 to 64 */ \
	X(NEAR)		/* x64_r x64_m; always 64 bits */ \
	X(NEAR_M)	/* x64_m; always 64 bits */ \
	X(SHIFT)	/* x64_shift (immediate) x64_shift_cl; widths 8 to 64 */ \
	X(BIT)		/* x64_bit (immediate); widths 16 to 64 */ \
	X(REG)		/* x64_r; register in the opcode; 32, 64 */ \
	X(REG64)	/* x64_r; register in the opcode; always 64 bits */ \
	X(BASE)		/* x64_r; register in rm, with a digit; 32, 64 */ \
	X(BARE)		/* x64_bare */ \
	X(FENCE)	/* x64_bare; ModRM is 11:digit:000 */ \
	X(RRR)		/* VEX: x64_rrr x64_rrm: destination, first (vvvv), second (rm); 32, 64 */ \
	X(RRC)		/* VEX: x64_rrr x64_rmr: destination, source (rm), count (vvvv); 32, 64 */ \
	X(RD)		/* VEX: x64_rr x64_rm: destination (vvvv), source (rm), digit; 32, 64 */ \
	X(RRI)		/* VEX: x64_rri x64_rmi; 32, 64 */ \
	X(VVV)		/* x64_vvv x64_vvm */ \
	X(VVVI)		/* x64_vvvi x64_vvmi */ \
	X(VVVV)		/* x64_vvvv x64_vvmv (mask last) */ \
	X(VV)		/* x64_vv x64_vm */ \
	X(VVI)		/* x64_vvi x64_vmi */ \
	X(VSI)		/* x64_vvi: destination (vvvv), source (rm), digit */ \
	X(VM)		/* x64_vm */ \
	X(VVM)		/* x64_vvm */ \
	X(MV)		/* x64_mv: a store */ \
	X(VR)		/* x64_vr; widths 32, 64, as in all that follow (32 where W is 0) */ \
	X(RV)		/* x64_rv: vector in reg, general register in rm */ \
	X(VVR)		/* x64_vvr x64_vvm_w */ \
	X(VVRI)		/* x64_vvri x64_vvmi_w */ \
	X(RVI)		/* x64_rvi x64_mvi: vector in reg, general register or memory in rm */ \
	X(MVI)		/* x64_mvi */ \
	X(GV)		/* x64_gv x64_gm: general register in reg, vector or memory in rm */ \
	X(GVI)		/* x64_gvi: the same with an immediate */

/* Integer instructions. */
#define X64_OPS_GENERAL(X) \
	X(ADD, "add", ALU, 0, 0, 0x03, 0, G, G) \
	X(OR, "or", ALU, 0, 0, 0x0b, 1, G, G) \
	X(ADC, "adc", ALU, 0, 0, 0x13, 2, G, G) \
	X(SBB, "sbb", ALU, 0, 0, 0x1b, 3, G, G) \
	X(AND, "and", ALU, 0, 0, 0x23, 4, G, G) \
	X(SUB, "sub", ALU, 0, 0, 0x2b, 5, G, G) \
	X(XOR, "xor", ALU, 0, 0, 0x33, 6, G, G) \
	X(CMP, "cmp", ALU, 0, 0, 0x3b, 7, G, G) \
	X(MOV, "mov", MOV, 0, 0, 0x8b, 0, G, G) \
	X(TEST, "test", TEST, 0, 0, 0x85, 0, G, G) \
	X(IMUL, "imul", RM, 0, 1, 0xaf, 0, G, G) \
	X(POPCNT, "popcnt", RM, 2, 1, 0xb8, 0, G, G) \
	X(TZCNT, "tzcnt", RM, 2, 1, 0xbc, 0, G, G) \
	X(LZCNT, "lzcnt", RM, 2, 1, 0xbd, 0, G, G) \
	X(BSF, "bsf", RM, 0, 1, 0xbc, 0, G, G) \
	X(BSR, "bsr", RM, 0, 1, 0xbd, 0, G, G) \
	X(MOVZX8, "movzx", RM8, 0, 1, 0xb6, 0, G, 1) \
	X(MOVSX8, "movsx", RM8, 0, 1, 0xbe, 0, G, 1) \
	X(MOVZX16, "movzx", RM, 0, 1, 0xb7, 0, G, 2) \
	X(MOVSX16, "movsx", RM, 0, 1, 0xbf, 0, G, 2) \
	X(MOVSXD, "movsxd", RM, 0, 0, 0x63, 0, G, 4) \
	X(LEA, "lea", LOAD, 0, 0, 0x8d, 0, G, G) \
	X(MOVBE, "movbe", LOAD, 0, 2, 0xf0, 0, G, G) \
	X(MOVBE_ST, "movbe", STORE, 0, 2, 0xf1, 0, G, G) \
	X(XCHG, "xchg", MR, 0, 0, 0x87, 0, G, G) \
	X(XADD, "xadd", MR, 0, 1, 0xc1, 0, G, G) \
	X(CMPXCHG, "cmpxchg", MR, 0, 1, 0xb1, 0, G, G) \
	X(NOT, "not", UNARY, 0, 0, 0xf7, 2, G, G) \
	X(NEG, "neg", UNARY, 0, 0, 0xf7, 3, G, G) \
	X(MUL, "mul", UNARY, 0, 0, 0xf7, 4, G, G) \
	X(IMUL1, "imul", UNARY, 0, 0, 0xf7, 5, G, G) \
	X(DIV, "div", UNARY, 0, 0, 0xf7, 6, G, G) \
	X(IDIV, "idiv", UNARY, 0, 0, 0xf7, 7, G, G) \
	X(INC, "inc", UNARY, 0, 0, 0xff, 0, G, G) \
	X(DEC, "dec", UNARY, 0, 0, 0xff, 1, G, G) \
	X(CALL_IND, "call", NEAR, 0, 0, 0xff, 2, 0, 8) \
	X(JMP_IND, "jmp", NEAR, 0, 0, 0xff, 4, 0, 8) \
	X(PUSH_M, "push", NEAR_M, 0, 0, 0xff, 6, 0, 8) \
	X(POP_M, "pop", NEAR_M, 0, 0, 0x8f, 0, 0, 8) \
	X(ROL, "rol", SHIFT, 0, 0, 0xc1, 0, G, G) \
	X(ROR, "ror", SHIFT, 0, 0, 0xc1, 1, G, G) \
	X(SHL, "shl", SHIFT, 0, 0, 0xc1, 4, G, G) \
	X(SHR, "shr", SHIFT, 0, 0, 0xc1, 5, G, G) \
	X(SAR, "sar", SHIFT, 0, 0, 0xc1, 7, G, G) \
	X(BT, "bt", BIT, 0, 1, 0xba, 4, G, G) \
	X(BTS, "bts", BIT, 0, 1, 0xba, 5, G, G) \
	X(BTR, "btr", BIT, 0, 1, 0xba, 6, G, G) \
	X(BTC, "btc", BIT, 0, 1, 0xba, 7, G, G) \
	X(BSWAP, "bswap", REG, 0, 1, 0xc8, 0, G, N) \
	X(PUSH, "push", REG64, 0, 0, 0x50, 0, 0, N) \
	X(POP, "pop", REG64, 0, 0, 0x58, 0, 0, N) \
	X(RDGSBASE, "rdgsbase", BASE, 2, 1, 0xae, 1, G, N) \
	X(WRGSBASE, "wrgsbase", BASE, 2, 1, 0xae, 3, G, N) \
	X(CDQ, "cdq", BARE, 0, 0, 0x99, 0, 0, N) \
	X(CQO, "cqo", BARE, 0, 0, 0x99, 0, 1, N) \
	X(RET, "ret", BARE, 0, 0, 0xc3, 0, 0, N) \
	X(LEAVE, "leave", BARE, 0, 0, 0xc9, 0, 0, N) \
	X(INT3, "int3", BARE, 0, 0, 0xcc, 0, 0, N) \
	X(UD2, "ud2", BARE, 0, 1, 0x0b, 0, 0, N) \
	X(PAUSE, "pause", BARE, 2, 0, 0x90, 0, 0, N) \
	X(REP_MOVSB, "rep movsb", BARE, 2, 0, 0xa4, 0, 0, N) \
	X(REP_STOSB, "rep stosb", BARE, 2, 0, 0xaa, 0, 0, N) \
	X(LFENCE, "lfence", FENCE, 0, 1, 0xae, 5, 0, N) \
	X(MFENCE, "mfence", FENCE, 0, 1, 0xae, 6, 0, N) \
	X(ANDN, "andn", RRR, 0, 2, 0xf2, 0, G, G) \
	X(PDEP, "pdep", RRR, 3, 2, 0xf5, 0, G, G) \
	X(PEXT, "pext", RRR, 2, 2, 0xf5, 0, G, G) \
	X(MULX, "mulx", RRR, 3, 2, 0xf6, 0, G, G) \
	X(BZHI, "bzhi", RRC, 0, 2, 0xf5, 0, G, G) \
	X(BEXTR, "bextr", RRC, 0, 2, 0xf7, 0, G, G) \
	X(SHLX, "shlx", RRC, 1, 2, 0xf7, 0, G, G) \
	X(SARX, "sarx", RRC, 2, 2, 0xf7, 0, G, G) \
	X(SHRX, "shrx", RRC, 3, 2, 0xf7, 0, G, G) \
	X(BLSR, "blsr", RD, 0, 2, 0xf3, 1, G, G) \
	X(BLSMSK, "blsmsk", RD, 0, 2, 0xf3, 2, G, G) \
	X(BLSI, "blsi", RD, 0, 2, 0xf3, 3, G, G) \
	X(RORX, "rorx", RRI, 3, 3, 0xf0, 0, G, G)

/* Moves between vector registers, memory and general registers; conversions of scalars. */
#define X64_OPS_VMOVE(X) \
	X(VMOVAPS, "vmovaps", VV, 0, 1, 0x28, 0, 0, 16) \
	X(VMOVAPS_ST, "vmovaps", MV, 0, 1, 0x29, 0, 0, 16) \
	X(VMOVAPD, "vmovapd", VV, 1, 1, 0x28, 0, 0, 16) \
	X(VMOVUPS, "vmovups", VV, 0, 1, 0x10, 0, 0, 16) \
	X(VMOVUPS_ST, "vmovups", MV, 0, 1, 0x11, 0, 0, 16) \
	X(VMOVDQA, "vmovdqa", VV, 1, 1, 0x6f, 0, 0, 16) \
	X(VMOVDQU, "vmovdqu", VV, 2, 1, 0x6f, 0, 0, 16) \
	X(VMOVDQU_ST, "vmovdqu", MV, 2, 1, 0x7f, 0, 0, 16) \
	X(VMOVSS_RR, "vmovss", VVV, 2, 1, 0x10, 0, 0, N) \
	X(VMOVSD_RR, "vmovsd", VVV, 3, 1, 0x10, 0, 0, N) \
	X(VMOVSS, "vmovss", VM, 2, 1, 0x10, 0, 0, 4) \
	X(VMOVSD, "vmovsd", VM, 3, 1, 0x10, 0, 0, 8) \
	X(VMOVSS_ST, "vmovss", MV, 2, 1, 0x11, 0, 0, 4) \
	X(VMOVSD_ST, "vmovsd", MV, 3, 1, 0x11, 0, 0, 8) \
	X(VMOVQ, "vmovq", VV, 2, 1, 0x7e, 0, 0, 8) \
	X(VMOVQ_ST, "vmovq", MV, 1, 1, 0xd6, 0, 0, 8) \
	X(VMOVLPS, "vmovlps", VVM, 0, 1, 0x12, 0, 0, 8) \
	X(VMOVHPS, "vmovhps", VVM, 0, 1, 0x16, 0, 0, 8) \
	X(VMOVLPS_ST, "vmovlps", MV, 0, 1, 0x13, 0, 0, 8) \
	X(VMOVHPS_ST, "vmovhps", MV, 0, 1, 0x17, 0, 0, 8) \
	X(VMOVHLPS, "vmovhlps", VVV, 0, 1, 0x12, 0, 0, N) \
	X(VMOVLHPS, "vmovlhps", VVV, 0, 1, 0x16, 0, 0, N) \
	X(VMOVSLDUP, "vmovsldup", VV, 2, 1, 0x12, 0, 0, 16) \
	X(VMOVSHDUP, "vmovshdup", VV, 2, 1, 0x16, 0, 0, 16) \
	X(VMOVDDUP, "vmovddup", VV, 3, 1, 0x12, 0, 0, 8) \
	X(VMOVD_VR, "vmov", VR, 1, 1, 0x6e, 0, G, N) \
	X(VMOVD_RV, "vmov", RV, 1, 1, 0x7e, 0, G, N) \
	X(VPINSRB, "vpinsrb", VVRI, 1, 3, 0x20, 0, 0, 1) \
	X(VPINSRW, "vpinsrw", VVRI, 1, 1, 0xc4, 0, 0, 2) \
	X(VPINSR, "vpinsr", VVRI, 1, 3, 0x22, 0, G, G) \
	X(VPEXTRB, "vpextrb", RVI, 1, 3, 0x14, 0, 0, 1) \
	X(VPEXTRW, "vpextrw", GVI, 1, 1, 0xc5, 0, 0, N) \
	X(VPEXTRW_ST, "vpextrw", MVI, 1, 3, 0x15, 0, 0, 2) \
	X(VPEXTR, "vpextr", RVI, 1, 3, 0x16, 0, G, G) \
	X(VEXTRACTPS, "vextractps", RVI, 1, 3, 0x17, 0, 0, 4) \
	X(VMOVMSKPS, "vmovmskps", GV, 0, 1, 0x50, 0, 0, N) \
	X(VMOVMSKPD, "vmovmskpd", GV, 1, 1, 0x50, 0, 0, N) \
	X(VPMOVMSKB, "vpmovmskb", GV, 1, 1, 0xd7, 0, 0, N) \
	X(VCVTSI2SS, "vcvtsi2ss", VVR, 2, 1, 0x2a, 0, G, G) \
	X(VCVTSI2SD, "vcvtsi2sd", VVR, 3, 1, 0x2a, 0, G, G) \
	X(VCVTTSS2SI, "vcvttss2si", GV, 2, 1, 0x2c, 0, G, 4) \
	X(VCVTTSD2SI, "vcvttsd2si", GV, 3, 1, 0x2c, 0, G, 8) \
	X(VCVTSS2SD, "vcvtss2sd", VVV, 2, 1, 0x5a, 0, 0, 4) \
	X(VCVTSD2SS, "vcvtsd2ss", VVV, 3, 1, 0x5a, 0, 0, 8) \
	X(VUCOMISS, "vucomiss", VV, 0, 1, 0x2e, 0, 0, 4) \
	X(VUCOMISD, "vucomisd", VV, 1, 1, 0x2e, 0, 0, 8)

/* Floating-point arithmetic: scalar and packed together. */
#define X64_OPS_VFLOAT(X) \
	X64_FLOAT4(X, VVV, SQRT, "sqrt", 0x51, VV) \
	X64_FLOAT4(X, VVV, ADD, "add", 0x58, VVV) \
	X64_FLOAT4(X, VVV, MUL, "mul", 0x59, VVV) \
	X64_FLOAT4(X, VVV, SUB, "sub", 0x5c, VVV) \
	X64_FLOAT4(X, VVV, MIN, "min", 0x5d, VVV) \
	X64_FLOAT4(X, VVV, DIV, "div", 0x5e, VVV) \
	X64_FLOAT4(X, VVV, MAX, "max", 0x5f, VVV) \
	X64_FLOAT4(X, VVVI, CMP, "cmp", 0xc2, VVVI) \
	X64_FLOAT2(X, VVV, UNPCKL, "unpckl", 0x14) \
	X64_FLOAT2(X, VVV, UNPCKH, "unpckh", 0x15) \
	X64_FLOAT2(X, VVV, AND, "and", 0x54) \
	X64_FLOAT2(X, VVV, ANDN, "andn", 0x55) \
	X64_FLOAT2(X, VVV, OR, "or", 0x56) \
	X64_FLOAT2(X, VVV, XOR, "xor", 0x57) \
	X64_FLOAT2(X, VVVI, SHUF, "shuf", 0xc6) \
	X(VROUNDPS, "vroundps", VVI, 1, 3, 0x08, 0, 0, 16) \
	X(VROUNDPD, "vroundpd", VVI, 1, 3, 0x09, 0, 0, 16) \
	X(VROUNDSS, "vroundss", VVVI, 1, 3, 0x0a, 0, 0, 4) \
	X(VROUNDSD, "vroundsd", VVVI, 1, 3, 0x0b, 0, 0, 8) \
	X(VBLENDPS, "vblendps", VVVI, 1, 3, 0x0c, 0, 0, 16) \
	X(VBLENDPD, "vblendpd", VVVI, 1, 3, 0x0d, 0, 0, 16) \
	X(VINSERTPS, "vinsertps", VVVI, 1, 3, 0x21, 0, 0, 4) \
	X(VBLENDVPS, "vblendvps", VVVV, 1, 3, 0x4a, 0, 0, 16) \
	X(VBLENDVPD, "vblendvpd", VVVV, 1, 3, 0x4b, 0, 0, 16) \
	X(VCVTDQ2PS, "vcvtdq2ps", VV, 0, 1, 0x5b, 0, 0, 16) \
	X(VCVTPS2DQ, "vcvtps2dq", VV, 1, 1, 0x5b, 0, 0, 16) \
	X(VCVTTPS2DQ, "vcvttps2dq", VV, 2, 1, 0x5b, 0, 0, 16) \
	X(VCVTDQ2PD, "vcvtdq2pd", VV, 2, 1, 0xe6, 0, 0, 8) \
	X(VCVTTPD2DQ, "vcvttpd2dq", VV, 1, 1, 0xe6, 0, 0, 16) \
	X(VCVTPS2PD, "vcvtps2pd", VV, 0, 1, 0x5a, 0, 0, 8) \
	X(VCVTPD2PS, "vcvtpd2ps", VV, 1, 1, 0x5a, 0, 0, 16) \
	X64_FMA(X, VFMADD132, "vfmadd132", 0x98) \
	X64_FMA(X, VFMADD213, "vfmadd213", 0xa8) \
	X64_FMA(X, VFMADD231, "vfmadd231", 0xb8) \
	X64_FMA(X, VFNMADD132, "vfnmadd132", 0x9c) \
	X64_FMA(X, VFNMADD213, "vfnmadd213", 0xac) \
	X64_FMA(X, VFNMADD231, "vfnmadd231", 0xbc)

#define X64_FLOAT4(X, sform, name, text, opcode, pform) \
	X(V##name##PS, "v" text "ps", pform, 0, 1, opcode, 0, 0, 16) \
	X(V##name##PD, "v" text "pd", pform, 1, 1, opcode, 0, 0, 16) \
	X(V##name##SS, "v" text "ss", sform, 2, 1, opcode, 0, 0, 4) \
	X(V##name##SD, "v" text "sd", sform, 3, 1, opcode, 0, 0, 8)
#define X64_FLOAT2(X, form, name, text, opcode) \
	X(V##name##PS, "v" text "ps", form, 0, 1, opcode, 0, 0, 16) \
	X(V##name##PD, "v" text "pd", form, 1, 1, opcode, 0, 0, 16)
#define X64_FMA(X, name, text, opcode) \
	X(name##PS, text "ps", VVV, 1, 2, opcode, 0, 0, 16) \
	X(name##PD, text "pd", VVV, 1, 2, opcode, 0, 1, 16) \
	X(name##SS, text "ss", VVV, 1, 2, (opcode) + 1, 0, 0, 4) \
	X(name##SD, text "sd", VVV, 1, 2, (opcode) + 1, 0, 1, 8)

/* Packed integers. */
#define X64_OPS_VINT(X) \
	X64_INT1(X, VPADDB, "vpaddb", 0xfc) \
	X64_INT1(X, VPADDW, "vpaddw", 0xfd) \
	X64_INT1(X, VPADDD, "vpaddd", 0xfe) \
	X64_INT1(X, VPADDQ, "vpaddq", 0xd4) \
	X64_INT1(X, VPADDSB, "vpaddsb", 0xec) \
	X64_INT1(X, VPADDSW, "vpaddsw", 0xed) \
	X64_INT1(X, VPADDUSB, "vpaddusb", 0xdc) \
	X64_INT1(X, VPADDUSW, "vpaddusw", 0xdd) \
	X64_INT1(X, VPSUBB, "vpsubb", 0xf8) \
	X64_INT1(X, VPSUBW, "vpsubw", 0xf9) \
	X64_INT1(X, VPSUBD, "vpsubd", 0xfa) \
	X64_INT1(X, VPSUBQ, "vpsubq", 0xfb) \
	X64_INT1(X, VPSUBSB, "vpsubsb", 0xe8) \
	X64_INT1(X, VPSUBSW, "vpsubsw", 0xe9) \
	X64_INT1(X, VPSUBUSB, "vpsubusb", 0xd8) \
	X64_INT1(X, VPSUBUSW, "vpsubusw", 0xd9) \
	X64_INT1(X, VPAVGB, "vpavgb", 0xe0) \
	X64_INT1(X, VPAVGW, "vpavgw", 0xe3) \
	X64_INT1(X, VPMINUB, "vpminub", 0xda) \
	X64_INT1(X, VPMAXUB, "vpmaxub", 0xde) \
	X64_INT1(X, VPMINSW, "vpminsw", 0xea) \
	X64_INT1(X, VPMAXSW, "vpmaxsw", 0xee) \
	X64_INT2(X, VPMINSB, "vpminsb", 0x38) \
	X64_INT2(X, VPMINSD, "vpminsd", 0x39) \
	X64_INT2(X, VPMINUW, "vpminuw", 0x3a) \
	X64_INT2(X, VPMINUD, "vpminud", 0x3b) \
	X64_INT2(X, VPMAXSB, "vpmaxsb", 0x3c) \
	X64_INT2(X, VPMAXSD, "vpmaxsd", 0x3d) \
	X64_INT2(X, VPMAXUW, "vpmaxuw", 0x3e) \
	X64_INT2(X, VPMAXUD, "vpmaxud", 0x3f) \
	X64_INT1(X, VPMULLW, "vpmullw", 0xd5) \
	X64_INT1(X, VPMULHW, "vpmulhw", 0xe5) \
	X64_INT1(X, VPMULHUW, "vpmulhuw", 0xe4) \
	X64_INT1(X, VPMULUDQ, "vpmuludq", 0xf4) \
	X64_INT2(X, VPMULDQ, "vpmuldq", 0x28) \
	X64_INT2(X, VPMULLD, "vpmulld", 0x40) \
	X64_INT2(X, VPMULHRSW, "vpmulhrsw", 0x0b) \
	X64_INT1(X, VPMADDWD, "vpmaddwd", 0xf5) \
	X64_INT2(X, VPMADDUBSW, "vpmaddubsw", 0x04) \
	X64_INT1(X, VPSADBW, "vpsadbw", 0xf6) \
	X64_INT1(X, VPAND, "vpand", 0xdb) \
	X64_INT1(X, VPANDN, "vpandn", 0xdf) \
	X64_INT1(X, VPOR, "vpor", 0xeb) \
	X64_INT1(X, VPXOR, "vpxor", 0xef) \
	X64_INT1(X, VPCMPEQB, "vpcmpeqb", 0x74) \
	X64_INT1(X, VPCMPEQW, "vpcmpeqw", 0x75) \
	X64_INT1(X, VPCMPEQD, "vpcmpeqd", 0x76) \
	X64_INT2(X, VPCMPEQQ, "vpcmpeqq", 0x29) \
	X64_INT1(X, VPCMPGTB, "vpcmpgtb", 0x64) \
	X64_INT1(X, VPCMPGTW, "vpcmpgtw", 0x65) \
	X64_INT1(X, VPCMPGTD, "vpcmpgtd", 0x66) \
	X64_INT2(X, VPCMPGTQ, "vpcmpgtq", 0x37) \
	X64_INT1(X, VPACKSSWB, "vpacksswb", 0x63) \
	X64_INT1(X, VPACKUSWB, "vpackuswb", 0x67) \
	X64_INT1(X, VPACKSSDW, "vpackssdw", 0x6b) \
	X64_INT2(X, VPACKUSDW, "vpackusdw", 0x2b) \
	X64_INT1(X, VPUNPCKLBW, "vpunpcklbw", 0x60) \
	X64_INT1(X, VPUNPCKLWD, "vpunpcklwd", 0x61) \
	X64_INT1(X, VPUNPCKLDQ, "vpunpckldq", 0x62) \
	X64_INT1(X, VPUNPCKLQDQ, "vpunpcklqdq", 0x6c) \
	X64_INT1(X, VPUNPCKHBW, "vpunpckhbw", 0x68) \
	X64_INT1(X, VPUNPCKHWD, "vpunpckhwd", 0x69) \
	X64_INT1(X, VPUNPCKHDQ, "vpunpckhdq", 0x6a) \
	X64_INT1(X, VPUNPCKHQDQ, "vpunpckhqdq", 0x6d) \
	X64_INT2(X, VPSHUFB, "vpshufb", 0x00) \
	X64_INT2(X, VPSIGNB, "vpsignb", 0x08) \
	X64_INT2(X, VPSIGNW, "vpsignw", 0x09) \
	X64_INT2(X, VPSIGND, "vpsignd", 0x0a) \
	X64_INT1(X, VPSLLW, "vpsllw", 0xf1) \
	X64_INT1(X, VPSLLD, "vpslld", 0xf2) \
	X64_INT1(X, VPSLLQ, "vpsllq", 0xf3) \
	X64_INT1(X, VPSRLW, "vpsrlw", 0xd1) \
	X64_INT1(X, VPSRLD, "vpsrld", 0xd2) \
	X64_INT1(X, VPSRLQ, "vpsrlq", 0xd3) \
	X64_INT1(X, VPSRAW, "vpsraw", 0xe1) \
	X64_INT1(X, VPSRAD, "vpsrad", 0xe2) \
	X64_VSHIFT(X, VPSRLW_I, "vpsrlw", 0x71, 2) \
	X64_VSHIFT(X, VPSRAW_I, "vpsraw", 0x71, 4) \
	X64_VSHIFT(X, VPSLLW_I, "vpsllw", 0x71, 6) \
	X64_VSHIFT(X, VPSRLD_I, "vpsrld", 0x72, 2) \
	X64_VSHIFT(X, VPSRAD_I, "vpsrad", 0x72, 4) \
	X64_VSHIFT(X, VPSLLD_I, "vpslld", 0x72, 6) \
	X64_VSHIFT(X, VPSRLQ_I, "vpsrlq", 0x73, 2) \
	X64_VSHIFT(X, VPSRLDQ_I, "vpsrldq", 0x73, 3) \
	X64_VSHIFT(X, VPSLLQ_I, "vpsllq", 0x73, 6) \
	X64_VSHIFT(X, VPSLLDQ_I, "vpslldq", 0x73, 7) \
	X(VPBLENDW, "vpblendw", VVVI, 1, 3, 0x0e, 0, 0, 16) \
	X(VPBLENDD, "vpblendd", VVVI, 1, 3, 0x02, 0, 0, 16) \
	X(VPALIGNR, "vpalignr", VVVI, 1, 3, 0x0f, 0, 0, 16) \
	X(VPBLENDVB, "vpblendvb", VVVV, 1, 3, 0x4c, 0, 0, 16) \
	X(VPSHUFD, "vpshufd", VVI, 1, 1, 0x70, 0, 0, 16) \
	X(VPSHUFHW, "vpshufhw", VVI, 2, 1, 0x70, 0, 0, 16) \
	X(VPSHUFLW, "vpshuflw", VVI, 3, 1, 0x70, 0, 0, 16) \
	X(VPABSB, "vpabsb", VV, 1, 2, 0x1c, 0, 0, 16) \
	X(VPABSW, "vpabsw", VV, 1, 2, 0x1d, 0, 0, 16) \
	X(VPABSD, "vpabsd", VV, 1, 2, 0x1e, 0, 0, 16) \
	X(VPTEST, "vptest", VV, 1, 2, 0x17, 0, 0, 16) \
	X(VPMOVSXBW, "vpmovsxbw", VV, 1, 2, 0x20, 0, 0, 8) \
	X(VPMOVSXBD, "vpmovsxbd", VV, 1, 2, 0x21, 0, 0, 4) \
	X(VPMOVSXWD, "vpmovsxwd", VV, 1, 2, 0x23, 0, 0, 8) \
	X(VPMOVSXDQ, "vpmovsxdq", VV, 1, 2, 0x25, 0, 0, 8) \
	X(VPMOVZXBW, "vpmovzxbw", VV, 1, 2, 0x30, 0, 0, 8) \
	X(VPMOVZXBD, "vpmovzxbd", VV, 1, 2, 0x31, 0, 0, 4) \
	X(VPMOVZXWD, "vpmovzxwd", VV, 1, 2, 0x33, 0, 0, 8) \
	X(VPMOVZXDQ, "vpmovzxdq", VV, 1, 2, 0x35, 0, 0, 8) \
	X(VPBROADCASTB, "vpbroadcastb", VV, 1, 2, 0x78, 0, 0, 1) \
	X(VPBROADCASTW, "vpbroadcastw", VV, 1, 2, 0x79, 0, 0, 2) \
	X(VPBROADCASTD, "vpbroadcastd", VV, 1, 2, 0x58, 0, 0, 4) \
	X(VPBROADCASTQ, "vpbroadcastq", VV, 1, 2, 0x59, 0, 0, 8) \
	X(VBROADCASTSS, "vbroadcastss", VV, 1, 2, 0x18, 0, 0, 4)

#define X64_INT1(X, name, text, opcode) X(name, text, VVV, 1, 1, opcode, 0, 0, 16)
#define X64_INT2(X, name, text, opcode) X(name, text, VVV, 1, 2, opcode, 0, 0, 16)
#define X64_VSHIFT(X, name, text, opcode, digit) X(name, text, VSI, 1, 1, opcode, digit, 0, N)

#define X64_OPS(X) \
	X64_OPS_GENERAL(X) \
	X64_OPS_VMOVE(X) \
	X64_OPS_VFLOAT(X) \
	X64_OPS_VINT(X)

/*
 * Conditions, in the machine's order: name, suffix of the mnemonic. The opposite of condition c is
 * c ^ 1. After a compare of floating-point numbers (vucomis) B means less or unordered, P
 * unordered.
 */
#define X64_CONDITIONS(X) \
	X(O, "o") X(NO, "no") X(B, "b") X(AE, "ae") X(E, "e") X(NE, "ne") X(BE, "be") X(A, "a") \
	X(S, "s") X(NS, "ns") X(P, "p") X(NP, "np") X(L, "l") X(GE, "ge") X(LE, "le") X(G, "g")

#endif
