package io.wan4j.testkit.ptx;

/** Rounding modes of 32-bit float arithmetic and of conversions to integers. */
enum Rounding {
    NEAREST,
    ZERO,
    DOWN,
    UP;

    static Rounding of(PtxInstruction in) {
        if (in.has("rz") || in.has("rzi")) {
            return ZERO;
        }
        if (in.has("rm") || in.has("rmi")) {
            return DOWN;
        }
        return in.has("rp") || in.has("rpi") ? UP : NEAREST;
    }

    double toInteger(double value) {
        return switch (this) {
            case NEAREST -> Math.rint(value);
            case ZERO -> value < 0 ? Math.ceil(value) : Math.floor(value);
            case DOWN -> Math.floor(value);
            case UP -> Math.ceil(value);
        };
    }

    /** Rounds the exact value {@code high + error}, {@code high} being its nearest double. */
    float toFloat(double high, double error) {
        float nearest = (float) high;
        if (this == NEAREST || Double.isNaN(high) || Double.isInfinite(high)) {
            return nearest;
        }
        double difference = nearest - high;
        int side = difference != 0 ? (difference > 0 ? 1 : -1) : error < 0 ? 1 : error > 0 ? -1 : 0;
        if (side == 0) {
            return nearest;
        }
        boolean wantBelow = this == DOWN || this == ZERO && high > 0;
        if (side > 0) {
            return wantBelow ? Math.nextDown(nearest) : nearest;
        }
        return wantBelow ? nearest : Math.nextUp(nearest);
    }

    float add(float a, float b) {
        if (this == NEAREST) {
            return a + b;
        }
        return addDoubles(a, b);
    }

    private float addDoubles(double x, double y) {
        double sum = x + y;
        if (sum == 0 && x != 0) {
            return this == DOWN ? -0f : 0f;
        }
        double t = sum - x;
        double error = (x - (sum - t)) + (y - t);
        return toFloat(sum, Double.isNaN(error) ? 0 : error);
    }

    float multiply(float a, float b) {
        return this == NEAREST ? a * b : toFloat((double) a * b, 0);
    }

    float fma(float a, float b, float c) {
        return this == NEAREST ? Math.fma(a, b, c) : addDoubles((double) a * b, c);
    }

    float divide(float a, float b) {
        if (this == NEAREST) {
            return a / b;
        }
        double quotient = (double) a / b;
        return toFloat(quotient, -Math.fma(quotient, b, -(double) a) / b);
    }

    float sqrt(float a) {
        if (this == NEAREST) {
            return (float) Math.sqrt(a);
        }
        double root = Math.sqrt(a);
        return toFloat(root, -Math.fma(root, root, -(double) a));
    }
}
