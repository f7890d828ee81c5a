package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FloatInstructionsTest {
    private static final float TINY = Float.MIN_VALUE;

    private static int bits(float value) {
        return Float.floatToRawIntBits(value);
    }

    private static float run(String instruction, float a, float b, float c) {
        return Float.intBitsToFloat(Snippet.of(instruction).of(bits(a), bits(b), bits(c)));
    }

    @ParameterizedTest
    @CsvSource({
        "add.f32, 1.5, 2.25, 3.75",
        "sub.f32, 1.5, 2.25, -0.75",
        "mul.f32, 1.5, 2.0, 3.0",
        "div.rn.f32, 1.0, 3.0, 0.33333334",
        "add.rz.f32, 1.0, 1e-10, 1.0",
        "add.rp.f32, 1.0, 1e-10, 1.0000001",
        "add.rm.f32, 1.0, -1e-10, 0.99999994",
        "mul.rz.f32, 1.1, 1.1, 1.21",
        "add.sat.f32, 0.75, 0.75, 1.0",
        "min.f32, NaN, 2.0, 2.0",
        "max.f32, -0.0, 0.0, 0.0",
        "min.f32, 0.0, -0.0, -0.0",
        "max.NaN.f32, NaN, 2.0, NaN",
        "copysign.f32, -1.0, 3.0, -3.0",
    })
    void arithmeticOfTwo(String name, float a, float b, float expected) {
        assertThat((Float) run(name + " %d, %a, %b;", a, b, 0)).isEqualTo((Float) expected);
    }

    @Test
    void fmaRoundsOnce() {
        float a = 1 + 0x1p-12f;
        assertThat(run("fma.rn.f32 %d, %a, %b, %c;", a, a, -1)).isEqualTo(0x1p-11f + 0x1p-24f);
        assertThat(run("fma.rz.f32 %d, %a, %b, %c;", 0x1p-80f, 0x1p-80f, 1)).isEqualTo(1f);
        assertThat(run("fma.rp.f32 %d, %a, %b, %c;", 0x1p-80f, 0x1p-80f, 1)).isEqualTo(Math.nextUp(1f));
        assertThat(run("fma.rm.f32 %d, %a, %b, %c;", 0x1p-80f, -0x1p-80f, 1)).isEqualTo(Math.nextDown(1f));
    }

    @Test
    void ftzFlushesInputsAndResults() {
        assertThat(run("mul.f32 %d, %a, %b;", TINY, 1, 0)).isEqualTo(TINY);
        assertThat(run("mul.ftz.f32 %d, %a, %b;", TINY, 1, 0)).isZero();
        assertThat(run("mul.ftz.f32 %d, %a, %b;", 1e-30f, 1e-10f, 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(floats = {-30, -1.5f, -0.3f, 0, 0.3f, 1, 7.75f, 100})
    void ex2IsWithinItsError(float x) {
        double exact = Math.pow(2, x);
        assertThat((double) run("ex2.approx.ftz.f32 %d, %a;", x, 0, 0)).isCloseTo(exact, within(exact * 0x1p-22));
    }

    @ParameterizedTest
    @ValueSource(floats = {-9, -1.5f, -0.3f, -1e-3f, 0, 1e-6f, 0.03f, 0.3f, 1, 7.75f})
    void tanhIsWithinItsErrorButNotExact(float x) {
        double exact = Math.tanh(x);
        assertThat((double) run("tanh.approx.f32 %d, %a;", x, 0, 0))
                .isCloseTo(exact, within(Math.abs(exact) * 0x1p-11));
    }

    @Test
    void otherApproximations() {
        assertThat(run("rcp.approx.ftz.f32 %d, %a;", 3, 0, 0)).isCloseTo(1 / 3f, within(1e-7f));
        assertThat(run("rsqrt.approx.f32 %d, %a;", 2, 0, 0)).isCloseTo(0.70710677f, within(2e-7f));
        assertThat(run("sqrt.rn.f32 %d, %a;", 2, 0, 0)).isEqualTo((float) Math.sqrt(2));
        assertThat(run("lg2.approx.f32 %d, %a;", 10, 0, 0)).isCloseTo(3.321928f, within(1e-6f));
        assertThat(run("sin.approx.f32 %d, %a;", 1, 0, 0)).isCloseTo(0.84147098f, within(1e-6f));
        assertThat(run("rcp.approx.ftz.f32 %d, %a;", 0, 0, 0)).isInfinite();
        assertThat(run("ex2.approx.f32 %d, %a;", Float.NEGATIVE_INFINITY, 0, 0)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "lt, 1, NaN, 0",
        "ltu, 1, NaN, 1",
        "neu, NaN, NaN, 1",
        "ne, NaN, 1, 0",
        "equ, NaN, 1, 1",
        "num, 1, 2, 1",
        "nan, 1, NaN, 1",
        "ge, 2, 2, 1",
        "gt, 2, 2, 0",
        "eq, 0.0, -0.0, 1",
    })
    void comparesWithNaN(String compare, float a, float b, int expected) {
        String body = "setp." + compare + ".f32 %p0, %a, %b; selp.b32 %d, 1, 0, %p0;";
        assertThat(Snippet.of(body).of(bits(a), bits(b), 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "cvt.rni.s32.f32, 2.5, 2", "cvt.rni.s32.f32, 3.5, 4", "cvt.rzi.s32.f32, -2.9, -2", "cvt.rmi.s32.f32, -2.1, -3",
        "cvt.rpi.s32.f32, 2.1, 3", "cvt.rni.s32.f32, 1e20, 2147483647", "cvt.rzi.s32.f32, NaN, 0",
                "cvt.rzi.u32.f32, -4, 0",
        "cvt.rzi.u32.f32, 4e9, -294967296",
    })
    void convertsToIntegersAndClamps(String name, float a, int expected) {
        assertThat(Snippet.of(name + " %d, %a;").of(bits(a), 0, 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "cvt.rn.f32.s32, 16777217, 16777216",
        "cvt.rp.f32.s32, 16777217, 16777218",
        "cvt.rn.f32.u32, -1, 4294967296",
        "cvt.rz.f32.u32, -1, 4294967040",
    })
    void convertsFromIntegersWithRounding(String name, int a, float expected) {
        assertThat(Float.intBitsToFloat(Snippet.of(name + " %d, %a;").of(a, 0, 0)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "rn, 1.00390625, 0x3f80",
        "rn, 1.01171875, 0x3f82",
        "rz, 1.99, 0x3ffe",
        "rn, NaN, 0x7fff",
        "rn, 3.4e38, 0x7f80",
        "rn, 1e-40, 0x1",
    })
    void bf16RoundsToEven(String mode, float a, String expected) {
        String body = "cvt." + mode + ".bf16.f32 %h0, %a; cvt.u32.u16 %d, %h0;";
        assertThat(Snippet.of(body).of(bits(a), 0, 0)).isEqualTo(Integer.decode(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0x3c00",
        "65504, 0x7bff",
        "65520, 0x7c00",
        "5.9604645e-8, 1",
        "2.9e-8, 0",
        "-2, 0xc000",
        "NaN, 0x7fff"
    })
    void f16Codes(float a, String expected) {
        assertThat(Snippet.of("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;").of(bits(a), 0, 0))
                .isEqualTo(Integer.decode(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "e4m3x2, 1, 448, 0x387e", "e4m3x2, 1000, -1000, 0x7efe", "e4m3x2, 0.001953125, 0.0009765625, 0x0100",
        "e4m3x2, 464, 17, 0x7e58", "e4m3x2, 19, 0.00293, 0x5a02", "e4m3x2, NaN, Infinity, 0x7f7e",
        "e5m2x2, 1, 57344, 0x3c7b", "e5m2x2, 1e9, -3, 0x7bc2",
    })
    void eightBitFloatsSaturateAndPutTheFirstUppermost(String type, float a, float b, String expected) {
        String body = "cvt.rn.satfinite." + type + ".f32 %h0, %a, %b; cvt.u32.u16 %d, %h0;";
        assertThat(Snippet.of(body).of(bits(a), bits(b), 0)).isEqualTo(Integer.decode(expected));
    }

    @Test
    void packsTwoFloatsFirstUppermost() {
        assertThat(Snippet.of("cvt.rn.bf16x2.f32 %d, %a, %b;").of(bits(1), bits(-2), 0))
                .isEqualTo(0x3f80c000);
        assertThat(Snippet.of("cvt.rn.f16x2.f32 %d, %a, %b;").of(bits(1), bits(-2), 0))
                .isEqualTo(0x3c00c000);
        assertThat(Snippet.of("cvt.rn.relu.f16x2.f32 %d, %a, %b;").of(bits(1), bits(-2), 0))
                .isEqualTo(0x3c000000);
    }

    @Test
    void decodesEightBitPairs() {
        String body = "cvt.u16.u32 %h0, %a; cvt.rn.f16x2.e4m3x2 %d, %h0;";
        assertThat(Snippet.of(body).of(0x387e, 0, 0)).isEqualTo(0x3c005f00);
    }

    @ParameterizedTest
    @CsvSource({
        "add.f16x2 %d, 0x3c004000, 0x3c003c00, 0, 0x40004200", "mul.bf16x2 %d, 0x40003f80, 0x4040bf80, 0, 0x40c0bf80",
        "fma.rn.f16x2 %d, 0x3c004000, 0x3c004000, 0x3c003c00, 0x40004500",
                "max.f16x2 %d, 0xbc007e00, 0x3c003c00, 0, 0x3c003c00",
        "neg.f16x2 %d, 0x3c00bc00, 0, 0, 0xbc003c00", "fma.rn.relu.bf16x2 %d, 0x3f803f80, 0xbf803f80, 0, 0x3f80",
        "ex2.approx.f16x2 %d, 0x40003c00, 0, 0, 0x44004000", "min.bf16x2 %d, 0x3f804000, 0xbf803f80, 0, 0xbf803f80",
    })
    void packedArithmetic(String instruction, String a, String b, String c, String expected) {
        int arguments = instruction.startsWith("fma")
                ? 3
                : instruction.startsWith("neg") || instruction.startsWith("ex2") ? 1 : 2;
        String body = instruction + ", %a" + (arguments > 1 ? ", %b" : "") + (arguments > 2 ? ", %c" : "") + ";";
        assertThat(Snippet.of(body).of(number(a), number(b), number(c))).isEqualTo(number(expected));
    }

    @Test
    void doublesWork() {
        String body = """
                cvt.f64.f32 %fd0, %a; cvt.rn.f64.s32 %fd1, 3; fma.rn.f64 %fd2, %fd0, %fd1, 0d3FE0000000000000;
                sqrt.rn.f64 %fd3, %fd2; cvt.rn.f32.f64 %d, %fd3;
                """;
        assertThat(run(body, 1.25f, 0, 0)).isEqualTo((float) Math.sqrt(4.25));
    }

    @Test
    void pairsOfFloatsWork() {
        String body = """
                mov.b64 %l0, {%a, %b}; mov.b64 %l1, {%c, %c}; fma.rn.f32x2 %l2, %l0, %l1, %l0;
                mov.b64 {%f0, %f1}, %l2; sub.f32 %d, %f0, %f1;
                """;
        assertThat(run(body, 3, 1, 2)).isEqualTo(9f - 3f);
    }

    private static int number(String text) {
        return Long.decode(text).intValue();
    }
}
