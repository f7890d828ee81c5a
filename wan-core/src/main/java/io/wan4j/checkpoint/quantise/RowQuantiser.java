package io.wan4j.checkpoint.quantise;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.FloatCodec.E4m3Rounding;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;

/**
 * The arithmetic of weight quantisation: {@code scale = max(amax, 1e-5) / largest}, {@code code = round(w / scale)}.
 *
 * <p>Both quotients are rounded to the format of the source, as the reference's converter does it; with a BF16 source
 * exact ties are therefore common. INT8 rounds ties to even, E4M3 away from zero. Source: LightX2V {@code
 * tools/convert}. An F16 source counts as F32: the scales of small rows would underflow in F16.
 */
public final class RowQuantiser {
    private static final float FLOOR = 1e-5f;

    private final WeightScheme scheme;
    private final Format arithmetic;

    /**
     * A quantiser.
     *
     * @param source format of the dense weight: if BF16, the one in which quotients are rounded
     */
    public RowQuantiser(WeightScheme scheme, Format source) {
        this.scheme = scheme;
        this.arithmetic = source == Format.BF16 ? source : Format.F32;
    }

    /** The scheme. */
    public WeightScheme scheme() {
        return scheme;
    }

    /** Format of the scales: BF16 where the source is BF16, else F32; F32 for one scale a tensor. */
    public Format scaleFormat() {
        return scheme.byRow() ? arithmetic : Format.F32;
    }

    /** The largest magnitude of some values; NaN if one is. */
    public static float amax(float[] values, int from, int count) {
        float amax = 0;
        for (int i = from; i < from + count; i++) {
            amax = Math.max(amax, Math.abs(values[i]));
        }
        return amax;
    }

    /** The scale for values with this largest magnitude. */
    public float scale(float amax) {
        if (!scheme.byRow()) {
            return Math.max(amax, FLOOR) / scheme.largest();
        }
        return round(Math.max(amax, round(FLOOR)) / scheme.largest());
    }

    /** Codes of {@code count} values to byte {@code to} of {@code target}. */
    public void encode(float[] values, int from, int count, float scale, ByteBuffer target, int to) {
        boolean integers = scheme.codes() == Format.I8;
        for (int i = 0; i < count; i++) {
            float quotient = quotient(values[from + i], scale);
            target.put(to + i, integers ? int8(quotient) : e4m3(quotient));
        }
    }

    private float quotient(float value, float scale) {
        return scheme.byRow() ? round(value / scale) : value / scale;
    }

    private static byte int8(float quotient) {
        return (byte) Math.rint(Math.max(-128f, Math.min(127f, quotient)));
    }

    private static byte e4m3(float quotient) {
        return FloatCodec.floatToE4m3(quotient, E4m3Rounding.SATURATE_TIES_AWAY);
    }

    private float round(float value) {
        return arithmetic == Format.BF16 ? FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(value)) : value;
    }

    /** What a code stands for, without its scale. */
    public static float decode(Format codes, byte code) {
        return codes == Format.I8 ? code : FloatCodec.e4m3ToFloat(code);
    }
}
