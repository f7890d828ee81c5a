package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Encodings against those of the GNU assembler; memory operands with 32-bit displacements. */
class AssemblerTest {
    static java.util.List<Arguments> instructions() {
        return java.util.List.of(
                one("62e17c48109f45230100", a -> a.load(19, new Mem(Reg.RDI, 0x12345))),
                one("62e17c4811a680000000", a -> a.store(new Mem(Reg.RSI, 128), 20)),
                one("62627d4818ba04000000", a -> a.broadcast(31, new Mem(Reg.RDX, 4))),
                one("62f26d48a8cb", a -> a.multiplyAdd(1, 2, 3)),
                one("62f16c4858cb", a -> a.add(1, 2, 3)),
                one("62f16c48588f40000000", a -> a.add(1, 2, new Mem(Reg.RDI, 64))),
                one("62916c485cce", a -> a.subtract(1, 2, 30)),
                one("62f16c485fcb", a -> a.maximum(1, 2, 3)),
                one("62f16c4859cb", a -> a.multiply(1, 2, 3)),
                one("62f37d4808ca00", a -> a.round(1, 2)),
                one("62f26d482ccb", a -> a.scale(1, 2, 3)),
                one("62f26f4872cb", a -> a.toBf16(1, 2, 3)),
                one("62f1754872f210", a -> a.shiftLeft16(1, 2)),
                one("62a26d40b8cb", a -> a.addProduct(17, 18, 19)),
                one("62317c4828c4", a -> a.copy(8, 20)),
                one("62b16d48dbce", a -> a.and(1, 2, 22)),
                one("62d27d50a88a0c000000", a -> a.multiplyAddBroadcast(1, 16, new Mem(Reg.R10, 12))),
                one("4987ce", a -> a.exchange(Reg.R14, Reg.RCX)),
                one("c4e278498700010000", a -> a.configureTiles(new Mem(Reg.RDI, 256))),
                one("c4e27b49d8", a -> a.zeroTile(3)),
                one("c4a27b4b940f00040000", a -> a.loadTile(2, new Mem(Reg.RDI, 1024), Reg.R9)),
                one("c4e27a4ba40640000000", a -> a.storeTile(new Mem(Reg.RSI, 64), Reg.RAX, 4)),
                one("c4e24a5cc4", a -> a.multiplyTiles(0, 4, 6)),
                one("c4e27849c0", Assembler::releaseTiles),
                one("48c7c040000000", a -> a.move(Reg.RAX, 64)),
                one("4989fa", a -> a.move(Reg.R10, Reg.RDI)),
                one("4c8b9708000000", a -> a.load(Reg.R10, new Mem(Reg.RDI, 8))),
                one("4981c200100000", a -> a.add(Reg.R10, 4096)),
                one("4d01da", a -> a.add(Reg.R10, Reg.R11)),
                one("49ffc8", a -> a.decrement(Reg.R8)),
                one("53", a -> a.push(Reg.RBX)),
                one("415c", a -> a.pop(Reg.R12)),
                one("c3", Assembler::ret),
                one("62f16c485ecb", a -> a.divide(1, 2, 3)),
                one("62f37d4856ca01", a -> a.fraction(1, 2)),
                one("62e17c485b9f45230100", a -> a.fromIntegers(19, new Mem(Reg.RDI, 0x12345))),
                one("62e17d485bca", a -> a.toIntegers(17, 2)),
                one("62f16d486bcb", a -> a.pack(1, 2, 3)),
                one("62b16d48eecd", a -> a.maximumShorts(1, 2, 21)),
                one("62b26d4075e3", a -> a.lookUp(4, 18, 19)),
                one("62b35d4825ccd8", a -> a.select(1, 4, 20)),
                one("62f20e40528d45230100", a -> a.addProductBf16(1, 30, new Mem(Reg.RBP, 0x12345))),
                one("62f25d4016cb", a -> a.permute(1, 20, 3)),
                one("62727d48338e45230100", a -> a.widen(9, new Mem(Reg.RSI, 0x12345))),
                one("62527e48218845230100", a -> a.narrow(new Mem(Reg.R8, 0x12345), 9)),
                one("62c17e48119945230100", a -> a.storeOne(new Mem(Reg.R9, 0x12345), 19)),
                one("c5f446c962727d41908c2645230100", a -> a.gather(9, new Mem(Reg.RSI, 0x12345), 20)),
                one("c5f446c962827d49908c2545230100", a -> a.gather(17, new Mem(Reg.R13, 0x12345), 12)),
                one("48898745230100", a -> a.store(new Mem(Reg.RDI, 0x12345), Reg.RAX)),
                one("4d89a945230100", a -> a.store(new Mem(Reg.R9, 0x12345), Reg.R13)),
                one("c4e24b5ec4", a -> a.multiplyByteTiles(0, 4, 6)),
                one("62f16c48598f45230100", a -> a.multiply(1, 2, new Mem(Reg.RDI, 0x12345))),
                one("62e16c485c8f45230100", a -> a.subtract(17, 2, new Mem(Reg.RDI, 0x12345))),
                one("62f16c485dcb", a -> a.minimum(1, 2, 3)),
                one("62f26d48a88f45230100", a -> a.multiplyAdd(1, 2, new Mem(Reg.RDI, 0x12345))),
                one("c5f877", Assembler::zeroUpper));
    }

    private static Arguments one(String bytes, Consumer<Assembler> instruction) {
        return Arguments.of(bytes, instruction);
    }

    @ParameterizedTest
    @MethodSource("instructions")
    void encodesAsTheManualSays(String bytes, Consumer<Assembler> instruction) {
        Assembler assembler = new Assembler();
        instruction.accept(assembler);
        assertThat(HexFormat.of().formatHex(assembler.code())).isEqualTo(bytes);
    }

    @org.junit.jupiter.api.Test
    void jumpsCountFromTheirOwnEnd() {
        Assembler assembler = new Assembler();
        int start = assembler.here();
        assembler.decrement(Reg.R8);
        assembler.jumpBackIfNotZero(start);
        assembler.jumpIfZero(new byte[] {(byte) 0xC3});
        assertThat(HexFormat.of().formatHex(assembler.code())).isEqualTo("49ffc80f85f7ffffff0f8401000000c3");
    }
}
