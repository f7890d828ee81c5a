package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntegerInstructionsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "add.s32 %d, %a, %b;                  | 7          | -9         | 0          | -2",
                "sub.u32 %d, %a, %b;                  | 3          | 5          | 0          | -2",
                "add.sat.s32 %d, %a, %b;              | 2147483647 | 1          | 0          | 2147483647",
                "mul.lo.s32 %d, %a, %b;               | 65536      | 65537      | 0          | 65536",
                "mul.hi.s32 %d, %a, %b;               | -2         | 3          | 0          | -1",
                "mul.hi.u32 %d, %a, %b;               | -1         | -1         | 0          | -2",
                "mad.lo.s32 %d, %a, %b, %c;           | 3          | -4         | 100        | 88",
                "mad.hi.u32 %d, %a, %b, %c;           | -1         | 2          | 5          | 6",
                "div.s32 %d, %a, %b;                  | -7         | 2          | 0          | -3",
                "div.u32 %d, %a, %b;                  | -2         | 2          | 0          | 2147483647",
                "rem.s32 %d, %a, %b;                  | -7         | 2          | 0          | -1",
                "rem.u32 %d, %a, %b;                  | -1         | 10         | 0          | 5",
                "abs.s32 %d, %a;                      | -7         | 0          | 0          | 7",
                "neg.s32 %d, %a;                      | 7          | 0          | 0          | -7",
                "min.s32 %d, %a, %b;                  | -1         | 1          | 0          | -1",
                "min.u32 %d, %a, %b;                  | -1         | 1          | 0          | 1",
                "max.s32 %d, %a, %b;                  | -1         | 1          | 0          | 1",
                "max.u32 %d, %a, %b;                  | -1         | 1          | 0          | -1",
                "sad.s32 %d, %a, %b, %c;              | -3         | 4          | 10         | 17",
                "and.b32 %d, %a, %b;                  | 12         | 10         | 0          | 8",
                "xor.b32 %d, %a, %b;                  | 12         | 10         | 0          | 6",
                "not.b32 %d, %a;                      | 0          | 0          | 0          | -1",
                "cnot.b32 %d, %a;                     | 0          | 0          | 0          | 1",
                "shl.b32 %d, %a, %b;                  | 1          | 31         | 0          | -2147483648",
                "shl.b32 %d, %a, %b;                  | 1          | 32         | 0          | 0",
                "shr.u32 %d, %a, %b;                  | -1         | 28         | 0          | 15",
                "shr.s32 %d, %a, %b;                  | -16        | 2          | 0          | -4",
                "shr.s32 %d, %a, %b;                  | -16        | 40         | 0          | -1",
                "popc.b32 %d, %a;                     | 255        | 0          | 0          | 8",
                "clz.b32 %d, %a;                      | 1          | 0          | 0          | 31",
                "bfind.u32 %d, %a;                    | 256        | 0          | 0          | 8",
                "bfind.u32 %d, %a;                    | 0          | 0          | 0          | -1",
                "bfind.s32 %d, %a;                    | -256       | 0          | 0          | 7",
                "bfind.shiftamt.u32 %d, %a;           | 256        | 0          | 0          | 23",
                "brev.b32 %d, %a;                     | 1          | 0          | 0          | -2147483648",
                "bfe.u32 %d, %a, %b, %c;              | 61680      | 4          | 8          | 15",
                "bfe.s32 %d, %a, %b, %c;              | 3840       | 4          | 8          | -16",
                "bfe.s32 %d, %a, %b, %c;              | -2147483648| 28         | 8          | -8",
                "bfe.u32 %d, %a, %b, %c;              | -1         | 0          | 0          | 0",
                "bfi.b32 %d, %a, %b, 8, 4;            | 5          | -1         | 0          | -2561",
                "lop3.b32 %d, %a, %b, %c, 0x1a;       | 240        | 204        | 170        | 0x1a",
                "lop3.b32 %d, %a, %b, %c, 0x96;       | 1          | 2          | 4          | 7",
                "shf.l.wrap.b32 %d, %a, %b, %c;       | -2147483648| 1          | 1          | 3",
                "shf.r.wrap.b32 %d, %a, %b, %c;       | 2          | 1          | 1          | -2147483647",
                "shf.r.clamp.b32 %d, %a, %b, %c;      | 2          | 77         | 40         | 77",
                "prmt.b32 %d, %a, %b, %c;             | 0x33221100 | 0x77665544 | 0x7531     | 0x77553311",
                "prmt.b32 %d, %a, %b, %c;             | 0x80       | 0          | 0x8        | 0x808080ff",
                "dp4a.s32.s32 %d, %a, %b, %c;         | 0x01ff02fe | 0x01010101 | 10         | 10",
                "dp4a.u32.s32 %d, %a, %b, %c;         | 0x000000ff | 0x000000ff | 0          | -255",
                "slct.u32.s32 %d, %a, %b, %c;         | 1          | 2          | -1         | 2",
                "bmsk.clamp.b32 %d, %a, %b;           | 4          | 8          | 0          | 0xff0",
                "szext.wrap.s32 %d, %a, %b;           | 0xff       | 8          | 0          | -1",
            })
    void givesTheDocumentedValue(String instruction, String a, String b, String c, String expected) {
        assertThat(Snippet.of(instruction).of(number(a), number(b), number(c)))
                .as(instruction)
                .isEqualTo(number(expected));
    }

    private static int number(String text) {
        return Long.decode(text.strip()).intValue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cvt.u16.u32 %h0, %a; cvt.u16.u32 %h1, %b; add.s16 %h2, %h0, %h1; cvt.s32.s16 %d, %h2;    | 32767 | 1  | -32768",
                "cvt.u16.u32 %h0, %a; cvt.u16.u32 %h1, %b; mul.wide.s16 %d, %h0, %h1;                     | -3    | 5  | -15",
                "cvt.u16.u32 %h0, %a; cvt.u16.u32 %h1, %b; mul.wide.u16 %d, %h0, %h1;                     | 65535 | 2  | 131070",
                "cvt.u16.u32 %h0, %a; shr.s16 %h1, %h0, 4; cvt.s32.s16 %d, %h1;                           | -256  | 0  | -16",
                "cvt.u16.u32 %h0, %a; shr.u16 %h1, %h0, 4; cvt.u32.u16 %d, %h1;                           | 65535 | 0  | 4095",
                "mul.wide.s32 %l0, %a, %b; shr.s64 %l1, %l0, 32; cvt.u32.u64 %d, %l1;                     | -5    | 7  | -1",
                "mul.wide.u32 %l0, %a, %b; shr.u64 %l1, %l0, 32; cvt.u32.u64 %d, %l1;                     | -1    | 2  | 1",
                "cvt.s64.s32 %l0, %a; mul.lo.s64 %l1, %l0, %l0; mul.hi.s64 %l2, %l1, %l1; cvt.u32.u64 %d, %l2; | -65536 | 0 | 1",
                "cvt.s64.s32 %l0, %a; mul.hi.u64 %l2, %l0, %l0; add.s64 %l2, %l2, 1; cvt.u32.u64 %d, %l2; | -1    | 0  | -1",
                "add.cc.u32 %i3, %a, %b; addc.u32 %d, 0, 0;                                              | -1    | 1  | 1",
                "sub.cc.u32 %i3, %a, %b; subc.u32 %d, 0, 0;                                              | 0     | 1  | -1",
                "mov.b64 %l0, {%a, %b}; bfe.u64 %l1, %l0, 24, 16; cvt.u32.u64 %d, %l1;                    | -16777216 | 255 | 65535",
                "mov.b64 %l0, {%a, %b}; mov.b64 {%i3, %d}, %l0;                                          | 1     | 2  | 2",
                "mov.b32 {%h0, %h1}, %a; mov.b32 %d, {%h1, %h0};                                         | 65538 | 0  | 131073",
                "cvt.s8.s32 %i3, %a; mov.u32 %d, %i3;                                                    | 255   | 0  | -1",
                "cvt.u8.u32 %i3, %a; mov.u32 %d, %i3;                                                    | 511   | 0  | 255",
                "cvt.sat.s8.s32 %i3, %a; mov.u32 %d, %i3;                                                | 300   | 0  | 127",
                "cvt.sat.u8.s32 %i3, %a; mov.u32 %d, %i3;                                                | -5    | 0  | 0",
                "cvt.pack.sat.s8.s32.b32 %d, %a, %b, 0x1234;                                             | 300   | -300 | 0x12347f80",
            })
    void worksOnOtherWidths(String instructions, String a, String b, String expected) {
        assertThat(Snippet.of(instructions).of(number(a), number(b), 0))
                .as(instructions)
                .isEqualTo(number(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "lt.s32, -1, 1, 1",
        "lt.u32, -1, 1, 0",
        "lo.u32, 1, -1, 1",
        "hs.u32, -1, 1, 1",
        "ge.s32, 2, 2, 1",
        "ne.s32, 2, 2, 0",
    })
    void comparesSignedAndUnsigned(String compare, int a, int b, int expected) {
        String body = "setp." + compare + " %p0, %a, %b; selp.b32 %d, 1, 0, %p0;";
        assertThat(Snippet.of(body).of(a, b, 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "2, 1, 2", "1, 1, 2"})
    void setpGivesTheSecondPredicateForTheOpposite(int a, int b, int expected) {
        String body = "setp.lt.s32 %p0|%p1, %a, %b; mov.u32 %d, 0; @%p0 mov.u32 %d, 1; @%p1 mov.u32 %d, 2;";
        assertThat(Snippet.of(body).of(a, b, 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 3, 1", "2, 1, 3, 0", "1, 2, 0, 0"})
    void setpCombinesWithAPredicate(int a, int b, int c, int expected) {
        String body = "setp.ne.s32 %p0, %c, 0; setp.lt.and.s32 %p1, %a, %b, %p0; selp.b32 %d, 1, 0, %p1;";
        assertThat(Snippet.of(body).of(a, b, c)).isEqualTo(expected);
    }
}
