package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** A kernel translated for the simulator. Immutable once built. */
final class Program {
    final PtxFunction kernel;
    final Op[] code;
    final int intRegisters;
    final int longRegisters;
    final int predicates;
    final int[] @Nullable [] intConstants;
    final long[] @Nullable [] longConstants;
    final SpecialRegisters specials;
    final int localBytes;
    final int staticSharedBytes;
    final int dynamicSharedAlign;
    final int granuleShift;
    final boolean globalAtomics;

    /** Number of instructions that access memory. */
    final int sites;

    Program(Translator from, Op[] code) {
        this.kernel = from.kernel;
        this.code = code;
        RegisterBanks banks = from.banks;
        this.intRegisters = banks.ints();
        this.longRegisters = banks.longs();
        this.predicates = banks.predicates();
        this.intConstants = banks.intConstants();
        this.longConstants = banks.longConstants();
        this.specials = banks.specials();
        this.localBytes = (int) Layout.align(from.variables.localBytes(), 16);
        this.staticSharedBytes = from.variables.sharedBytes();
        this.dynamicSharedAlign = from.variables.dynamicAlign();
        this.granuleShift = from.granuleShift;
        this.globalAtomics = from.globalAtomics;
        int count = 0;
        for (int i = 0; i < code.length; i++) {
            code[i].pc = i;
            if (code[i].isCounted()) {
                code[i].site = count++;
            }
        }
        this.sites = count;
    }

    /** Shared memory of a block: static, then dynamic at its alignment. */
    int sharedBytes(int dynamic) {
        return dynamicStart() + dynamic;
    }

    int dynamicStart() {
        return (int) Layout.align(staticSharedBytes, dynamicSharedAlign);
    }
}
